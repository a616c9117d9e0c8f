"""What is over a limit hears HTTP's own refusal, in the gateway's shape."""

import time

import pytest

from broker import Broker, gateway_config
from rest_client import Session, Wire, ask, chunked, coordinate, eventually, head, post, registration, OMNIVERSE


@pytest.fixture(scope="module")
def strict():
    config = gateway_config(
        limits={"messages_per_second": 5, "max_body": "2KiB", "max_message": "1KiB", "max_request_head": "2KiB",
                "max_headers": 20, "head_timeout": "500ms", "max_detached_sessions": 3},
        transports={"rest": {"request_timeout": "500ms"}})
    with Broker(config) as broker:
        yield broker


def test_messages_over_the_rate_are_429(strict):
    session = Session(strict, OMNIVERSE)
    with Wire(strict) as wire:
        wire.send(post("/api/messages", coordinate(), [session.bearer]) * 30)
        answers = [wire.answer() for _ in range(30)]
    refused = [answer for answer in answers if answer.status == 429]

    assert 20 <= len(refused) <= 27, [answer.status for answer in answers]
    for answer in refused:
        assert answer.error() == "RESOURCE_EXHAUSTED"
        assert answer.headers["retry-after"] == "1"
        assert not answer.closes()
    eventually(lambda: session.send(coordinate()).status == 200, "the session may send again")
    assert session.end().status == 204


def test_sessions_over_the_limit_are_503(strict):
    sessions = [Session(strict) for _ in range(3)]
    answer = ask(strict, post("/api/sessions", registration("web_ui")))

    assert answer.status == 503 and answer.error() == "UNAVAILABLE"
    assert "retry-after" in answer.headers
    assert sessions.pop().end().status == 204
    sessions.append(Session(strict))
    assert all(session.end().status == 204 for session in sessions)


def test_a_body_is_never_larger_than_a_message(strict):
    for request in [head("POST /api/sessions", ["Content-Length: 1025"]), chunked("/api/sessions", b"401\r\n")]:
        answer = ask(strict, request)
        assert answer.status == 413 and answer.error() == "CONTENT_TOO_LARGE" and answer.closes()


def test_a_head_over_the_limit_is_431(strict):
    for headers in [["X-Long: " + "x" * 3000], [f"X-{i}: y" for i in range(30)]]:
        with Wire(strict) as wire:
            answer = wire.ask(head("GET /api/health", headers))
            assert answer.status == 431 and answer.error() == "HEADERS_TOO_LARGE" and answer.closes()
            assert wire.ended()


def test_a_target_over_the_limit_is_414(strict):
    answer = ask(strict, head("GET /api/" + "x" * 3000))

    assert answer.status == 414 and answer.error() == "URI_TOO_LONG"


def test_a_head_that_does_not_come_in_time_is_408(strict):
    with Wire(strict) as wire:
        wire.send(b"GET /api/health HTTP/1.1\r\nHost:")
        answer = wire.answer()
        assert answer.status == 408 and answer.error() == "REQUEST_TIMEOUT"
        assert wire.ended()


def test_a_body_that_does_not_come_in_time_is_408(strict):
    for request in [head("POST /api/sessions", ["Content-Length: 10"]) + b"{", chunked("/api/sessions", b"5\r\n{")]:
        with Wire(strict) as wire:
            begun = time.monotonic()
            answer = wire.ask(request)
            assert answer.status == 408 and answer.error() == "REQUEST_TIMEOUT" and answer.closes()
            assert time.monotonic() - begun >= 0.4
            assert wire.ended()


def test_a_body_by_the_byte_buys_no_time(strict):
    with Wire(strict) as wire:
        wire.send(head("POST /api/sessions", ["Content-Length: 1000"]))
        wire.socket.settimeout(0.05)
        deadline = time.monotonic() + 10
        while b"\r\n\r\n" not in wire.buffer and time.monotonic() < deadline:
            try:
                wire.send(b" ")
                wire.more()
            except (TimeoutError, BrokenPipeError, ConnectionResetError):
                pass  # nothing yet; or it has closed, and what it said is read below
        wire.socket.settimeout(10)
        assert wire.answer().status == 408


def test_limits_are_counted(strict):
    ask(strict, head("POST /api/sessions", ["Content-Length: 1025"]))
    body = ask(strict, head("GET /api/metrics")).body.decode()
    samples = {line.split("{")[0]: float(line.rsplit(" ", 1)[1]) for line in body.splitlines() if line[:1] != "#"}

    over = [value for name, value in samples.items() if name.endswith("http_over_limit_total")]
    assert over and over[0] >= 1
