"""Pings of the server, and what becomes of those that do not answer."""

import time

from raw_client import PING, TEXT, Frame, RawClient, ping, pong, text
from script import ACK, expect_close, register

QUICK = {"ping_interval": "300ms", "ping_timeout": "600ms"}


def test_a_silent_client_is_pinged_and_stays_when_it_answers(special):
    with RawClient(special(QUICK).port) as client:
        client.upgrade()
        payloads = []
        for _ in range(4):
            got = client.read()
            assert got.opcode == PING
            payloads.append(got.payload)
            client.send(pong(got.payload))
        assert len(set(payloads)) == 4, "each ping can be told from the last"
        client.send(text(register()))
        assert client.read() == Frame(TEXT, ACK)


def test_a_client_that_does_not_answer_is_closed(special):
    with RawClient(special(QUICK).port) as client:
        client.upgrade()
        began = time.monotonic()
        assert client.read().opcode == PING
        expect_close(client, 1011)
        assert time.monotonic() - began >= 0.9 - 0.05, "an interval and a timeout"


def test_any_byte_is_an_answer(special):
    with RawClient(special(QUICK).port) as client:
        client.upgrade()
        slow = text(register())
        for byte in slow[:4]:
            assert client.read().opcode == PING
            client.send(bytes([byte]))
        client.send(slow[4:])
        got = client.read()
        while got.opcode == PING:
            got = client.read()
        assert got == Frame(TEXT, ACK)


def test_pings_can_be_off(special):
    with RawClient(special({"ping_interval": "off"}).port) as client:
        client.upgrade()
        client.socket.settimeout(1.5)
        try:
            unexpected = client.socket.recv(1)
        except TimeoutError:
            unexpected = None
        assert unexpected is None
