// Node's ws with compression against a broker that has it: NODE_PATH=/usr/share/nodejs node node_compression.js
// ws://127.0.0.1:PORT/ws. Prints what happened as one JSON object.
'use strict';

const WebSocket = require('ws');

const url = process.argv[2];

const next = (socket, event) => new Promise((resolve, reject) => {
  socket.once(event, (...values) => resolve(values));
  if (event !== 'error') socket.once('error', reject);
});

async function text(socket) {
  const [data] = await next(socket, 'message');
  return data.toString();
}

async function registered(role, perMessageDeflate) {
  const socket = new WebSocket(url, { perMessageDeflate });
  const upgraded = next(socket, 'upgrade');
  await next(socket, 'open');
  const [response] = await upgraded;
  socket.send(JSON.stringify({ type: 'client_register', client_type: role }));
  await text(socket);
  return [socket, response.headers['sec-websocket-extensions']];
}

const selection = (size) => JSON.stringify({
  type: 'select_object',
  prim_path: '/World/' + 'Husky_01/Sensors/'.repeat(size).slice(0, size),
});

async function main() {
  const seen = {};
  const [web, extensions] = await registered('web_ui', { threshold: 0 });
  seen.extensions = extensions;
  const [extension, narrow] = await registered('omniverse_extension', { threshold: 0, serverMaxWindowBits: 10 });
  seen.narrow = narrow;

  seen.same = [];
  for (const size of [10, 200, 300, 900, 500, 20]) {
    const heard = text(extension);
    web.send(selection(size));
    seen.same.push(await heard === selection(size));
  }

  const whole = selection(800);
  const heard = text(extension);
  web.send(whole.slice(0, 100), { fin: false });
  web.send(whole.slice(100), { fin: true });
  seen.fragments = await heard === whole;

  const before = extension._socket.bytesRead;
  const large = text(extension);
  web.send(selection(1000));
  await large;
  seen.fewer_bytes = extension._socket.bytesRead - before < 200;

  web.send('x'.repeat(70000));
  seen.too_large = (await next(web, 'close'))[0];
  extension.terminate();

  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
