"""Compressed messages (RFC 7692)."""

import contextlib
import random
import zlib

import pytest

from raw_client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, RawClient, compressed, continuation, deflated,
                        frame, ping, text)
from script import ACK, NOT_JSON, Case, Error, expect_alive, expect_close, register, run, table

ON = {"compression": "deflate"}
PLAIN = "permessage-deflate"
BINARY_REFUSED = Error("INVALID_MESSAGE_FORMAT")
NOISE = random.Random(7).randbytes(70000)  # the same every time


# ---------------------------------------------------------------------------------------------------------- the agreement

@pytest.mark.parametrize("offer, window", [
    pytest.param(PLAIN, 15, id="alone"),
    pytest.param(f"{PLAIN}; client_max_window_bits", 15, id="as-browsers"),
    pytest.param(f"{PLAIN}; client_max_window_bits=10", 15, id="the-clients-window"),
    pytest.param(f"{PLAIN}; server_no_context_takeover; client_no_context_takeover", 15, id="no-takeover"),
    *[pytest.param(f"{PLAIN}; server_max_window_bits={bits}", bits, id=f"window-{bits}") for bits in range(9, 16)],
    pytest.param(f'{PLAIN}; server_max_window_bits="11"', 11, id="quoted"),
    pytest.param(f"{PLAIN}\t;server_max_window_bits = 11", 11, id="spaces"),
    pytest.param([PLAIN, f"{PLAIN}; server_max_window_bits=11"], 15, id="the-first-of-two-lines"),
    pytest.param(f"{PLAIN}; server_max_window_bits=11, {PLAIN}", 11, id="the-first-of-two"),
    pytest.param(["x-unknown; a=1", f"permessage-bzip2, {PLAIN}"], 15, id="behind-others"),
    pytest.param(f"{PLAIN}; server_max_window_bits=8, {PLAIN}", 15, id="behind-one-that-cannot-be"),
    pytest.param(f"{PLAIN}; unknown=1, {PLAIN}; server_max_window_bits=12", 12, id="behind-one-that-is-unknown"),
    pytest.param(f"{PLAIN}; server_max_window_bits=8", None, id="a-window-that-cannot-be"),
    pytest.param(f"{PLAIN}; server_max_window_bits", None, id="a-window-without-bits"),
    pytest.param(f"{PLAIN}; server_max_window_bits=16", None, id="a-window-too-wide"),
    pytest.param(f"{PLAIN}; server_max_window_bits=012", None, id="a-window-with-a-zero-before"),
    pytest.param(f"{PLAIN}; client_max_window_bits=7", None, id="a-clients-window-too-small"),
    pytest.param(f"{PLAIN}; server_no_context_takeover=1", None, id="a-value-too-much"),
    pytest.param(f"{PLAIN}; client_no_context_takeover; client_no_context_takeover", None, id="repeated"),
    pytest.param(f"{PLAIN}; unknown", None, id="an-unknown-parameter"),
    pytest.param("permessage-bzip2", None, id="another-extension"),
])
def test_an_offer_is_taken_or_passed_over(special, offer, window):
    with RawClient(special(ON).port) as client:
        client.upgrade(offer=offer)
        assert client.window == window
        if window:
            client.send(compressed(register()))
            assert client.read() == Frame(TEXT, ACK)
        expect_alive(client)


@pytest.mark.parametrize("line", [f"{PLAIN}; =", f"{PLAIN};", f'{PLAIN}; server_max_window_bits="12', "permessage deflate"])
def test_what_is_no_list_of_extensions_is_refused(special, line):
    with RawClient(special(ON).port) as client:
        client.send(client.request(more=[("Sec-WebSocket-Extensions", line)]))
        response = client.read_response()
        assert response.status == 400
        assert "Sec-WebSocket-Extensions" in response.body.decode("utf-8")
        client.expect_end()


def test_nothing_is_agreed_where_compression_is_off(broker):
    with RawClient(broker.port) as client:
        client.upgrade(offer=PLAIN)
        assert client.window is None
        client.send(compressed(register()))
        expect_close(client, 1002)


# ------------------------------------------------------------------------------------------------------------- messages in

def whole(*cuts, **how):
    """A registration, compressed, and cut into frames at these places; a negative one counts from the end."""
    payload = deflated(register(500), **how)
    cuts = [cut if cut >= 0 else len(payload) + cut for cut in cuts]
    pieces = [payload[a:b] for a, b in zip((0, *cuts), (*cuts, len(payload)))]
    frames = [frame(CONTINUATION if i else TEXT, piece, fin=i == len(pieces) - 1, rsv=0 if i else 4)
              for i, piece in enumerate(pieces)]
    return b"".join(frames)


@table(
    Case("alone", compressed(register()), [ACK]),
    Case("plain-ones-between", compressed(register()) + text(register()) + compressed(register()), [ACK] * 3),
    Case("twenty-in-a-row", compressed(register()) * 20, [ACK] * 20),
    Case("binary", compressed(b"\xff\xfe" * 50, BINARY), [BINARY_REFUSED]),
    Case("no-json", compressed("hello"), [NOT_JSON]),
    Case("empty", frame(TEXT, b"\0", rsv=4), [NOT_JSON]),
    Case("empty-payload", frame(TEXT, b"", rsv=4), [NOT_JSON]),
    Case("empty-final-block", frame(TEXT, b"\x03\0\0", rsv=4), [NOT_JSON]),
    *[Case(f"level-{level}", compressed(register(500), level=level), [ACK]) for level in (0, 1, 6, 9)],
    *[Case(f"window-{bits}", compressed(register(3000), window=bits), [ACK]) for bits in (9, 12, 15)],
    Case("many-blocks", compressed(register(500), piece=7), [ACK]),
    Case("many-stored-blocks", compressed(register(500), piece=7, level=0), [ACK]),
    Case("blocks-that-forget", compressed(register(500), piece=50, flush=zlib.Z_FULL_FLUSH), [ACK]),
    Case("a-final-block", compressed(register(500), flush=zlib.Z_FINISH), [ACK]),
    Case("many-final-blocks", compressed(register(500), piece=7, flush=zlib.Z_FINISH), [ACK]),
    Case("final-stored-blocks", compressed(register(500), piece=70, flush=zlib.Z_FINISH, level=0), [ACK]),
)
def test_a_compressed_message_arrives(special, case, piece):
    run(special(ON), case, piece, offer=PLAIN)


@table(
    Case("two", whole(20), [ACK]),
    Case("empty-first", whole(0), [ACK]),
    Case("one-byte-first", whole(1), [ACK]),
    Case("one-byte-last", whole(-1), [ACK]),
    Case("each-byte-a-frame", whole(*range(1, len(deflated(register(500))))), [ACK]),
    Case("empty-between", whole(20, 20, 20), [ACK]),
    Case("final-blocks", whole(30, flush=zlib.Z_FINISH, piece=50), [ACK]),
    Case("pings-between", compressed(register(500)) + frame(TEXT, deflated(register())[:9], fin=False, rsv=4) + ping(b"1") +
         continuation(b"") + ping(b"2") + continuation(deflated(register())[9:], fin=True),
         [ACK, ("pong", b"1"), ("pong", b"2"), ACK]),
    Case("plain-fragments-behind", whole(20) + text(register()[:20], fin=False) + continuation(register()[20:], fin=True),
         [ACK, ACK]),
)
def test_a_compressed_message_arrives_in_fragments(special, case, piece):
    run(special(ON), case, piece, offer=PLAIN)


NAMES = {BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}


@table(
    *[Case(f"rsv1-{NAMES[opcode]}", frame(opcode, b"", rsv=4), close=1002) for opcode in (CLOSE, PING, PONG)],
    Case("rsv1-in-a-continuation", compressed("x", fin=False) + frame(CONTINUATION, b"", rsv=4), close=1002),
    Case("rsv1-in-a-plain-continuation", text("x", fin=False) + frame(CONTINUATION, b"", rsv=4), close=1002),
    Case("rsv1-in-a-ping-between", compressed("x", fin=False) + frame(PING, b"", rsv=4), close=1002),
    *[Case(f"rsv{bits}", frame(TEXT, deflated("x"), rsv=bits), close=1002) for bits in (1, 2, 3, 5, 6, 7)],
    Case("behind-a-good-one", compressed(register()) + frame(PING, b"", rsv=4), [ACK], 1002),
)
def test_a_reserved_bit_is_an_error_elsewhere(special, case, piece):
    run(special(ON), case, piece, offer=PLAIN)


GOOD = deflated(register(500))


@table(
    Case("reserved-kind-of-block", frame(TEXT, b"\x07", rsv=4), close=1007),
    Case("a-wrong-length", frame(TEXT, b"\0\5\0\0\0hello\0", rsv=4), close=1007),
    Case("before-the-message", frame(TEXT, b"\x83\xd1\0\0", rsv=4), close=1007),
    Case("not-compressed", frame(TEXT, register(), rsv=4), close=1007),
    Case("behind-a-final-block", frame(TEXT, deflated("x", flush=zlib.Z_FINISH) + b"\x06", rsv=4), close=1007),
    *[Case(f"cut-to-{size}", frame(TEXT, GOOD[:size], rsv=4), close=1007) for size in (1, 20, len(GOOD) - 1)],
    Case("in-fragments", frame(TEXT, GOOD[:20], fin=False, rsv=4) + continuation(b"\xff" * 20, fin=True), close=1007),
    Case("behind-a-good-one", compressed(register()) + frame(TEXT, b"\x07", rsv=4) + ping(b"never"), [ACK], 1007),
)
def test_broken_data_is_an_error(special, case, piece):
    run(special(ON), case, piece, offer=PLAIN)


def test_no_message_may_refer_to_an_earlier_one(special):
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15)
    first, second = [(compressor.compress(register(500)) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4] for _ in range(2)]
    assert len(second) < len(first) / 2, "the second one refers to the first"
    run(special(ON), Case("", frame(TEXT, first, rsv=4) + frame(TEXT, second, rsv=4), [ACK], 1007), offer=PLAIN)


@table(
    Case("overlong", compressed(b"good \xc0\x80"), close=1007),
    Case("surrogate", compressed(b"good \xed\xa0\x80"), close=1007),
    Case("cut-off", compressed(b"good \xe2\x82"), close=1007),
    Case("fragmented", frame(TEXT, deflated(b"\xff" * 40)[:3], fin=False, rsv=4) +
         continuation(deflated(b"\xff" * 40)[3:], fin=True), close=1007),
    Case("good", compressed("水" * 100), [NOT_JSON]),
    Case("binary-is-not-judged", compressed(b"\xff" * 40, BINARY), [BINARY_REFUSED]),
)
def test_the_text_that_comes_out_is_judged(special, case, piece):
    run(special(ON), case, piece, offer=PLAIN)


LARGEST = 1024
SMALL = {"limits": {"max_message": "1KiB"}}


@table(
    Case("largest", compressed(register(LARGEST)), [ACK]),
    Case("largest-stored", compressed(register(LARGEST), level=0), [ACK]),
    Case("largest-of-noise", compressed(NOISE[:LARGEST], BINARY), [BINARY_REFUSED]),
    Case("one-more", compressed(register(LARGEST + 1)), close=1009),
    Case("one-more-of-noise", compressed(NOISE[:LARGEST + 1], BINARY), close=1009),
    Case("a-bomb", compressed(b"a" * 900_000, level=9), close=1009),
    Case("a-bomb-in-fragments", frame(TEXT, deflated(b"a" * 200_000)[:50], fin=False, rsv=4) +
         continuation(deflated(b"a" * 200_000)[50:], fin=True), close=1009),
    Case("a-head-alone", frame(TEXT, b"", length=1 << 40, rsv=4), close=1009),
    Case("fragments-together", frame(TEXT, b"x" * 1000, fin=False, rsv=4) + continuation(b"x" * 1000) * 3, close=1009),
    Case("a-bomb-behind-a-good-one", compressed(register()) + compressed(b" " * 500_000), [ACK], 1009),
    pieces=(None, 997),
)
def test_what_comes_out_is_bounded(special, case, piece):
    run(special(ON, **SMALL), case, piece, offer=PLAIN)


def test_the_largest_message_by_default_may_be_noise(special):
    run(special(ON), Case("", compressed(NOISE[:65536], BINARY) + compressed(NOISE[:65536], BINARY, level=0),
                          [BINARY_REFUSED] * 2), offer=PLAIN)
    run(special(ON), Case("", compressed(NOISE[:65537], BINARY), close=1009), offer=PLAIN)


# ------------------------------------------------------------------------------------------------------------ messages out

def selection(size, path="Husky_01/"):
    """A select_object of `size` bytes."""
    empty = b'{"type":"select_object","prim_path":"/World/"}'
    path = (path.encode() * size)[:size - len(empty)]
    return empty[:-2] + path + empty[-2:]


@contextlib.contextmanager
def selecting(running, *offers):
    """A web client that sends, and an Omniverse client for each offer that receives; all registered."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(RawClient(running.port)) for _ in (None, *offers)]
        for client, offer in zip(clients, (None, *offers)):
            client.upgrade(offer=offer)
            role = "web_ui" if client is clients[0] else "omniverse_extension"
            client.send(text('{"type":"client_register","client_type":"%s"}' % role))
            assert client.read().payload == ACK
        yield clients


def test_each_receiver_gets_what_it_can_read(special):
    windows = [f"{PLAIN}; server_max_window_bits={bits}" for bits in range(9, 16)]
    with selecting(special(ON), None, None, PLAIN, PLAIN, *windows) as (web, *receivers):
        message = selection(1000, "Husky_01/Sensors_27/Camera/")
        for _ in range(3):
            web.send(text(message))
            for receiver in receivers:
                assert receiver.read() == Frame(TEXT, message, compressed=receiver.window is not None)


def test_a_compressed_message_goes_on_to_those_that_read_plain_ones(special):
    with selecting(special(ON), None, PLAIN) as (_, plain, squeezed), RawClient(special(ON).port) as web:
        web.upgrade(offer=PLAIN)
        web.send(compressed('{"type":"client_register","client_type":"web_ui"}'))
        assert web.read() == Frame(TEXT, ACK)
        web.send(compressed(selection(700)))
        assert plain.read() == Frame(TEXT, selection(700))
        assert squeezed.read() == Frame(TEXT, selection(700), compressed=True)


def test_small_messages_are_sent_as_they_are(special):
    with selecting(special({**ON, "compression_min_size": "500B"}), PLAIN) as (web, receiver):
        for size in (499, 500, 499):
            web.send(text(selection(size)))
            assert receiver.read() == Frame(TEXT, selection(size), compressed=size >= 500)


def test_what_would_not_shrink_is_sent_as_it_is(special):
    noise = "".join(random.Random(1).choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", k=12))
    with selecting(special({**ON, "compression_min_size": "0B"}), PLAIN) as (web, receiver):
        message = selection(len(selection(46)) + 12, noise)
        web.send(text(message))
        assert receiver.read() == Frame(TEXT, message)
        web.send(text(selection(300)))
        assert receiver.read() == Frame(TEXT, selection(300), compressed=True)


def test_a_higher_level_makes_smaller_messages(special):
    sizes = {}
    paths = "".join(random.Random(2).choices(["Husky_", "Robot_", "Arm_", "Sensor_", "01", "02", "03", "/"], k=400))
    for level in (1, 9):
        with selecting(special({**ON, "compression_level": level}), PLAIN) as (web, receiver):
            web.send(text(selection(1000, paths)))
            got = receiver.read()
            assert got == Frame(TEXT, selection(1000, paths), compressed=True)
            sizes[level] = got.size
    assert sizes[9] < sizes[1] < 1000


def test_control_frames_are_never_compressed(special):
    with RawClient(special({**ON, "compression_min_size": "0B"}).port) as client:
        client.upgrade(offer=PLAIN)
        client.send(ping(b"a" * 125))
        assert client.read() == Frame(PONG, b"a" * 125)
        client.send(frame(3))
        expect_close(client, 1002)
