"""kill -9 while clients write: what was acknowledged is there, whole, when the server runs again.

`ctest --preset soak` makes twenty rounds two hundred (OMNIBROKER_CRASHES)."""

import asyncio
import hashlib
import os
import random
import signal

from nucleus import Server, run

ROUNDS = int(os.environ.get("OMNIBROKER_CRASHES", "20"))
WRITERS = 4


def content_of(path, version):
    """What a writer puts there: its text says what it is, and some are kept as files of their own."""
    size = (hash_number(path) + version * 7919) % 40_000
    return f"{path} {version} ".encode() * (size // 20 + 1)


def hash_number(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


async def write_until_the_end(server, round_number, writer, known, acknowledged):
    """Writes, pipelined, until the connection is lost; notes what was sent, and what was acknowledged."""
    async with server.api() as api:
        pending = []
        for step in range(100_000):
            path = f"/crash/{writer}/{(round_number * 31 + step) % 50}"
            version = known.get(path, 0) + 1
            known[path] = version
            try:
                pending.append((await api.begin("create_asset", content_of(path, version), path={"path": path},
                                                overwrite=True), path, version))
                if len(pending) < 8:
                    continue
                number, path, version = pending.pop(0)
                answer = await api.next(number)
            except Exception:
                return
            if answer["status"] == "CONNECTION_LOST":
                return
            assert answer["status"] == "OK", answer
            acknowledged[path] = max(acknowledged.get(path, 0), version)


async def kill_at_random(server, acknowledged, seed):
    """When so many more were acknowledged as chance says."""
    wanted = sum(acknowledged.values()) + random.Random(seed).randrange(1, 200)
    while sum(acknowledged.values()) < wanted:
        await asyncio.sleep(0.001)
    server.signal(signal.SIGKILL)
    await asyncio.get_running_loop().run_in_executor(None, server.wait)


async def check(server, known, acknowledged):
    async with server.api() as api:
        for path, version in acknowledged.items():
            read = await api.call("read_asset_version", path={"path": path})
            assert read["status"] == "OK", (path, read)
            possible = {content_of(path, one): one for one in range(version, known[path] + 1)}
            assert read["content"] in possible, f"{path}: neither version {version}, which was acknowledged, nor a later one"
            acknowledged[path] = known[path] = max(possible[read["content"]], version)


@run
async def test_what_was_acknowledged_survives_kill_9(tmp_path):
    known, acknowledged, tokens = {}, {}, {}
    for number in range(ROUNDS):
        with Server(tmp_path, tokens=tokens) as server:
            await check(server, known, acknowledged)
            await asyncio.gather(kill_at_random(server, acknowledged, number),
                                 *(write_until_the_end(server, number, writer, known, acknowledged)
                                   for writer in range(WRITERS)))
    with Server(tmp_path, tokens=tokens) as server:
        await check(server, known, acknowledged)
    assert sum(acknowledged.values()) > ROUNDS
