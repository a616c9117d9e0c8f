"""Clients of the gateway for tests, over Debian's python3-websockets: an implementation that is not ours."""

import asyncio
import contextlib
import functools
import http.client
import json
import time

import websockets

TIMEOUT = 15.0  # seconds; for one step

ACK = '{"type":"ack","original_type":"client_register","status":"success"}'
OMNIVERSE = "omniverse_extension"
WEB = "web_ui"


def asynchronous(test):
    """Runs a test that is a coroutine, with a limit that no test of this folder comes near."""
    @functools.wraps(test)
    def run(*args, **kwargs):
        return asyncio.run(asyncio.wait_for(test(*args, **kwargs), 240))
    return run


def coordinate(prim_path="/World/Husky_01", latitude=37.123456789, longitude=127.987654321, **more):
    """A coordinate update as a client writes it."""
    return json.dumps({"type": "coordinate_update", "prim_path": prim_path, "latitude": latitude, "longitude": longitude,
                       **more}, ensure_ascii=False)


def selection(prim_path="/World/Husky_01", **more):
    return json.dumps({"type": "select_object", "prim_path": prim_path, **more}, ensure_ascii=False)


def registration(client_type):
    return json.dumps({"type": "client_register", "client_type": client_type}, ensure_ascii=False)


class Client:
    """One WebSocket connection to the gateway. Messages go out and come in as text, unchanged."""

    def __init__(self, socket):
        self.socket = socket

    @classmethod
    async def connect(cls, broker, role=None, url=None, **options):
        socket = await websockets.connect(url or broker.ws_url, ping_interval=None, open_timeout=TIMEOUT,
                                          close_timeout=TIMEOUT, max_queue=None, max_size=None, **options)
        client = cls(socket)
        if role is not None:
            await client.register(role)
        return client

    async def send(self, message):
        await self.socket.send(message)

    async def receive(self, timeout=TIMEOUT):
        return await asyncio.wait_for(self.socket.recv(), timeout)

    async def ask(self, message):
        """Sends, and answers the next message that comes, as an object."""
        await self.send(message)
        return json.loads(await self.receive())

    async def register(self, role):
        await self.send(registration(role))
        answer = await self.receive()
        assert answer == ACK, answer

    async def refused(self, message):
        """Sends, and answers (error_code, error_message) of the error that must come back: the three members, no more."""
        await self.send(message)
        answer = json.loads(await self.receive())
        assert list(answer) == ["type", "error_code", "error_message"] and answer["type"] == "error", answer
        assert isinstance(answer["error_message"], str) and answer["error_message"], answer
        return answer["error_code"], answer["error_message"]

    async def closed(self, timeout=TIMEOUT):
        """Waits for the server to close, and answers the code."""
        await asyncio.wait_for(self.socket.wait_closed(), timeout)
        return self.socket.close_code

    async def leave(self):
        await self.socket.close()


@contextlib.asynccontextmanager
async def connected(broker, *roles):
    """Clients with these roles (None: not registered), which leave at the end."""
    clients = []
    try:
        for role in roles:
            clients.append(await Client.connect(broker, role))
        yield clients if len(clients) != 1 else clients[0]
    finally:
        for client in clients:
            await client.leave()


class Answer:
    """An HTTP response, whole."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


def request(broker, method, path, headers=None, body=None):
    """One HTTP request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", broker.port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def counts(broker):
    """`clients` of GET /api/status."""
    return request(broker, "GET", "/api/status").json()["clients"]


async def eventually(condition, what, timeout=TIMEOUT):
    """Waits until `condition()` (run in a thread) answers something true, and answers that."""
    deadline = time.monotonic() + timeout
    while True:
        value = await asyncio.to_thread(condition)
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what}"
        await asyncio.sleep(0.02)  # between two looks at a condition, not in place of one
