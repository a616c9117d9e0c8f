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


# These do without a login, answer NOT_IMPLEMENTED, or need no path.
OPEN = {"ping", "auth", "authorize_token", "set_user_agent", "exchange_capabilities", "omni_objects", "omni_objects2", "lft",
        "hashes", "versioning"}
ABSENT = {"set_path_options", "set_path_options2", "mount", "unmount", "get_mount_info"}
PATHLESS = {"subscribe_server_notifications", "get_transaction_id", "service_subscribe_list", "get_groups", "get_group_users",
            "get_users", "get_user_groups", "create_group", "rename_group", "remove_group", "add_user_to_group",
            "remove_user_from_group"}
ACL = [{"name": "users", "acl": ["read"]}]


def on_path(path):
    """What every command understands as this path, and as a place beside it."""
    return {"path": path, "uri": path, "src_path": path, "dst_path": path + "-to", "src": path, "dst": path + "-to",
            "to": path + "-to", "acl": ACL, "paths": [path], "paths_to_copy": [{"src": path, "dst": path + "-to"}],
            "username": "eve", "etag": "0"}


async def first_status(api, command, **params):
    return (await api.call(command, **params))["status"]


@run
async def test_what_is_offered_is_there(server, folder):
    """No method that the server says it has is unknown to it; and before a login only those that need none are done."""
    async with server.api() as known, Api(server.url("api")) as stranger:
        offered = set(known.session["server_capabilities"])
        assert OPEN | ABSENT | PATHLESS < offered
        for command in sorted(offered - {"auth", "authorize_token"}):
            status = await first_status(known, command, **on_path(f"{folder}/{command}"))
            assert status not in ("INVALID_COMMAND", "UNAUTHENTICATED", "INTERNAL_ERROR"), (command, status)
            assert (status == "NOT_IMPLEMENTED") == (command in ABSENT), (command, status)
            if command not in OPEN:
                assert await first_status(stranger, command, **on_path(folder)) == "UNAUTHENTICATED", command
        assert await first_status(known, "authorize_token", token=await server.token()) == "ALREADY_AUTHENTICATED"
        assert await first_status(stranger, "authorize_token", token="x.y.z") == "UNAUTHENTICATED"
        assert await first_status(stranger, "auth", username="omniverse", password="wrong") == "UNAUTHENTICATED"
        assert await first_status(stranger, "auth", username="omniverse", password="correct horse") == "OK"
        assert await first_status(known, "fly") == "INVALID_COMMAND"


@run
async def test_every_command_with_a_path_says_what_is_wrong_with_it(server, folder):
    await server.add_user("eve")
    async with server.api() as api, server.api("eve") as eve:
        await api.write(f"{folder}/closed/a", b"1")
        await api.write(f"{folder}/closed/gone", b"1")
        await api.all(await api.begin("delete", uri=f"{folder}/closed/gone"))
        await api.ok("create_object", b"1", path={"path": f"{folder}/closed/live"})
        await api.ok("set_acl_v2", path={"path": f"{folder}/closed"}, acl=[{"name": "eve", "acl": []}])
        commands = set(api.session["server_capabilities"]) - OPEN - ABSENT - PATHLESS
        creating = {"create", "create_asset", "create_object", "create_directory"}
        by_hash = {"create_asset_with_hash", "update_asset_with_hash"}  # the content is looked for first
        for command in sorted(commands - by_hash):
            params = on_path(f"{folder}/none")
            if command not in creating | {"service_resolve_acl", "get_branches"}:
                assert await first_status(api, command, **params) == "NOT_EXIST", command
            assert await first_status(api, command, **on_path("no-slash")) == "INVALID_URI", command
            if command == "unlock":
                continue  # what is not locked is fine
            name = "gone" if command == "undelete" else "new" if command in creating else "live" if "object" in command else "a"
            denied = await first_status(eve, command, **on_path(f"{folder}/closed/{name}"))
            assert denied == "DENIED", (command, denied)


@run
async def test_every_command_of_users_and_groups_says_what_is_wrong(server, folder):
    await server.add_user("eve")
    crew = folder.strip("/")
    async with server.api() as api, server.api("eve") as eve:
        await api.ok("create_group", group=crew)
        for command, params, status in [
                ("create_group", {"group": crew}, "GROUP_ALREADY_EXISTS"), ("remove_group", {"group": "no"}, "GROUP_NOT_FOUND"),
                ("rename_group", {"group": "no", "new_group": "x"}, "GROUP_NOT_FOUND"),
                ("rename_group", {"group": crew, "new_group": "eve"}, "GROUP_ALREADY_EXISTS"),
                ("add_user_to_group", {"user": "no", "group": crew}, "USER_NOT_FOUND"),
                ("add_user_to_group", {"user": "eve", "group": "no"}, "GROUP_NOT_FOUND"),
                ("remove_user_from_group", {"user": "eve", "group": crew}, "USER_NOT_IN_GROUP"),
                ("get_group_users", {"group": "no"}, "GROUP_NOT_FOUND"), ("get_user_groups", {"user": "no"}, "USER_NOT_FOUND")]:
            answer = await api.call(command, **params)
            assert answer["status"] == status and answer["message"], (command, answer)
        for command in ("create_group", "rename_group", "remove_group", "add_user_to_group", "remove_user_from_group"):
            params = {"group": crew, "new_group": "x", "user": "eve"}
            assert await first_status(eve, command, **params) == "DENIED", command
        assert await first_status(eve, "service_subscribe_list") == "DENIED"
        await api.ok("add_user_to_group", user="eve", group=crew)
        assert await first_status(api, "add_user_to_group", user="eve", group=crew) == "USER_ALREADY_IN_GROUP"


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
                await other.ok("create_asset", b"x" * 10_000, path={"path": f"{folder}/{cut}"})
                for number in range(10):
                    await other.begin("create_asset", b"x" * 10_000, path={"path": f"{folder}/{cut}-{number}"})
                    await other.begin("list2", path=folder)
                await other.begin("read", uri=folder)
                other.socket.transport.abort()
        entries = await api.list(folder)
        assert set(entries) >= {f"{folder}/{cut}" for cut in range(20)}
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
            numbers, filler = [], "x" * 30_000  # more than kernels keep between the two
            with pytest.raises(asyncio.TimeoutError):  # the server takes no more: that is the point
                for _ in range(2_000):
                    numbers.append(await asyncio.wait_for(api.begin("read_asset_version", path={"path": "/a"}, filler=filler), 2))
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
