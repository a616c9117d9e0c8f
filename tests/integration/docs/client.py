"""A client for the plugins of the guide: a WebSocket in a few blocking calls."""

import asyncio
import json

import websockets

TIMEOUT = 20


class Client:
    """One registered client, used from a test that is not asynchronous. With a sub-protocol it has a `welcome`."""

    def __init__(self, broker, role, subprotocol=None):
        self.loop = asyncio.new_event_loop()
        offered = [subprotocol] if subprotocol else None
        self.socket = self._wait(lambda: websockets.connect(broker.ws_url, subprotocols=offered))
        self.welcome = self.receive() if subprotocol else None
        self.send({"type": "client_register", "client_type": role})
        assert self.receive()["type"] == "ack"

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._wait(self.socket.close)
        self.loop.close()

    def _wait(self, begin):
        async def waited():
            return await asyncio.wait_for(begin(), TIMEOUT)  # begun inside the loop, which websockets asks for
        return self.loop.run_until_complete(waited())

    def send(self, message):
        self._wait(lambda: self.socket.send(json.dumps(message)))

    def receive(self):
        return json.loads(self._wait(self.socket.recv))
