"""Large contents, in and out by HTTP, beside the API."""

import asyncio
import concurrent.futures
import hashlib
import http.client as http_client
import json
import random
import socket

from nucleus import TIMEOUT, Server, http, run

PART = 5 * 1024 * 1024


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def begin(server, headers):
    status, _, body = http("POST", server.url("lft", "http") + "/content/", json.dumps({"path": "/x"}).encode(), headers)
    assert status == 200, body
    return json.loads(body)


def put(server, headers, begun, start, part):
    return http("PUT", server.url("lft", "http") + "/content/", part,
                {**headers, "Content-ID": begun["content_id"], "Content-Start": str(start),
                 "Content-ID-Numeric": str(begun["content_id_numeric"]), "Multipart-Chunk-Size": str(PART)})


def upload(server, headers, content, size=PART):
    begun = begin(server, headers)
    for start in range(0, len(content), size):
        status, _, body = put(server, headers, begun, start, content[start:start + size])
        assert status == 200, body
    return begun["content_id"]


async def bearer(server, user="omniverse"):
    return {"Authorization": "Bearer " + await server.token(user, user if user != "omniverse" else "correct horse")}


@run
async def test_a_large_content_comes_in_parts_and_is_fetched_in_ranges(server, folder):
    content = noise(12_345_678)
    async with server.api() as api:
        headers = await bearer(server)
        content_id = upload(server, headers, content)
        made = await api.ok("create_asset", path={"path": f"{folder}/big"}, content_id=content_id)
        assert made["size"] == len(content) and made["hash_value"] == hashlib.sha256(content).hexdigest()

        read = await api.ok("read_asset_version", path={"path": f"{folder}/big"})
        assert "content" not in read
        url = read["uri_redirection"]
        status, head, body = http("GET", url)
        assert status == 200 and body == content and head["Accept-Ranges"] == "bytes"
        for wanted, first, end in [("bytes=0-99", 0, 100), ("bytes=12345000-", 12_345_000, len(content)),
                                   ("bytes=-78", len(content) - 78, len(content)), ("bytes=5-5", 5, 6),
                                   ("bytes=1000000-99999999999", 1_000_000, len(content))]:
            status, head, body = http("GET", url, headers={"Range": wanted})
            assert status == 206 and body == content[first:end], wanted
            assert head["Content-Range"] == f"bytes {first}-{end - 1}/{len(content)}"
        assert http("GET", url, headers={"Range": "bytes=99999999-"})[0] == 416
        status, head, body = http("HEAD", url)
        assert status == 200 and int(head["Content-Length"]) == len(content) and body == b""
        assert http("GET", url, headers={"Range": "lines=1-2"})[0] == 200


@run
async def test_parts_come_in_any_order_and_beside_one_another(server, folder):
    content = noise(8 * 1024 * 1024 + 17, seed=2)
    headers = await bearer(server)
    begun = begin(server, headers)
    parts = [(start, content[start:start + 1024 * 1024]) for start in range(0, len(content), 1024 * 1024)]
    random.Random(3).shuffle(parts)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda part: put(server, headers, begun, *part), parts))
    assert [status for status, _, _ in answers] == [200] * len(parts)
    async with server.api() as api:
        made = await api.ok("create_asset", path={"path": f"{folder}/a"}, content_id=begun["content_id"])
        assert made["hash_value"] == hashlib.sha256(content).hexdigest()
        again = await api.ok("create_asset", path={"path": f"{folder}/b"}, content_id=begun["content_id"])
        assert again["size"] == len(content)
        assert put(server, headers, begun, 0, b"x")[0] == 404, "it is in use"


@run
async def test_a_part_that_is_missing_is_noticed(server, folder):
    headers = await bearer(server)
    begun = begin(server, headers)
    put(server, headers, begun, 1000, b"the end")
    async with server.api() as api:
        answer = await api.call("create_asset", path={"path": f"{folder}/a"}, content_id=begun["content_id"])
        assert answer["status"] == "CONTENT_LENGTH_MISMATCH"
        put(server, headers, begun, 0, b"x" * 1000)
        made = await api.ok("create_asset", path={"path": f"{folder}/a"}, content_id=begun["content_id"])
        assert made["size"] == 1007


@run
async def test_a_session_of_the_api_is_enough(server, folder):
    async with server.api() as api:
        headers = {"X-OV-Connection-ID": api.session["connection_id"], "Authorization-Token": api.session["token"],
                   "X-OV-Username": "omniverse"}
        content_id = upload(server, headers, b"small")
        await api.ok("create_asset", path={"path": f"{folder}/a"}, content_id=content_id)
    begun = http("POST", server.url("lft", "http") + "/content/", b"{}", headers)
    assert begun[0] == 401, "the session is over"


@run
async def test_nobody_writes_without_a_login_and_nobody_uses_what_is_not_his(server, folder):
    await server.add_user("ann")
    for headers in ({}, {"Authorization": "Bearer garbage"}, {"Authorization": "Basic eDp5"},
                    {"X-OV-Connection-ID": "AAAA", "Authorization-Token": "BBBB"}):
        assert http("POST", server.url("lft", "http") + "/content/", b"{}", headers)[0] == 401
        assert http("PUT", server.url("lft", "http") + "/content/", b"x", {**headers, "Content-ID": "x"})[0] == 401
    hers = await bearer(server, "ann")
    begun = begin(server, await bearer(server))
    assert put(server, hers, begun, 0, b"x")[0] == 404
    put(server, await bearer(server), begun, 0, b"x")
    async with server.api("ann") as ann:
        answer = await ann.call("create_asset", path={"path": f"{folder}/a"}, content_id=begun["content_id"])
        assert answer["status"] == "INVALID_CONTENT_ID"


@run
async def test_an_address_is_for_one_content_and_for_who_may_read_it(server, folder):
    await server.add_user("bob")
    content = noise(100_000, seed=4)
    async with server.api() as api, server.api("bob") as bob:
        await api.write(f"{folder}/öffentlich & mehr", content)
        url = (await bob.ok("read_asset_version", path={"path": f"{folder}/öffentlich & mehr"}))["uri_redirection"]
        assert http("GET", url)[2] == content
        for changed in (url.replace("etag=", "etag=1"), url.replace("user=bob", "user=omniverse"), url[:-1], url + "0",
                        url.split("?")[0], url.replace("until=", "until=9")):
            assert http("GET", changed)[0] == 403, changed
        await api.ok("set_acl_v2", path={"path": folder}, acl=[{"name": "bob", "acl": []}])
        assert http("GET", url)[0] == 403, "the right is asked for when it is used"
        await api.ok("set_acl_v2", path={"path": folder}, acl=[])
        await api.write(f"{folder}/öffentlich & mehr", b"new")
        assert http("GET", url)[0] == 410


def test_requests_that_are_none(server):
    base = server.url("lft", "http")
    assert http("GET", base + "/nothing")[0] == 404
    assert http("DELETE", base + "/content/x")[0] == 405
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as connection:
        connection.sendall(b"PUT /omni/lft/content/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 411 ")


@run
async def test_a_part_that_is_too_large_or_cut_leaves_nothing_behind(tmp_path):
    with Server(tmp_path, lft={"max_part": "5MiB"}) as server:
        headers = await bearer(server)
        begun = begin(server, headers)
        connection = http_client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
        connection.putrequest("PUT", "/omni/lft/content/")
        for name, value in {**headers, "Content-ID": begun["content_id"], "Content-Length": str(PART + 1)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 413

        cut = socket.create_connection(("127.0.0.1", server.port), TIMEOUT)
        head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Content-ID": begun["content_id"]}.items())
        cut.sendall(f"PUT /omni/lft/content/ HTTP/1.1\r\nHost: x\r\n{head}Content-Length: 5000000\r\n\r\n".encode() + b"x" * 2_000_000)
        cut.close()
        put(server, headers, begun, 0, b"whole")
        async with server.api() as api:
            answer = await api.call("create_asset", path={"path": "/a"}, content_id=begun["content_id"])
            assert answer["status"] in ("OK", "CONTENT_LENGTH_MISMATCH"), "what came before the cut may count"


@run
async def test_a_client_that_waits_for_100_continue_is_told_to_go_on(server):
    headers = await bearer(server)
    begun = begin(server, headers)
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"PUT /omni/lft/content/ HTTP/1.1\r\nHost: x\r\n{head}Content-ID: {begun['content_id']}\r\n"
                           "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n".encode())
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")


@run
async def test_one_connection_carries_many_requests(server, folder):
    content = noise(300_000, seed=5)
    async with server.api() as api:
        await api.write(f"{folder}/a", content)
        url = (await api.ok("read_asset_version", path={"path": f"{folder}/a"}))["uri_redirection"]
    path = url.split(str(server.port), 1)[1]
    connection = http_client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
    for first in range(0, 300_000, 30_000):
        connection.request("GET", path, headers={"Range": f"bytes={first}-{first + 29_999}"})
        assert connection.getresponse().read() == content[first:first + 30_000]
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0\r\n\r\n".encode() * 20)
        got = b""
        while got.count(b"206 Partial Content") < 20 or not got.endswith(content[:1]):
            piece = raw.recv(65536)
            assert piece, got
            got += piece


@run
async def test_a_client_that_takes_its_time_gets_everything(tmp_path):
    content = noise(8_000_000, seed=6)
    with Server(tmp_path, limits={"max_control_queue": "64KiB"}) as server:
        async with server.api() as api:
            content_id = upload(server, await bearer(server), content)
            await api.ok("create_asset", path={"path": "/a"}, content_id=content_id)
            url = (await api.ok("read_asset_version", path={"path": "/a"}))["uri_redirection"]
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
            writer.write(f"GET {url.split(str(server.port), 1)[1]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            got = bytearray()
            while piece := await reader.read(50_000):
                got += piece
                await api.ok("ping")  # nobody else waits meanwhile
            assert bytes(got).endswith(content) and got.startswith(b"HTTP/1.1 200 OK")
            writer.close()


def test_a_quota_is_kept(tmp_path):
    async def check(server):
        headers = await bearer(server)
        begun = begin(server, headers)
        status, _, body = put(server, headers, begun, 0, noise(2_000_000))
        assert status == 507 and json.loads(body)["status"] == "QUOTA_REACHED"
        async with server.api() as api:
            assert (await api.call("create_asset", noise(2_000_000), path={"path": "/a"}))["status"] == "QUOTA_REACHED"
            assert (await api.call("create_asset", noise(200_000), path={"path": "/b"}))["status"] == "OK"

    quota = {"quota": "1MiB"}
    with Server(tmp_path, api=quota, auth=quota, lft=quota) as server:
        asyncio.run(check(server))
    with Server(tmp_path, api=quota, serving=False) as server:
        assert server.wait() == 3
        assert "with another quota" in server.log_text()


@run
async def test_who_may_only_read_uploads_nothing(server):
    await server.add_user("guest", nucleus_ro=True)
    status, _, body = http("POST", server.url("lft", "http") + "/content/", b"{}", await bearer(server, "guest"))
    assert status == 403 and json.loads(body)["status"] == "DENIED"


@run
async def test_who_is_disabled_uploads_nothing_more(server):
    await server.add_user("eve")
    headers = await bearer(server, "eve")
    begun = begin(server, headers)
    async with server.sows("auth") as auth:
        assert (await auth.call("Profiles.disable", access_token=await server.token(), username="eve"))["status"] == "OK"
    assert put(server, headers, begun, 0, b"x")[0] == 403
    assert http("POST", server.url("lft", "http") + "/content/", b"{}", headers)[0] == 403


def test_a_head_has_no_body_when_it_is_refused_either(server):
    for path in ("/nothing", "/content/?path=/a"):
        with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as connection:
            connection.sendall(f"HEAD /omni/lft{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            with connection.makefile("rb") as stream:
                answer = stream.read()
        assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 403")) and answer.endswith(b"\r\n\r\n"), answer


def test_a_body_that_does_not_go_on_is_given_up(tmp_path):
    async def check(server):
        authorization = (await bearer(server))["Authorization"]
        begun = begin(server, {"Authorization": authorization})
        for request in (f"PUT /omni/lft/content/ HTTP/1.1\r\nContent-ID: {begun['content_id']}\r\nContent-Length: 10\r\n",
                        "POST /omni/lft/content/ HTTP/1.1\r\nContent-Length: 10\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"{request}Host: x\r\nAuthorization: {authorization}\r\n\r\nhalf".encode())
            answer = await asyncio.wait_for(reader.read(), TIMEOUT)
            assert answer.startswith(b"HTTP/1.1 408 ") and b"did not come in time" in answer
            writer.close()

    with Server(tmp_path, lft={"max_silence": "1s"}) as server:
        asyncio.run(check(server))


def test_what_nothing_names_any_more_goes(tmp_path):
    async def blobs(wanted):
        while sum(1 for file in (tmp_path / "data/blobs").rglob("*") if file.is_file()) != wanted:
            await asyncio.sleep(0.05)

    async def check(server):
        async with server.api() as api:
            await api.write("/a", noise(200_000, seed=1))
            await api.write("/a", noise(200_000, seed=2))
            await asyncio.wait_for(blobs(1), TIMEOUT)
            await api.all(await api.begin("delete2", paths=["/a"]))
            await asyncio.wait_for(blobs(0), TIMEOUT)
            assert (await api.call("undelete", path={"path": "/a"}))["status"] == "NOT_EXIST"

    with Server(tmp_path, api={"tidy_interval": "1s", "keep_deleted": "1s"}) as server:
        asyncio.run(check(server))
