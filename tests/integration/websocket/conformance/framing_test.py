"""Frames: their lengths, masks, reserved bits and opcodes (RFC 6455, 5.2)."""

from raw_client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, continuation, frame, ping, text
from script import ACK, NOT_JSON, Case, Error, register, run, table

BINARY_REFUSED = Error("INVALID_MESSAGE_FORMAT")


@table(
    Case("text-empty", text(""), [NOT_JSON]),
    *[Case(f"text-{size}", text(register(size)), [ACK]) for size in (49, 125, 126, 127, 128, 1000)],
    Case("binary-empty", frame(BINARY), [BINARY_REFUSED]),
    *[Case(f"binary-{size}", frame(BINARY, b"\xfe" * size), [BINARY_REFUSED]) for size in (1, 125, 126, 128, 1000)],
    Case("two-in-one-segment", text(register()) * 2, [ACK, ACK]),
    Case("text-and-binary-in-turn", (text(register()) + frame(BINARY, b"\0")) * 3, [ACK, BINARY_REFUSED] * 3),
    Case("twenty-in-a-row", text(register()) * 20, [ACK] * 20),
)
def test_a_message_of_any_length_arrives(broker, case, piece):
    run(broker, case, piece)


@table(
    *[Case(f"text-{size}", text(register(size)), [ACK]) for size in (65535, 65536)],
    *[Case(f"binary-{size}", frame(BINARY, b"\xfe" * size), [BINARY_REFUSED]) for size in (65535, 65536)],
    pieces=(None, 997),
)
def test_a_message_of_the_longer_length_forms_arrives(broker, case, piece):
    run(broker, case, piece)


@table(
    Case("all-zeros", text(register(), mask=b"\0\0\0\0"), [ACK]),
    Case("all-ones", text(register(), mask=b"\xff\xff\xff\xff"), [ACK]),
    Case("other-for-each-frame",
         b"".join(text(register(), mask=bytes([i, 255 - i, 7 * i, 0x5A])) for i in range(1, 9)), [ACK] * 8),
    Case("other-for-each-fragment",
         frame(TEXT, register()[:11], fin=False, mask=b"\1\2\3\4") + frame(CONTINUATION, register()[11:], mask=b"\x99\0\xff\7"),
         [ACK]),
)
def test_any_mask_is_undone(broker, case, piece):
    run(broker, case, piece)


NAMES = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}


@table(*[Case(f"{name}", frame(opcode, b"x" * 2, mask=None), close=1002) for opcode, name in NAMES.items()],
       Case("text-behind-a-good-one", text(register()) + text(register(), mask=None), [ACK], 1002))
def test_a_frame_without_a_mask_is_an_error(broker, case, piece):
    run(broker, case, piece)


@table(
    *[Case(f"rsv{bits}-text", text(register(), rsv=bits), close=1002) for bits in range(1, 8)],
    *[Case(f"rsv4-{NAMES[opcode]}", frame(opcode, b"", rsv=4), close=1002) for opcode in (BINARY, CLOSE, PING, PONG)],
    *[Case(f"rsv{bits}-ping", frame(PING, b"x", rsv=bits), close=1002) for bits in (1, 2, 7)],
    Case("rsv1-behind-a-good-one", text(register()) + text(register(), rsv=1) + ping(b"never"), [ACK], 1002),
    Case("rsv2-between-two-pings", ping(b"1") + text(register(), rsv=2) + ping(b"2"), [("pong", b"1")], 1002),
    Case("rsv4-in-a-continuation",
         text("x", fin=False) + frame(CONTINUATION, b"y", rsv=4), close=1002),
)
def test_a_reserved_bit_is_an_error(broker, case, piece):
    run(broker, case, piece)


RESERVED = (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)


@table(
    *[Case(f"opcode-{opcode:x}", frame(opcode), close=1002) for opcode in RESERVED],
    *[Case(f"opcode-{opcode:x}-with-payload", frame(opcode, b"payload"), close=1002) for opcode in RESERVED],
    Case("opcode-5-behind-a-good-one", text(register()) + frame(5) + ping(b"never"), [ACK], 1002),
    Case("opcode-b-behind-a-good-one", text(register()) + frame(0xB, b"x") + ping(b"never"), [ACK], 1002),
    Case("opcode-7-in-a-message", text("x", fin=False) + frame(7) + continuation("y", fin=True), close=1002),
)
def test_a_reserved_opcode_is_an_error(broker, case, piece):
    run(broker, case, piece)


@table(
    *[Case(f"16-bit-for-{size}", text("x" * size, form=2), close=1002) for size in (0, 1, 125)],
    *[Case(f"64-bit-for-{size}", text("x" * size, form=8), close=1002) for size in (0, 1, 125, 126, 1000)],
    Case("16-bit-for-a-ping", frame(PING, b"x", form=2), close=1002),
    Case("64-bit-for-a-close", frame(CLOSE, b"\x03\xe8", form=8), close=1002),
    Case("highest-bit", frame(TEXT, b"", length=1 << 63), close=1002),
    Case("all-bits", frame(BINARY, b"", length=(1 << 64) - 1), close=1002),
)
def test_a_length_must_be_in_its_shortest_form(broker, case, piece):
    run(broker, case, piece)


@table(
    Case("good-message-then-error-then-more", text(register()) + frame(3) + text(register()) * 3, [ACK], 1002),
    Case("error-then-close", frame(3) + close(1000), close=1002),
    Case("error-then-garbage", frame(3) + bytes(range(256)) * 16, close=1002),
)
def test_nothing_behind_an_error_is_handled(broker, case, piece):
    run(broker, case, piece)
