// A fan-out server as one would write it with Node's ws: every message of a publisher is checked by JSON.parse and
// forwarded to every subscriber. Prints where it listens.
'use strict';
const { WebSocketServer } = require('ws');

const subscribers = new Set();
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

server.on('connection', (client) => {
  client.on('error', () => client.terminate());
  client.on('close', () => subscribers.delete(client));
  client.on('message', (text) => {
    let message;
    try {
      message = JSON.parse(text);
    } catch (error) {
      client.send('{"type":"error","error_code":"INVALID_JSON","error_message":"Invalid JSON format"}');
      return;
    }
    if (message.type === 'client_register') {
      if (message.client_type === 'web_ui') subscribers.add(client);
      client.send('{"type":"ack","original_type":"client_register","status":"success"}');
      return;
    }
    for (const subscriber of subscribers) subscriber.send(text, { binary: false });
  });
});

server.on('listening', () => console.log(`ws://127.0.0.1:${server.address().port}/`));
