"""The text of messages is UTF-8, judged as it arrives (RFC 6455, 8.1; RFC 3629)."""

import pytest

from raw_client import BINARY, CONTINUATION, TEXT, RawClient, continuation, fragments, frame, masked, ping, text
from script import BYTEWISE, NOT_JSON, Case, Error, expect_close, quoted, run, table

VALID = {
    "greek": "κόσμε",
    "german": "Hällo-µ@ßöäüàá-UTF-8!!",
    "korean": "안녕하세요",
    "japanese": "座標を更新",
    "emoji": "🍌🛰️",
    "first-of-two-bytes": "\u0080",
    "first-of-three-bytes": "\u0800",
    "first-of-four-bytes": "\U00010000",
    "last-of-one-byte": "\u007f",
    "last-of-two-bytes": "\u07ff",
    "last-of-three-bytes": "\uffff",
    "last-of-all": "\U0010ffff",
    "before-the-surrogates": "\ud7ff",
    "behind-the-surrogates": "\ue000",
    "replacement": "\ufffd",
    "not-a-character": "\ufffe",
    "private-use": "\uf8ff",
    "byte-order-mark-inside": "a\ufeffb",
    "combining": "a\u0301\u0323",
    "right-to-left": "שלום",
}


def naming(value):
    """A message whose answer repeats `value`."""
    return ('{"type":"client_register","client_type":' + quoted(value) + "}").encode()


@table(*[Case(name, text(naming(value)), [Error("UNSUPPORTED_CLIENT_TYPE", echoes=value)]) for name, value in VALID.items()])
def test_valid_text_arrives_as_it_is(broker, case, piece):
    run(broker, case, piece)


@table(*[Case(name, b"".join(fragments(naming(value), *range(1, len(naming(value))))),
              [Error("UNSUPPORTED_CLIENT_TYPE", echoes=value)]) for name, value in VALID.items()], pieces=(None,))
def test_valid_text_may_be_cut_inside_its_characters(broker, case, piece):
    run(broker, case, piece)


@table(
    *[Case(f"{name}-{cut}", text(naming(value)[:place + cut], fin=False) + ping(b"\xff") +
           continuation(naming(value)[place + cut:], fin=True),
           [("pong", b"\xff"), Error("UNSUPPORTED_CLIENT_TYPE", echoes=value)])
      for name, value, size in (("two-bytes", "é", 2), ("three-bytes", "水", 3), ("four-bytes", "🍌", 4))
      for cut in range(1, size)
      for place in (naming(value).index(value.encode()),)])
def test_a_control_frame_may_come_inside_a_character(broker, case, piece):
    run(broker, case, piece)


@table(
    Case("null", text("\0"), [NOT_JSON]),
    Case("byte-order-mark", text("\ufeff{}"), [NOT_JSON]),
    Case("all-ascii", text(bytes(range(128))), [NOT_JSON]),
    Case("long", text("水" * 10000), [NOT_JSON]),
    pieces=(None, 997),
)
def test_valid_text_that_is_no_json_is_not_an_error_of_the_protocol(broker, case, piece):
    run(broker, case, piece)


INVALID = {
    "stray-continuation-80": b"\x80",
    "stray-continuation-bf": b"\xbf",
    "six-stray-continuations": b"\x80\xbf\x80\xbf\x80\xbf",
    "continuation-behind-a-character": b"\xc3\xa9\xa9",
    "lonely-start-of-two": b"\xc3 ",
    "lonely-start-of-three": b"\xe2 ",
    "lonely-start-of-four": b"\xf0 ",
    "broken-off-in-three": b"\xe2\x82 ",
    "broken-off-in-four": b"\xf0\x9f\x98 ",
    "started-again-inside": b"\xe2\x82\xe2\x82\xac",
    "overlong-slash-in-two": b"\xc0\xaf",
    "overlong-slash-in-three": b"\xe0\x80\xaf",
    "overlong-slash-in-four": b"\xf0\x80\x80\xaf",
    "overlong-null-in-two": b"\xc0\x80",
    "overlong-null-in-three": b"\xe0\x80\x80",
    "overlong-null-in-four": b"\xf0\x80\x80\x80",
    "overlong-last-in-two": b"\xc1\xbf",
    "overlong-last-in-three": b"\xe0\x9f\xbf",
    "overlong-last-in-four": b"\xf0\x8f\xbf\xbf",
    "five-bytes": b"\xf8\x88\x80\x80\x80",
    "six-bytes": b"\xfc\x84\x80\x80\x80\x80",
    "surrogate-first": b"\xed\xa0\x80",
    "surrogate-last-high": b"\xed\xaf\xbf",
    "surrogate-first-low": b"\xed\xb0\x80",
    "surrogate-last": b"\xed\xbf\xbf",
    "surrogate-pair": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond-the-last": b"\xf4\x90\x80\x80",
    "far-beyond-the-last": b"\xf7\xbf\xbf\xbf",
    "f5": b"\xf5\x80\x80\x80",
    "fe": b"\xfe",
    "ff": b"\xff",
    "fe-fe-ff-ff": b"\xfe\xfe\xff\xff",
    "latin-1": "naïve".encode("latin-1"),
    "utf-16": "hello\u20ac".encode("utf-16-be"),
}


@table(*[Case(name, text(b'{"type":"' + bad + b'"}'), close=1007) for name, bad in INVALID.items()])
def test_text_that_is_not_utf8_is_an_error(broker, case, piece):
    run(broker, case, piece)


@table(*[Case(name, text(b"{", fin=False) + b"".join(continuation(bad[i:i + 1]) for i in range(len(bad))) +
              continuation(b"}", fin=True), close=1007) for name, bad in INVALID.items()], pieces=(None,))
def test_text_that_is_not_utf8_is_an_error_in_fragments_too(broker, case, piece):
    run(broker, case, piece)


CUT_OFF = {"of-two": b"\xc3", "of-three-one": b"\xe2", "of-three-two": b"\xe2\x82", "of-four-one": b"\xf0",
           "of-four-two": b"\xf0\x9f", "of-four-three": b"\xf0\x9f\x98"}


@table(*[Case(f"whole-{name}", text(b"x" + cut), close=1007) for name, cut in CUT_OFF.items()],
       *[Case(f"fragmented-{name}", text(b"x", fin=False) + continuation(cut, fin=True), close=1007)
         for name, cut in CUT_OFF.items()],
       *[Case(f"empty-last-{name}", text(b"x" + cut, fin=False) + continuation(b"", fin=True), close=1007)
         for name, cut in CUT_OFF.items()])
def test_a_message_must_not_end_inside_a_character(broker, case, piece):
    run(broker, case, piece)


def unfinished(payload, missing):
    """A text frame whose last bytes never come."""
    return frame(TEXT, payload, length=len(payload) + missing)


@table(
    *[Case(f"frame-{name}", unfinished(b"good so far " + bad, 100), close=1007) for name, bad in
      (("ff", b"\xff"), ("surrogate", b"\xed\xa0"), ("overlong", b"\xc0"), ("beyond", b"\xf4\x90"), ("stray", b"\x80"))],
    *[Case(f"fragment-{name}", text("good so far ", fin=False) + continuation(bad), close=1007) for name, bad in
      (("ff", b"\xff"), ("surrogate", b"\xed\xa0"), ("overlong", b"\xc0"), ("beyond", b"\xf4\x90"), ("stray", b"\x80"))],
    Case("fragment-frame", text("good ", fin=False) + frame(CONTINUATION, b"x\xff", fin=True, length=5000), close=1007),
)
def test_text_is_refused_before_the_message_is_whole(broker, case, piece):
    run(broker, case, piece)


def test_text_is_refused_at_the_very_byte(broker):
    with RawClient(broker.port) as client:
        client.upgrade()
        whole = frame(TEXT, b"\xce\xba\xf4\x90\x80\x80 and more")
        client.send(whole[:6 + 3])  # the head, two good bytes, and one that may still become a character
        client.send(whole[6 + 3:6 + 4])
        expect_close(client, 1007)


@table(
    Case("whole", frame(BINARY, b"\xff\xfe\x80"), [Error("INVALID_MESSAGE_FORMAT")]),
    Case("fragmented", frame(BINARY, b"\xc3", fin=False) + continuation(b"\xff", fin=True), [Error("INVALID_MESSAGE_FORMAT")]),
    Case("then-text", frame(BINARY, b"\xc3") + text("é"), [Error("INVALID_MESSAGE_FORMAT"), NOT_JSON]),
)
def test_binary_messages_hold_any_bytes(broker, case, piece):
    run(broker, case, piece)
