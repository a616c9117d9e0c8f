"""The opening handshake (RFC 6455, 4.2)."""

import pytest

from raw_client import PONG, TEXT, Frame, RawClient, ping, text
from script import ACK, expect_alive, register

NEW_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="


@pytest.mark.parametrize("request_parts", [
    pytest.param({}, id="as-in-the-standard"),
    pytest.param({"replace": {"Upgrade": "WebSocket"}}, id="upgrade-in-capitals"),
    pytest.param({"replace": {"Upgrade": "h2c, websocket"}}, id="upgrade-among-others"),
    pytest.param({"replace": {"Connection": "keep-alive, Upgrade"}}, id="connection-among-others"),
    pytest.param({"replace": {"Connection": "UPGRADE"}}, id="connection-in-capitals"),
    pytest.param({"replace": {"Connection": "keep-alive"}, "more": [("Connection", "Upgrade")]}, id="connection-in-two-lines"),
    pytest.param({"more": [("Content-Length", "0")]}, id="an-empty-body"),
    pytest.param({"more": [("Origin", "https://anywhere.example")]}, id="an-origin"),
    pytest.param({"more": [("Origin", "null")]}, id="the-origin-null"),
    pytest.param({"more": [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]}, id="an-extension"),
    pytest.param({"more": [("Sec-WebSocket-Protocol", "chat, superchat")]}, id="unknown-subprotocols"),
    pytest.param({"more": [("Cookie", "a=b"), ("User-Agent", "x" * 500)]}, id="other-headers"),
    pytest.param({"path": "/ws?token=abc&x=%20"}, id="a-query"),
    pytest.param({"path": "/ws/"}, id="a-slash"),
])
def test_a_good_request_is_upgraded(broker, request_parts):
    with RawClient(broker.port) as client:
        response = client.upgrade(**request_parts)
        assert response.header("Sec-WebSocket-Protocol") is None
        assert len(response.header("X-Client-Id")) == 36
        expect_alive(client)


def test_the_accept_key_is_that_of_the_standard(broker):
    with RawClient(broker.port) as client:
        client.send(client.request(key="dGhlIHNhbXBsZSBub25jZQ=="))
        assert client.read_response(body=False).header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


REFUSED = [
    pytest.param({"method": "POST"}, 405, "GET", id="post"),
    pytest.param({"method": "PUT"}, 405, "GET", id="put"),
    pytest.param({"method": "DELETE"}, 405, "GET", id="delete"),
    pytest.param({"replace": {"Upgrade": None}}, 426, "Upgrade", id="no-upgrade"),
    pytest.param({"replace": {"Upgrade": "h2c"}}, 426, "Upgrade", id="another-upgrade"),
    pytest.param({"replace": {"Upgrade": "websockets"}}, 426, "Upgrade", id="nearly-the-upgrade"),
    pytest.param({"replace": {"Connection": None}}, 400, "Connection", id="no-connection"),
    pytest.param({"replace": {"Connection": "keep-alive"}}, 400, "Connection", id="another-connection"),
    pytest.param({"replace": {"Connection": "close, keep-alive"}}, 400, "Connection", id="two-other-connections"),
    pytest.param({"replace": {"Host": None}}, 400, "Host", id="no-host"),
    pytest.param({"version": "HTTP/1.0"}, 400, "HTTP/1.1", id="http-1.0"),
    pytest.param({"replace": {"Sec-WebSocket-Version": None}}, 426, "13", id="no-version"),
    pytest.param({"replace": {"Sec-WebSocket-Version": "8"}}, 426, "13", id="version-8"),
    pytest.param({"replace": {"Sec-WebSocket-Version": "0"}}, 426, "13", id="version-0"),
    pytest.param({"replace": {"Sec-WebSocket-Version": "14"}}, 426, "13", id="version-14"),
    pytest.param({"replace": {"Sec-WebSocket-Version": "x"}}, 426, "13", id="version-x"),
    pytest.param({"more": [("Sec-WebSocket-Version", "13")]}, 400, "Sec-WebSocket-Version", id="two-versions"),
    pytest.param({"replace": {"Sec-WebSocket-Key": None}}, 400, "Sec-WebSocket-Key", id="no-key"),
    pytest.param({"replace": {"Sec-WebSocket-Key": ""}}, 400, "Sec-WebSocket-Key", id="empty-key"),
    pytest.param({"replace": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZQ=="}}, 400, "Sec-WebSocket-Key", id="short-key"),
    pytest.param({"replace": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZSBpcyBsb25nZXI="}}, 400, "Sec-WebSocket-Key",
                 id="long-key"),
    pytest.param({"replace": {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ"}}, 400, "Sec-WebSocket-Key", id="key-not-padded"),
    pytest.param({"replace": {"Sec-WebSocket-Key": "dGhlIHNhb*BsZSBub25jZQ=="}}, 400, "Sec-WebSocket-Key",
                 id="key-not-base64"),
    pytest.param({"more": [("Sec-WebSocket-Key", NEW_KEY)]}, 400, "Sec-WebSocket-Key", id="two-keys"),
    pytest.param({"more": [("Content-Length", "5")]}, 400, "body", id="a-body"),
    pytest.param({"more": [("Origin", "https://a.example"), ("Origin", "https://b.example")]}, 400, "Origin",
                 id="two-origins"),
    pytest.param({"more": [("Sec-WebSocket-Protocol", "not a name")]}, 400, "Sec-WebSocket-Protocol",
                 id="subprotocols-malformed"),
]


@pytest.mark.parametrize("request_parts, status, word", REFUSED)
def test_a_bad_request_is_refused_and_told_why(broker, request_parts, status, word):
    with RawClient(broker.port) as client:
        client.send(client.request(**request_parts))
        response = client.read_response()
        assert response.status == status
        assert word in response.body.decode("utf-8")
        assert response.header("Sec-WebSocket-Accept") is None
        assert response.header("X-Client-Id") is None
        assert response.header("Sec-WebSocket-Version") == ("13" if status == 426 else None)
        assert (response.header("Allow") is not None) == (status == 405)
        client.expect_end()


ORIGINS = {"allowed_origins": ["https://maps.example", "http://localhost:5173"]}


@pytest.mark.parametrize("origin", ["https://maps.example", "http://localhost:5173", "HTTPS://MAPS.EXAMPLE", None])
def test_a_listed_origin_and_a_program_without_one_may_connect(special, origin):
    with RawClient(special(ORIGINS).port) as client:
        client.upgrade(more=[("Origin", origin)] if origin else [])
        expect_alive(client)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://maps.example", "https://maps.example:8443",
                                    "https://maps.example.evil.example", "https://xmaps.example", "null", ""])
def test_another_origin_is_forbidden(special, origin):
    with RawClient(special(ORIGINS).port) as client:
        client.send(client.request(more=[("Origin", origin)]))
        assert client.read_response().status == 403
        client.expect_end()


SUBPROTOCOLS = {"subprotocols": ["maps.v2", "maps.v1"]}


@pytest.mark.parametrize("offered, agreed", [
    (["maps.v1"], "maps.v1"),
    (["maps.v2"], "maps.v2"),
    (["maps.v1, maps.v2"], "maps.v2"),
    (["chat, maps.v1"], "maps.v1"),
    (["maps.v1", "maps.v2"], "maps.v2"),
    (["MAPS.V2"], None),
    (["chat"], None),
    ([], None),
])
def test_the_servers_preferred_subprotocol_is_agreed(special, offered, agreed):
    with RawClient(special(SUBPROTOCOLS).port) as client:
        response = client.upgrade(more=[("Sec-WebSocket-Protocol", line) for line in offered])
        assert response.header("Sec-WebSocket-Protocol") == agreed
        expect_alive(client)


def test_a_frame_behind_the_request_is_not_lost(broker):
    with RawClient(broker.port) as client:
        client.upgrade(behind=text(register()) + ping(b"second"))
        assert client.read() == Frame(TEXT, ACK)
        assert client.read() == Frame(PONG, b"second")


def test_half_a_frame_behind_the_request_is_not_lost(broker):
    whole = text(register())
    with RawClient(broker.port) as client:
        client.upgrade(behind=whole[:10])
        client.send(whole[10:])
        assert client.read() == Frame(TEXT, ACK)


def test_a_request_byte_by_byte_is_upgraded(broker):
    with RawClient(broker.port) as client:
        client.send(client.request(), 1)
        assert client.read_response(body=False).status == 101
        expect_alive(client)


def test_the_client_ids_differ(broker):
    with RawClient(broker.port) as one, RawClient(broker.port) as other:
        assert one.upgrade().header("X-Client-Id") != other.upgrade().header("X-Client-Id")


def test_over_ipv6_it_is_the_same(broker):
    with RawClient(broker.port, "::1") as client:
        client.upgrade()
        expect_alive(client)
