"""What a case of the suite is made of: bytes to send, and what must come back.

The broker answers messages by its contract, so that is how a test sees that a message has arrived whole: a client_register
is acknowledged, whatever else it carries; text that is no JSON is answered by an INVALID_JSON error.
"""

import dataclasses
import json
import typing

import pytest

from raw_client import CLOSE, PING, PONG, TEXT, Frame, RawClient, frame

REGISTER = '{"type":"client_register","client_type":"web_ui"}'
ACK = b'{"type":"ack","original_type":"client_register","status":"success"}'

BYTEWISE = 1


def register(size=None):
    """A client_register, made `size` bytes long by white space around it."""
    if size is None:
        return REGISTER.encode()
    return REGISTER.encode() + b" " * (size - len(REGISTER))


@dataclasses.dataclass
class Error:
    """An error of the contract with this code; `echoes`: its message holds this text."""
    code: str
    echoes: str = ""


NOT_JSON = Error("INVALID_JSON")


@dataclasses.dataclass
class Case:
    """`answers`: b"..." a text message of exactly these bytes; Error; ("pong", payload). `close`: the code with which the
    connection then ends; "empty" for a close frame without one; None: it stays open, and is alive."""
    name: str
    sent: bytes
    answers: typing.Sequence = ()
    close: typing.Union[int, str, None] = None


def table(*cases, pieces=(None, BYTEWISE)):
    """Each case sent whole, and byte by byte."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), f"two cases of one name: {sorted(names)}"
    return pytest.mark.parametrize(
        "case, piece",
        [pytest.param(case, piece, id=f"{case.name}-{'bytewise' if piece else 'whole'}") for case in cases for piece in pieces])


def expect_answer(client, expected):
    got = client.read()
    if isinstance(expected, bytes):
        assert got == Frame(TEXT, expected)
    elif isinstance(expected, Error):
        assert (got.opcode, got.fin) == (TEXT, True), got
        assert set(got.json) >= {"type", "error_code", "error_message"}
        assert (got.json["type"], got.json["error_code"]) == ("error", expected.code)
        assert expected.echoes in got.json["error_message"]
    else:
        kind, payload = expected
        assert kind == "pong"
        assert got == Frame(PONG, payload)


def expect_close(client, code):
    """A close frame with this code ("empty": with none), then the end of the stream and nothing between."""
    got = client.read()
    assert got.opcode == CLOSE and got.fin, got
    assert got.code == (None if code == "empty" else code), got
    client.expect_end()


def expect_alive(client):
    client.send(frame(PING, b"still there?"))
    assert client.read() == Frame(PONG, b"still there?")


def run(broker, case, piece=None, offer=None):
    with RawClient(broker.port) as client:
        client.upgrade(offer=offer)
        client.send(case.sent, piece)
        for expected in case.answers:
            expect_answer(client, expected)
        if case.close is None:
            expect_alive(client)
        else:
            expect_close(client, case.close)


def quoted(value):
    """As a JSON string, characters as they are."""
    return json.dumps(value, ensure_ascii=False)
