// Node's ws against a broker: NODE_PATH=/usr/share/nodejs node node_client.js ws://127.0.0.1:PORT/ws. Prints
// what happened as one JSON object.
'use strict';

const WebSocket = require('ws');

const REGISTER = JSON.stringify({ type: 'client_register', client_type: 'web_ui' });
const url = process.argv[2];

const next = (socket, event) => new Promise((resolve, reject) => {
  socket.once(event, (...values) => resolve(values));
  if (event !== 'error') socket.once('error', reject);
});

async function open(...parameters) {
  const socket = new WebSocket(url, ...parameters);
  const upgraded = next(socket, 'upgrade');
  await next(socket, 'open');
  const [response] = await upgraded;
  return [socket, response];
}

async function text(socket) {
  const [data] = await next(socket, 'message');
  return data.toString();
}

async function main() {
  const seen = {};
  const [socket, response] = await open();
  seen.client_id = response.headers['x-client-id'];
  seen.extensions = socket.extensions;

  socket.send(REGISTER);
  seen.ack = await text(socket);

  socket.send(REGISTER.slice(0, 20), { fin: false });
  socket.ping('between');
  const pong = next(socket, 'pong');
  socket.send(REGISTER.slice(20), { fin: true });
  const again = text(socket);
  seen.pong = (await pong)[0].toString();
  seen.ack_of_fragments = await again;

  socket.send(Buffer.from([0xff, 0xfe]));
  seen.binary = JSON.parse(await text(socket)).error_code;

  socket.close(4000, 'enough');
  const [code] = await next(socket, 'close');
  seen.close = code;

  const [other] = await open(['chat']).catch((error) => [{ refused: error.message }]);
  seen.subprotocol = other.refused;  // ws itself ends a connection on which none of its sub-protocols was agreed

  const [large] = await open();
  large.send('x'.repeat(70000));
  seen.too_large = (await next(large, 'close'))[0];

  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
