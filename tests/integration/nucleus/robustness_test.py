"""Clients that break the rules, come in crowds, or leave in the middle."""

import asyncio
import json
import os
import socket
import struct

import pytest
import websockets
from nucleus import TIMEOUT, Api, Server, run


@pytest.mark.parametrize("garbage,reason", [("{", "no JSON object"), ("[]", "no JSON object"), ("7", "no JSON object"),
                                            (b"\0\0\0", "no JSON object"), (b"{}\0blob", "no id"), ('{"id":-1}', "no id"),
                                            ('{"command":"ping"}', "no id"), (b"\xff\xfe", "no JSON object"),
                                            ('{"id":1,"a":' + "[" * 64, "nested deeper than 64"),
                                            ('[{"a":' * 5_000, "nested deeper than 64")],
                         ids=lambda value: str(value)[:20])
@run
async def test_garbage_ends_the_connection(server, garbage, reason):
    async with Api(server.url("api"), read=False) as api:
        await api.socket.send(garbage)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(api.socket.recv(), TIMEOUT)
    assert closed.value.rcvd.code == 1007 and reason in closed.value.rcvd.reason, closed.value.rcvd


def masked(opcode, payload, final=True, length=None):
    size = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | opcode])
    head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + struct.pack(">H", size) if size < 65536 else \
        bytes([0xFF]) + struct.pack(">Q", size)
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def upgraded(server, service="api"):
    connection = socket.create_connection(("127.0.0.1", server.port), TIMEOUT)
    connection.sendall(f"GET /omni/{service} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += connection.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 ") and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer
    return connection


def received(connection):
    got = b""
    while piece := connection.recv(4096):
        got += piece
    return got


@pytest.mark.parametrize("frames,code", [
    (b"\x81\x02hi", 1002),                                    # not masked
    (b"\x83\x80\0\0\0\0", 1002),                              # a reserved opcode
    (b"\xf1\x80\0\0\0\0", 1002),                              # reserved bits
    (masked(0, b"x"), 1002),                                  # nothing to continue
    (masked(1, b"{", final=False) + masked(1, b"}"), 1002),   # a message inside another one
    (masked(2, b"", length=17 * 1024 * 1024), 1009),          # too large, and known by its head
    (masked(8, b"\x03"), 1002)])                              # half a close code
def test_frames_that_are_none_end_the_connection(server, frames, code):
    with upgraded(server) as connection:
        connection.sendall(frames)
        answer = received(connection)
    assert answer[0] == 0x88 and struct.unpack(">H", answer[2:4])[0] == code


def test_fragments_pings_and_every_cut_are_one_message(server):
    request = json.dumps({"command": "ping", "id": 7}).encode()
    whole = masked(1, request[:5], final=False) + masked(9, b"there?") + masked(0, request[5:9], final=False) + \
        masked(0, request[9:])
    with upgraded(server) as connection:
        for byte in whole:
            connection.sendall(bytes([byte]))
        answer = b""
        while b'"id":7' not in answer:
            answer += connection.recv(4096)
        assert answer.startswith(b"\x8a\x06there?")
        connection.sendall(masked(8, struct.pack(">H", 1000)))
        assert received(connection).endswith(b"\x88\x02\x03\xe8")


@run
async def test_a_silent_client_is_pinged_and_given_up(tmp_path):
    with Server(tmp_path, api={"ping_interval": "100ms"}) as server:
        async with Api(server.url("api"), ping_interval=None) as alive:
            with upgraded(server) as deaf:
                answer = await asyncio.get_running_loop().run_in_executor(None, received, deaf)
            assert answer.startswith(b"\x89\x07nucleus") and b"ping timeout" in answer
            assert (await alive.call("ping"))["status"] == "OK", "who answers pings stays"


@run
async def test_clients_that_leave_in_the_middle_harm_nobody(server, folder):
    async with server.api() as api:
        await api.ok("create_directory", path={"path": folder})
        for cut in range(20):
            async with server.api() as other:
                await other.begin("subscribe_list", path={"path": folder})
                for number in range(10):
                    await other.begin("create_asset", b"x" * 10_000, path={"path": f"{folder}/{cut}-{number}"})
                    await other.begin("list2", path=folder)
                await other.begin("read", uri=folder)
                other.socket.transport.abort()
        entries = await api.list(folder)
        for path in entries:
            read = await api.ok("read_asset_version", path={"path": path})
            assert read["content"] == b"x" * 10_000


@run
async def test_requests_in_flight_are_bounded(tmp_path):
    with Server(tmp_path, api={"max_in_flight": 4, "backoff_time": "20ms"}) as server:
        async with server.api() as api:
            assert api.session["max_in_flight_requests"] == 4
            numbers = [await api.begin("create_asset", b"x" * 100_000, path={"path": f"/{n}"}) for n in range(64)]
            answers = [await api.next(number) for number in numbers]
            told = [answer for answer in answers if answer["status"] == "SLOW_DOWN"]
            assert told and all(answer["backoff_time_ms"] == 20 for answer in told)
            done = [n for n, answer in enumerate(answers) if answer["status"] == "OK"]
            assert len(done) + len(told) == 64 and set(await api.list("/")) == {f"/{n}" for n in done}


@run
async def test_changes_keep_their_order(server, folder):
    path = {"path": f"{folder}/a"}
    async with server.api() as api:
        numbers = [await api.begin("create_asset", b"0", path=path)]
        for n in range(1, 200):  # contents of very different sizes: one has to wait for its disk, the next has not
            content = str(n).encode() * (40_000 if n % 3 == 0 else 1)
            numbers.append(await api.begin("update_asset", content, path=path))
        answers = [await api.next(number) for number in numbers]
        assert {answer["status"] for answer in answers} == {"OK"}
        etags = [int(answer["etag"]) for answer in answers]
        assert etags == sorted(etags) and len(set(etags)) == 200
        assert (await api.ok("read_asset_version", path=path))["content"] == b"199"


@run
async def test_a_client_that_does_not_read_its_answers_waits(tmp_path):
    """Its requests are not taken any more; others are served, and when it reads everything is there."""
    with Server(tmp_path, api={"max_unread": "64KiB"}, limits={"max_control_queue": "64KiB", "max_stall": "off"}) as server:
        async with server.api(small_window=True) as api, server.api() as other:
            await api.write("/a", b"x" * 60_000)
            api.reader.cancel()
            api.socket.transport.pause_reading()
            numbers = []
            try:
                for _ in range(900):
                    numbers.append(await asyncio.wait_for(api.begin("read_asset_version", path={"path": "/a"}), 2))
            except asyncio.TimeoutError:
                pass  # the server takes no more: that is the point
            assert (await other.ok("read_asset_version", path={"path": "/a"}))["content"] == b"x" * 60_000
            api.socket.transport.resume_reading()
            api.reader = asyncio.create_task(api._read())
            for number in numbers:
                assert (await api.next(number))["content"] == b"x" * 60_000


@run
async def test_many_connect_write_list_and_lock_at_once(server, folder):
    async def work(number):
        async with server.api() as api:
            for step in range(8):
                path = f"{folder}/{number % 4}/{number}-{step}"
                await api.write(path, f"{number} {step}".encode())
                await api.ok("lock", uri=path, etag="0")
                await api.all(await api.begin("list2", path=f"{folder}/{number % 4}"))
                assert (await api.ok("read_asset_version", path={"path": path}))["content"] == f"{number} {step}".encode()
                await api.ok("unlock", uri=path)
    await asyncio.gather(*(work(number) for number in range(32)))
    async with server.api() as api:
        counts = [len(await api.list(f"{folder}/{part}")) for part in range(4)]
        assert counts == [64, 64, 64, 64]
