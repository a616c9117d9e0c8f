"""Clients for tests of the core: python3-websockets for those that behave, raw sockets for those that do not."""

import asyncio
import base64
import json
import os
import pathlib
import socket
import struct
import sys
import urllib.request

import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from broker import Broker, BrokerFailure, gateway_config  # noqa: E402,F401  (for the tests)

TIMEOUT = 20


_connected = []


def run(scenario, timeout=60):
    """Runs a scenario, then ends every client that it connected, so that the broker has nobody to wait for."""

    async def whole():
        try:
            await asyncio.wait_for(scenario, timeout)
        finally:
            while _connected:
                _connected.pop().transport.abort()

    asyncio.run(whole())


async def connect(url, role=None, **options):
    """A connected client, registered if `role` is given."""
    client = await websockets.connect(url, open_timeout=TIMEOUT, max_queue=None, **options)
    _connected.append(client)
    if role is not None:
        await send(client, type="client_register", client_type=role)
        assert (await receive(client))["type"] == "ack"
    return client


async def send(client, **message):
    await client.send(json.dumps(message))


async def receive(client):
    return json.loads(await asyncio.wait_for(client.recv(), TIMEOUT))


def update(number=0, prim="/World/Robot", **more):
    return {"type": "coordinate_update", "prim_path": prim, "latitude": 37.5, "longitude": 127.0, "height": 1.0,
            "metadata": {"n": number, **more}}


def metrics(broker):
    """The broker's numbers: name with labels -> value."""
    text = urllib.request.urlopen(broker.http_url + "/api/metrics", timeout=TIMEOUT).read().decode()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[:1] != "#"}


def metric(broker, name, **labels):
    """The sum of a metric over all its members that have these labels."""
    total = 0.0
    for key, value in metrics(broker).items():
        if key.split("{")[0] == "omnibroker_" + name and all(f'{k}="{v}"' in key for k, v in labels.items()):
            total += value
    return total


async def until(condition, what):
    """Waits until `condition()` holds."""
    for _ in range(int(TIMEOUT / 0.05)):
        if await asyncio.get_running_loop().run_in_executor(None, condition):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it did not come to this: {what}")


class RawWebSocket:
    """A WebSocket client that reads only when told to."""

    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(4096)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head

    def send(self, *messages):
        """Sends all of them at once."""
        frames = b""
        for message in messages:
            payload = json.dumps(message).encode()
            mask = os.urandom(4)
            assert len(payload) < 65536
            size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
            frames += b"\x81" + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.socket.sendall(frames)

    def _take(self, size):
        while len(self.buffer) < size:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError
            self.buffer += more
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def frame(self):
        """The next frame: (opcode, payload). EOFError at the end."""
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self._take(8))[0]
        return first & 0x0F, self._take(size)

    def message(self):
        """The next message as JSON; pings are passed over."""
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                raise EOFError(struct.unpack(">H", payload[:2])[0] if payload else None)

    def register(self, role):
        self.send({"type": "client_register", "client_type": role})
        assert self.message()["type"] == "ack"
        return self

    def close(self):
        self.socket.close()
