"""Pings and pongs (RFC 6455, 5.5)."""

from raw_client import CLOSE, PING, PONG, continuation, frame, ping, pong, text
from script import ACK, Case, register, run, table

BINARY_PAYLOAD = bytes([0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF])


@table(
    Case("empty", ping(), [("pong", b"")]),
    Case("text", ping(b"Hello, world!"), [("pong", b"Hello, world!")]),
    Case("binary", ping(BINARY_PAYLOAD), [("pong", BINARY_PAYLOAD)]),
    Case("not-utf8", ping(b"\xc3\x28\xff"), [("pong", b"\xc3\x28\xff")]),
    Case("longest", ping(b"\xfe" * 125), [("pong", b"\xfe" * 125)]),
    Case("zeros-as-mask", frame(PING, b"plain", mask=b"\0\0\0\0"), [("pong", b"plain")]),
    Case("ten-in-order", b"".join(ping(b"%d" % i) for i in range(10)), [("pong", b"%d" % i) for i in range(10)]),
    Case("before-and-behind-a-message", ping(b"1") + text(register()) + ping(b"2"), [("pong", b"1"), ACK, ("pong", b"2")]),
    Case("between-fragments", text("x" * 3, fin=False)[:0] + text(register()[:9], fin=False) + ping(b"mid") +
         continuation(register()[9:], fin=True), [("pong", b"mid"), ACK]),
)
def test_a_ping_is_answered_with_its_payload(broker, case, piece):
    run(broker, case, piece)


@table(
    Case("empty", pong()),
    Case("with-payload", pong(b"nobody asked")),
    Case("longest", pong(b"x" * 125)),
    Case("before-a-ping", pong(b"unasked") + ping(b"asked"), [("pong", b"asked")]),
    Case("ten-then-a-message", pong(b"x") * 10 + text(register()), [ACK]),
    Case("between-fragments", text(register()[:20], fin=False) + pong(b"mid") + continuation(register()[20:], fin=True), [ACK]),
)
def test_a_pong_that_nobody_asked_for_is_ignored(broker, case, piece):
    run(broker, case, piece)


@table(
    *[Case(f"{name}-126", frame(opcode, b"x" * 126), close=1002) for opcode, name in
      ((PING, "ping"), (PONG, "pong"), (CLOSE, "close"))],
    Case("ping-1000", frame(PING, b"x" * 1000), close=1002),
    Case("ping-65536", frame(PING, b"", length=65536), close=1002),
    *[Case(f"{name}-fragmented", frame(opcode, b"x", fin=False), close=1002) for opcode, name in
      ((PING, "ping"), (PONG, "pong"), (CLOSE, "close"))],
    Case("ping-fragmented-and-continued", frame(PING, b"x", fin=False) + continuation(b"y", fin=True), close=1002),
    Case("ping-too-long-inside-a-message", text("x", fin=False) + frame(PING, b"x" * 126), close=1002),
)
def test_a_control_frame_is_short_and_whole(broker, case, piece):
    run(broker, case, piece)
