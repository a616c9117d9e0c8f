"""A Nucleus under test, and a client that speaks its protocols frame by frame (Debian's python3-websockets).

    with Server(folder) as server:                       # configs/nucleus.yaml on one port, with an administrator
        async with server.api() as api:                  # logged in
            answer = await api.call("stat2", path={"path": "/"})
            assert answer["status"] == "OK"

Every wait has a bound, which is generous: it is there so that a fault is a failure, and not a test that hangs.
"""

import asyncio
import contextlib
import functools
import itertools
import json
import pathlib
import socket
import struct
import sys
import urllib.error
import urllib.parse
import urllib.request

import websockets
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/integration"))
from broker import Broker, merged  # noqa: E402

TIMEOUT = 60
ADMIN, PASSWORD = "omniverse", "correct horse"


def run(test):
    """Runs an async test."""
    @functools.wraps(test)
    def wrapped(*args, **kwargs):
        return asyncio.run(test(*args, **kwargs))
    return wrapped


def config(data, api=None, auth=None, lft=None, limits=None):
    """All services at the paths of one port, as behind a proxy."""
    data = str(data)
    return yaml.safe_dump({
        "workers": 2, "log": {"format": "json"}, "control": {"socket": "off"},
        "listeners": {"web": {"address": "127.0.0.1:0"}},
        "services": {
            "discovery": {"plugin": "nucleus:discovery", "listener": "web", "path": "/omni/discovery"},
            "auth": {"plugin": "nucleus:auth", "listener": "web", "path": "/omni/auth", "data": data, "first_admin": ADMIN,
                     "first_admin_password": PASSWORD, **(auth or {})},
            "api": {"plugin": "nucleus:api", "listener": "web", "path": "/omni/api", "data": data, **(api or {})},
            "lft": {"plugin": "nucleus:lft", "listener": "web", "path": "/omni/lft", "data": data, **(lft or {})}},
        "limits": merged({"max_message": "16MiB", "max_backlog": "16MiB", "max_control_queue": "1MiB",
                          "max_connections_per_address": "off"}, limits or {})})


class Server(Broker):
    """A broker with the four services of one data folder."""

    def __init__(self, folder, data=None, serving=True, tokens=None, **options):
        """`tokens`: access tokens that are known already, by user: those of an earlier run are good, too."""
        self.data = data or folder / "data"
        super().__init__(config(self.data, **options), serving=serving)
        self.tokens = {} if tokens is None else tokens
        self.users = set()

    def url(self, service, scheme="ws"):
        return f"{scheme}://127.0.0.1:{self.port}/omni/{service}"

    def sows(self, service):
        return Sows(self.url(service))

    async def log_in(self, user=ADMIN, password=PASSWORD):
        async with self.sows("auth") as auth:
            return await auth.call("Credentials.auth", username=user, password=password)

    async def token(self, user=ADMIN, password=PASSWORD):
        if user not in self.tokens:
            answer = await self.log_in(user, password)
            assert answer["status"] == "OK", answer
            self.tokens[user] = answer["access_token"]
        return self.tokens[user]

    async def add_user(self, name, **profile):
        """A user whose password is his name."""
        if name in self.users:
            return
        self.users.add(name)
        async with self.sows("auth") as auth:
            answer = await auth.call("UserStore.add_user", access_token=await self.token(), username=name, password=name,
                                     profile=profile)
            assert answer["status"] == "OK", answer

    @contextlib.asynccontextmanager
    async def api(self, user=ADMIN, **options):
        token = await self.token(user, PASSWORD if user == ADMIN else user)
        async with Api(self.url("api"), **options) as api:
            answer = await api.call("authorize_token", token=token, version=4)
            assert answer["status"] == "OK", answer
            api.session = answer
            yield api


class Failure(Exception):
    """A SOWS error."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Sows:
    """A client of discovery or of the authentication service."""

    def __init__(self, url):
        self.url = url
        self.ids = itertools.count(1)

    async def __aenter__(self):
        self.socket = await websockets.connect(self.url, compression=None, max_size=None)
        return self

    async def __aexit__(self, *_):
        await self.socket.close()

    async def send(self, data):
        await self.socket.send(data)

    async def receive(self):
        return await asyncio.wait_for(self.socket.recv(), TIMEOUT)

    @staticmethod
    def request(number, method, params):
        text = params if isinstance(params, bytes) else json.dumps(params).encode()
        return b"\x01" + struct.pack("<I", number) + method.encode() + b"\0" + struct.pack("<I", len(text)) + text

    async def call(self, method, **params):
        number = next(self.ids)
        await self.send(self.request(number, method, params))
        return self.result(await self.receive(), number)

    @staticmethod
    def result(message, number):
        kind, answered = struct.unpack_from("<BI", message)
        assert answered == number
        if kind == 0:
            raise Failure(struct.unpack_from("<H", message, 5)[0], message[7:].decode())
        assert kind == 1, message
        last, size = struct.unpack_from("<BI", message, 5)
        assert last == 1 and len(message) == 10 + size
        return json.loads(message[10:])


class Api:
    """A client of the Nucleus API. Answers are JSON objects; the blob is their member `content`."""

    def __init__(self, url, read=True, small_window=False, **options):
        """`small_window`: the kernel takes little for it, so that it shows soon that it does not read."""
        self.url = url
        self.small_window = small_window
        self.ids = itertools.count(1)
        self.queues = {}
        self.options = {"compression": None, "max_size": None, **options}
        self.read = read

    async def __aenter__(self):
        if self.small_window:
            port = urllib.parse.urlsplit(self.url).port
            plain = socket.socket()
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
            self.options["sock"] = plain
        self.socket = await websockets.connect(self.url, **self.options)
        self.reader = asyncio.create_task(self._read()) if self.read else None
        return self

    async def __aexit__(self, *_):
        if self.reader:
            self.reader.cancel()
        await self.socket.close()

    async def _read(self):
        try:
            async for message in self.socket:
                answer = self.parse(message)
                self.queue(answer["id"]).put_nowait(answer)
        except websockets.ConnectionClosed:
            pass
        for queue in self.queues.values():
            queue.put_nowait({"status": "CONNECTION_LOST"})

    @staticmethod
    def parse(message):
        data = message.encode() if isinstance(message, str) else message
        text, zero, blob = data.partition(b"\0")
        answer = json.loads(text)
        if zero:
            answer["content"] = blob
        return answer

    def queue(self, number):
        return self.queues.setdefault(number, asyncio.Queue())

    async def begin(self, command, content=None, **params):
        """Sends a request; answers its id."""
        number = next(self.ids)
        text = json.dumps({"command": command, "id": number, **params})
        await self.socket.send(text if content is None else text.encode() + b"\0" + content)
        return number

    async def next(self, number):
        """The next answer to a request."""
        return await asyncio.wait_for(self.queue(number).get(), TIMEOUT)

    async def call(self, command, content=None, **params):
        return await self.next(await self.begin(command, content, **params))

    async def ok(self, command, content=None, **params):
        answer = await self.call(command, content, **params)
        assert answer["status"] == "OK", answer
        return answer

    async def all(self, number, end="DONE"):
        """The answers to a request up to the one with this status."""
        answers = []
        while True:
            answers.append(await self.next(number))
            if answers[-1]["status"] == end or answers[-1].get("fin"):
                return answers

    async def list(self, path, **params):
        """The entries of a folder, by their names."""
        answers = await self.all(await self.begin("list2", path=path, **params))
        assert answers[-1]["status"] == "DONE", answers[-1]
        entries = [entry for answer in answers[:-1] for entry in answer["entries"]]
        return {entry["path"]: entry for entry in entries}

    async def write(self, path, content, **params):
        return await self.ok("create_asset", content, path={"path": path}, overwrite=True, **params)


def http(method, url, body=None, headers=None):
    """(status, headers, body) of an HTTP request."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()
