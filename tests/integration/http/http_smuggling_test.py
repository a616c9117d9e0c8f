"""Requests that two readers could understand differently: each is refused with 400, and the connection closed behind it, so
that nothing in it can pass for a request."""

import pytest

from rest_client import Wire, ask, chunked, head

HIDDEN = b"DELETE /api/sessions/x HTTP/1.1\r\nHost: gateway\r\n\r\n"

HEADS = {
    "length and chunks": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: 4\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n"
                         b"Content-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "the same length twice": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: 2, 2\r\n\r\n{}",
    "a signed length": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: +2\r\n\r\n{}",
    "a negative length": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: -2\r\n\r\n{}",
    "a hexadecimal length": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: 0x2\r\n\r\n{}",
    "an absurd length": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
    "chunked twice": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /api/sessions HTTP/1.0\r\nHost: g\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "space before a colon": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nContent-Length : 2\r\n\r\n{}",
    "a folded header": b"POST /api/sessions HTTP/1.1\r\nHost: g\r\nX: a\r\n Content-Length: 2\r\n\r\n{}",
    "bare line feeds": b"GET /api/health HTTP/1.1\nHost: g\n\n",
    "a bare line feed": b"GET /api/health HTTP/1.1\r\nHost: g\nX: y\r\n\r\n",
    "a bare return": b"GET /api/health HTTP/1.1\r\nHost: g\r\nX: a\rb\r\n\r\n",
    "a NUL": b"GET /api/health HTTP/1.1\r\nHost: g\r\nX: a\0b\r\n\r\n",
    "two hosts": b"GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET /api/health HTTP/1.1\r\n\r\n",
    "a header without a name": b"GET /api/health HTTP/1.1\r\nHost: g\r\n: x\r\n\r\n",
    "a header without a colon": b"GET /api/health HTTP/1.1\r\nHost: g\r\nnothing\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_an_ambiguous_head_is_refused_and_nothing_behind_it_is_served(gateway, name):
    with Wire(gateway) as wire:
        wire.send(HEADS[name] + HIDDEN)
        if name == "bare line feeds":
            wire.socket.shutdown(1)  # no reader need see an end in it
        answer = wire.answer()
        assert answer.status == 400, answer
        assert answer.error() == "BAD_REQUEST"
        assert answer.closes()
        assert wire.ended()


@pytest.mark.parametrize("coding", ["gzip, chunked", "chunked, gzip", "identity", "xchunked", "chunked;q=1", "\x0bchunked"])
def test_other_transfer_codings_are_refused(gateway, coding):
    request = f"POST /api/sessions HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n".encode()
    with Wire(gateway) as wire:
        answer = wire.ask(request + HIDDEN)
        assert answer.status in (400, 501), answer
        assert answer.closes() and answer.error()
        assert wire.ended()


CHUNKS = {
    "an absurd size": b"fffffffffffffffff\r\n",
    "a size of nine digits": b"000000002\r\n{}\r\n0\r\n\r\n",
    "a negative size": b"-2\r\n{}\r\n0\r\n\r\n",
    "a size with a prefix": b"0x2\r\n{}\r\n0\r\n\r\n",
    "no size": b"\r\n{}\r\n0\r\n\r\n",
    "space before a size": b" 2\r\n{}\r\n0\r\n\r\n",
    "space behind a size": b"2 \r\n{}\r\n0\r\n\r\n",
    "a bare line feed behind a size": b"2\n{}\r\n0\r\n\r\n",
    "a bare line feed behind a chunk": b"2\r\n{}\n0\r\n\r\n",
    "a bare line feed in an extension": b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "a bare line feed at the end": b"2\r\n{}\r\n0\r\n\n",
    "a chunk longer than its size": b"2\r\n{}}\r\n0\r\n\r\n",
    "a chunk shorter than its size": b"3\r\n{}\r\n0\r\n\r\n",
    "a folded trailer": b"2\r\n{}\r\n0\r\nA: b\r\n c\r\n\r\n",
    "a trailer without a colon": b"2\r\n{}\r\n0\r\nnothing\r\n\r\n",
    "endless extensions": b"2;" + b"x" * 20000 + b"\r\n{}\r\n0\r\n\r\n",
    "endless trailers": b"2\r\n{}\r\n0\r\n" + b"A: b\r\n" * 4000 + b"\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_a_malformed_chunk_is_refused_and_nothing_behind_it_is_served(gateway, name):
    with Wire(gateway) as wire:
        wire.send(chunked("/api/sessions", CHUNKS[name]) + HIDDEN)
        answer = wire.answer()
        assert answer.status == 400, answer
        assert answer.error() == "BAD_REQUEST"
        assert answer.closes()
        assert wire.ended()


def test_a_trailer_sets_no_header(gateway):
    """A token behind the body must not pass for one before it."""
    body = b"2\r\n{}\r\n0\r\nAuthorization: Bearer x\r\nContent-Length: 500\r\n\r\n"
    with Wire(gateway) as wire:
        assert wire.ask(chunked("/api/messages", body)).status == 401
        assert wire.ask(head("GET /api/health")).status == 200


def test_the_gateway_is_well_afterwards(gateway):
    assert ask(gateway, head("GET /api/health")).status == 200
