"""kill -9 while clients write, upload, move and freeze: what was acknowledged is there, whole, when the server runs again,
and `omnibroker nucleus verify` finds nothing wrong with what the end left.

`ctest --preset soak` makes twenty rounds two hundred (OMNIBROKER_CRASHES)."""

import asyncio
import contextlib
import hashlib
import json
import os
import pathlib
import random
import signal
import sys

import websockets
from nucleus import ROOT, Server, http, run

sys.path.insert(0, str(ROOT / "tests/integration/cli"))
from program import omnibroker  # noqa: E402

ROUNDS = int(os.environ.get("OMNIBROKER_CRASHES", "20"))
GONE = (OSError, websockets.ConnectionClosed, asyncio.IncompleteReadError)


class Lost(Exception):
    """The server has been killed before it answered."""


def content_of(path, version):
    """What is put there: its text says what it is, and some are kept as files of their own."""
    number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big")
    size = (number + version * 7919) % (400_000 if "/big/" in path else 40_000)
    return f"{path} {version} ".encode() * (size // 20 + 1)


async def answer_of(api, number):
    answer = await api.next(number)
    if answer["status"] == "CONNECTION_LOST":
        raise Lost
    assert answer["status"] == "OK", answer
    return answer


class Files:
    """Files whose content is one of versions that were begun, and not older than the last that was acknowledged."""

    def __init__(self):
        self.begun = {}
        self.done = {}

    def begin(self, path):
        self.begun[path] = self.begun.get(path, 0) + 1
        return self.begun[path]

    def acknowledge(self, path, version):
        self.done[path] = max(self.done.get(path, 0), version)

    async def check(self, api):
        await asyncio.gather(*(self.check_one(api, path) for path in self.done))

    async def check_one(self, api, path):
        read = await api.ok("read_asset_version", path={"path": path})
        content = read.get("content")
        if content is None:  # a large one
            status, _, content = await asyncio.to_thread(http, "GET", read["uri_redirection"])
            assert status == 200, (path, status, content)
        possible = {content_of(path, one): one for one in range(self.done[path], self.begun[path] + 1)}
        assert content in possible, \
            f"{path}: neither version {self.done[path]}, which was acknowledged, nor a later one, but {content[:60]}"
        self.done[path] = self.begun[path] = possible[content]


class Load:
    """What clients do until the server is killed, and what was acknowledged of it in all rounds."""

    def __init__(self):
        self.small, self.big = Files(), Files()
        self.moved = {}   # file: where it was seen last, where it may be beside that
        self.frozen = []  # versions of a file's checkpoints, in their order
        self.freezing = None
        self.acknowledged = 0

    async def run(self, server, number):
        async def until_the_end(work, *args):
            with contextlib.suppress(Lost, *GONE):
                async with server.api() as api:
                    await work(api, *args)

        await asyncio.gather(until_the_end(self.write, number, 0), until_the_end(self.write, number, 1),
                             until_the_end(self.upload, server), until_the_end(self.move), until_the_end(self.freeze))

    async def write(self, api, number, writer):
        """Pipelined."""
        pending = []
        for step in range(1_000_000):
            path = f"/crash/{writer}/{(number * 31 + step) % 30}"
            version = self.small.begin(path)
            sent = await api.begin("create_asset", content_of(path, version), path={"path": path}, overwrite=True)
            pending.append((sent, path, version))
            if len(pending) == 8:
                sent, path, version = pending.pop(0)
                await answer_of(api, sent)
                self.small.acknowledge(path, version)
                self.acknowledged += 1

    async def upload(self, api, server):
        """Content by HTTP, in two parts."""
        headers = {"Authorization": "Bearer " + await server.token()}
        url = server.url("lft", "http") + "/content/"

        async def send(method, body, more):
            try:
                status, _, answer = await asyncio.to_thread(http, method, url, body, {**headers, **more})
            except GONE as gone:
                raise Lost from gone
            assert status == 200, answer
            return json.loads(answer)

        for step in range(1_000_000):
            path = f"/crash/big/{step % 5}"
            version = self.big.begin(path)
            content = content_of(path, version)
            begun = (await send("POST", b"{}", {}))["content_id"]
            half = len(content) // 2
            await send("PUT", content[half:], {"Content-ID": begun, "Content-Start": str(half)})
            await send("PUT", content[:half], {"Content-ID": begun, "Content-Start": "0"})
            sent = await api.begin("create_asset", path={"path": path}, content_id=begun, overwrite=True)
            await answer_of(api, sent)
            self.big.acknowledge(path, version)
            self.acknowledged += 1

    async def move(self, api):
        """Each of some files to the next name, over and over."""
        for step in range(1_000_000):
            name = f"/crash/move/{step % 5}"
            if name not in self.moved:
                await answer_of(api, await api.begin("create_asset", content_of(name, 1), path={"path": f"{name}-0"},
                                                     overwrite=True))
                self.moved[name] = (0, 0)
            at, _ = self.moved[name]
            self.moved[name] = (at, at + 1)
            await answer_of(api, await api.begin("rename", src_path=f"{name}-{at}", dst_path=f"{name}-{at + 1}"))
            self.moved[name] = (at + 1, at + 1)
            self.acknowledged += 1

    async def freeze(self, api):
        """A new content, and a checkpoint of it."""
        for _ in range(1_000_000):
            self.freezing = len(self.frozen) + 1
            sent = await api.begin("create_asset", content_of("/crash/frozen", self.freezing), path={"path": "/crash/frozen"},
                                   overwrite=True)
            await answer_of(api, sent)
            made = await answer_of(api, await api.begin("checkpoint_version", path={"path": "/crash/frozen"},
                                                        message=str(self.freezing)))
            assert made["checkpoint"] == self.freezing
            self.frozen.append(self.freezing)
            self.acknowledged += 1

    async def check(self, api):
        await self.small.check(api)
        await self.big.check(api)
        for name, places in self.moved.items():
            there = [at for at in sorted(set(places))
                     if (await api.call("stat2", path={"path": f"{name}-{at}"}))["status"] == "OK"]
            assert len(there) == 1, f"{name} should be at one of {places}, and is at {there}"
            read = await api.ok("read_asset_version", path={"path": f"{name}-{there[0]}"})
            assert read["content"] == content_of(name, 1), name
            self.moved[name] = (there[0], there[0])
        await self.check_frozen(api)

    async def check_frozen(self, api):
        if self.freezing is None or not self.frozen:
            return
        listed = (await api.ok("get_checkpoints", path={"path": "/crash/frozen"}))["checkpoints"]
        assert [one["message"] for one in listed] in [[str(one) for one in self.frozen],
                                                      [str(one) for one in [*self.frozen, self.freezing]]]
        self.frozen = [int(one["message"]) for one in listed]
        for number in {1, len(self.frozen) // 2 + 1, len(self.frozen)}:
            read = await api.ok("read_asset_version", path={"path": "/crash/frozen", "checkpoint": number})
            assert read["content"] == content_of("/crash/frozen", number)


async def kill_at_random(server, load, seed):
    """When so many more were acknowledged as chance says."""
    wanted = load.acknowledged + random.Random(seed).randrange(1, 100)
    while load.acknowledged < wanted:
        await asyncio.sleep(0.001)
    server.signal(signal.SIGKILL)
    await asyncio.to_thread(server.wait)


def verify(data):
    result = omnibroker("nucleus", "verify", pathlib.Path(data), timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr


@run
async def test_what_was_acknowledged_survives_kill_9(tmp_path):
    load, tokens = Load(), {}
    for number in range(ROUNDS):
        with Server(tmp_path, tokens=tokens, api={"tidy_interval": "1s", "keep_deleted": "1s"}) as server:
            async with server.api() as api:
                await load.check(api)
            work = asyncio.create_task(load.run(server, number))
            kill = asyncio.create_task(kill_at_random(server, load, number))
            done, _ = await asyncio.wait({work, kill}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # a failure of the load is one of the test, and not a kill that never comes
            await asyncio.gather(work, kill)
        verify(server.data)
    with Server(tmp_path, tokens=tokens) as server:
        async with server.api() as api:
            await load.check(api)
    assert load.small.done and load.big.done and load.moved and load.frozen
