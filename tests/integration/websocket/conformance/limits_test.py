"""Limits: how large, how often, how many (RFC 6455, 10.4, and the broker's `limits:`)."""

import json

import pytest

from raw_client import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, RawClient, continuation, frame, ping, pong, text
from script import ACK, Case, Error, expect_alive, expect_close, register, run, table

LARGEST = 1024
SMALL = {"limits": {"max_message": "1KiB"}}


@table(
    Case("whole", text(register(LARGEST)), [ACK]),
    Case("fragmented", text(register(LARGEST)[:1000], fin=False) + continuation(register(LARGEST)[1000:], fin=True), [ACK]),
    Case("one-after-another", text(register(LARGEST)) * 5, [ACK] * 5),
    Case("pings-do-not-count", text(register(LARGEST)[:1000], fin=False) + ping(b"x" * 125) +
         continuation(register(LARGEST)[1000:], fin=True), [("pong", b"x" * 125), ACK]),
)
def test_the_largest_message_is_taken(special, case, piece):
    run(special(**SMALL), case, piece)


@table(
    Case("text-one-more", text(register(LARGEST + 1)), close=1009),
    Case("binary-one-more", frame(BINARY, b"x" * (LARGEST + 1)), close=1009),
    Case("head-alone", frame(TEXT, b"", length=LARGEST + 1), close=1009),
    Case("head-of-64-kib", frame(TEXT, b"", length=1 << 16), close=1009),
    Case("head-of-4-gib", frame(BINARY, b"", length=1 << 32), close=1009),
    Case("head-of-the-longest", frame(TEXT, b"", length=(1 << 63) - 1), close=1009),
    Case("first-fragment", frame(TEXT, b"", fin=False, length=LARGEST + 1), close=1009),
    Case("fragments-together", text("x" * 1000, fin=False) + frame(CONTINUATION, b"", length=25), close=1009),
    Case("many-fragments", text("x", fin=False) + continuation("x" * 100) * 11, close=1009),
    Case("fragment-of-the-longest", text("x", fin=False) + frame(CONTINUATION, b"", length=(1 << 63) - 1), close=1009),
    Case("behind-a-good-one", text(register()) + text(register(LARGEST + 1)), [ACK], 1009),
)
def test_a_larger_message_is_refused_by_its_head(special, case, piece):
    run(special(**SMALL), case, piece)


def test_the_default_is_64_kib(broker):
    run(broker, Case("largest", text(register(65536)), [ACK]))
    run(broker, Case("larger", frame(TEXT, b"", length=65537), close=1009))


@pytest.mark.parametrize("kind", ["ping", "pong", "fragment", "empty message"])
def test_a_flood_of_frames_is_refused(special, kind):
    running = special(limits={"frames_per_second": 50, "messages_per_second": 1000})
    flood = {"ping": ping(), "pong": pong(), "fragment": continuation(b""), "empty message": text("")}[kind]
    with RawClient(running.port) as client:
        client.upgrade()
        if kind == "fragment":
            client.send(text("", fin=False))
        client.send(flood * 500)
        answers = 0
        while (got := client.read()).opcode != 0x8:
            answers += 1
        assert got.code == 1008
        assert answers <= 150, "one second's worth, and what came by while it ran"
        client.expect_end()


def test_more_messages_than_the_rate_allows_are_refused_and_the_connection_stays(special):
    running = special(limits={"messages_per_second": 20})
    with RawClient(running.port) as client:
        client.upgrade()
        client.send(text(register()) * 500)
        answers = [client.read() for _ in range(500)]
        refused = [got for got in answers if got != Frame(TEXT, ACK)]
        assert 20 <= len(answers) - len(refused) <= 100, "one second's worth, and what came by while it ran"
        assert {json.loads(got.payload)["error_code"] for got in refused} == {"RATE_LIMIT_EXCEEDED"}
        client.send(ping(b"still here"))
        assert client.read() == Frame(PONG, b"still here")


def test_a_refused_client_disturbs_nobody(special):
    running = special(**SMALL)
    with RawClient(running.port) as calm, RawClient(running.port) as wild:
        calm.upgrade()
        wild.upgrade()
        wild.send(frame(TEXT, b"", length=1 << 40))
        expect_close(wild, 1009)
        expect_alive(calm)


def test_one_client_more_than_the_limit_is_refused_before_the_upgrade(special):
    running = special(limits={"max_connections": 2})
    with RawClient(running.port) as first, RawClient(running.port) as second:
        first.upgrade()
        second.upgrade()
        with RawClient(running.port) as third:
            third.send(third.request())
            assert third.read_response().status == 503
            third.expect_end()
        expect_alive(first)
