"""Bodies: lengths, chunks, expectations, media types."""

import json

import pytest

from rest_client import Session, Wire, ask, chunked, head, in_chunks, post, registration

MESSAGE = registration("web_ui").encode()


def opened(answer):
    assert answer.status == 201, answer
    return answer.json()["token"]


def end(gateway, token):
    session = token.split(".")[0]
    assert ask(gateway, head(f"DELETE /api/sessions/{session}", [f"Authorization: Bearer {token}"])).status == 204


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_chunked_body_is_the_same_however_it_is_cut(gateway, size):
    end(gateway, opened(ask(gateway, chunked("/api/sessions", in_chunks(MESSAGE, size)))))


def test_extensions_and_trailers_are_passed_over(gateway):
    wire_body = b'%x;name="a b"\r\n%s\r\n0;last\r\nX-Checksum: 1\r\n\r\n' % (len(MESSAGE), MESSAGE)
    with Wire(gateway) as wire:
        end(gateway, opened(wire.ask(chunked("/api/sessions", wire_body))))
        assert wire.ask(head("GET /api/health")).status == 200, "the next request begins where the trailers end"


def test_a_chunked_body_comes_by_the_byte_with_a_request_behind_it(gateway):
    with Wire(gateway) as wire:
        for byte in chunked("/api/sessions", in_chunks(MESSAGE, 10)) + head("GET /api/health"):
            wire.send(bytes([byte]))
        end(gateway, opened(wire.answer()))
        assert wire.answer().status == 200


def test_the_body_is_asked_for_where_it_is_held_back(gateway):
    with Wire(gateway) as wire:
        request = post("/api/sessions", MESSAGE, ["Expect: 100-continue"])
        wire.send(request[:-len(MESSAGE)])
        assert wire.answer().status == 100
        wire.send(MESSAGE)
        end(gateway, opened(wire.answer()))
        assert wire.ask(head("GET /api/health")).status == 200


@pytest.mark.parametrize("request_head, status", [
    (head("POST /api/sessions", ["Expect: 100-continue", "Content-Length: 70000"]), 413),
    (head("POST /api/sessions", ["Expect: 100-continue", "Content-Length: 9", "Content-Type: text/plain"]), 415),
    (head("POST /api/messages", ["Expect: 100-continue", "Content-Length: 9"]), 401),
    (head("POST /api/nothing", ["Expect: 100-continue", "Content-Length: 9"]), 404),
    (head("POST /api/health", ["Expect: 100-continue", "Content-Length: 9"]), 405),
    (head("POST /api/sessions", ["Expect: a-coffee", "Content-Length: 9"]), 417)])
def test_the_body_is_not_asked_for_where_it_would_be_refused(gateway, request_head, status):
    with Wire(gateway) as wire:
        answer = wire.ask(request_head)
        assert answer.status == status and answer.closes()
        assert answer.error()
        assert wire.ended()


def test_a_body_over_the_limit_is_refused_before_it_comes(gateway):
    with Wire(gateway) as wire:
        answer = wire.ask(head("POST /api/sessions", ["Content-Length: 65537"]))
        assert answer.status == 413 and answer.error() == "CONTENT_TOO_LARGE" and answer.closes()
        assert wire.ended()


def test_a_refusal_reaches_a_client_that_goes_on_sending(gateway):
    with Wire(gateway) as wire:
        wire.send(head("POST /api/sessions", ["Content-Length: 500000"]) + b"x" * 500000)
        answer = wire.answer()
        assert answer.status == 413
        assert wire.ended()


def test_chunks_over_the_limit_are_refused_while_they_come(gateway):
    with Wire(gateway) as wire:
        wire.send(chunked("/api/sessions", b"8000\r\n" + b" " * 0x8000 + b"\r\n"))
        wire.send(b"8000\r\n" + b" " * 0x8000 + b"\r\n")
        wire.send(b"1\r\n")
        answer = wire.answer()
        assert answer.status == 413 and answer.closes()
        assert wire.ended()


def test_the_largest_body_is_taken(gateway):
    padded = MESSAGE + b" " * (65536 - len(MESSAGE))
    end(gateway, opened(ask(gateway, post("/api/sessions", padded))))
    end(gateway, opened(ask(gateway, chunked("/api/sessions", in_chunks(padded, 4096)))))


@pytest.mark.parametrize("headers", [["Content-Type: text/plain"], ["Content-Type: application/x-www-form-urlencoded"],
                                     ["Content-Type: application/json; charset=euc-kr"],
                                     ["Content-Type: application/json", "Content-Encoding: gzip"]])
def test_what_is_not_json_is_refused_and_the_connection_stays(gateway, headers):
    with Wire(gateway) as wire:
        answer = wire.ask(head("POST /api/sessions", [f"Content-Length: {len(MESSAGE)}", *headers]) + MESSAGE)
        assert answer.status == 415 and answer.error() == "UNSUPPORTED_MEDIA_TYPE"
        assert wire.ask(head("GET /api/health")).status == 200


@pytest.mark.parametrize("headers", [[], ["Content-Type: application/json;charset=utf-8"],
                                     ["content-type: APPLICATION/JSON"]])
def test_json_may_be_named_in_several_ways_or_not_at_all(gateway, headers):
    request = head("POST /api/sessions", [f"Content-Length: {len(MESSAGE)}", *headers]) + MESSAGE
    end(gateway, opened(ask(gateway, request)))


def test_an_empty_body_is_no_message(gateway):
    with Wire(gateway) as wire:
        for request in [post("/api/sessions", b""), head("POST /api/sessions"), chunked("/api/sessions", b"0\r\n\r\n")]:
            answer = wire.ask(request)
            assert answer.status == 400 and answer.error() == "INVALID_JSON"


def test_a_body_that_nobody_wants_goes_by(gateway):
    with Wire(gateway) as wire:
        assert wire.ask(head("GET /api/health", ["Content-Length: 5"]) + b"GET /").status == 200
        assert wire.ask(head("GET /api/status", ["Transfer-Encoding: chunked"]) + in_chunks(b"abc", 1)).status == 200
        assert wire.ask(post("/api/nothing", b"{}")).status == 404
        assert wire.ask(head("GET /api/health")).status == 200


def test_a_body_that_ends_too_early_is_refused(gateway):
    with Wire(gateway) as wire:
        wire.send(head("POST /api/sessions", ["Content-Length: 100"]) + b"{")
        wire.socket.shutdown(1)
        answer = wire.answer()
        assert answer.status == 400 and answer.error() == "BAD_REQUEST"
        assert wire.ended()


@pytest.mark.parametrize("text", ["한국어", "\\u0041", " \n "])
def test_text_arrives_as_it_was_sent(gateway, text):
    session = Session(gateway)
    message = json.dumps({"type": f"no_such_type_{text}"}, ensure_ascii=False).encode()
    answer = session.send(message)
    assert answer.status == 400 and answer.error() == "UNKNOWN_MESSAGE_TYPE"
    assert session.end().status == 204
