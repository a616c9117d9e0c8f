"""Messages in several frames (RFC 6455, 5.4)."""

from raw_client import BINARY, CONTINUATION, TEXT, continuation, fragments, frame, ping, text
from script import ACK, Case, Error, register, run, table

MESSAGE = register()
BINARY_REFUSED = Error("INVALID_MESSAGE_FORMAT")


def joined(*cuts):
    return b"".join(fragments(MESSAGE, *cuts))


@table(
    Case("two", joined(20), [ACK]),
    Case("three", joined(10, 30), [ACK]),
    Case("one-byte-first", joined(1), [ACK]),
    Case("one-byte-last", joined(len(MESSAGE) - 1), [ACK]),
    Case("each-byte-a-fragment", joined(*range(1, len(MESSAGE))), [ACK]),
    Case("empty-first", joined(0), [ACK]),
    Case("empty-last", joined(len(MESSAGE)), [ACK]),
    Case("empty-between", joined(20, 20, 20), [ACK]),
    Case("all-empty", text("", fin=False) + continuation("") + continuation("", fin=True), [Error("INVALID_JSON")]),
    Case("binary", frame(BINARY, b"\xff", fin=False) + continuation(b"\xfe", fin=True), [BINARY_REFUSED]),
    Case("two-messages", joined(20) + joined(7, 8), [ACK, ACK]),
    Case("fragmented-whole-fragmented", joined(5) + text(MESSAGE) + joined(40), [ACK, ACK, ACK]),
    Case("large-fragments", text(MESSAGE, fin=False) + continuation(" " * 300) + continuation(" " * 70, fin=True), [ACK]),
)
def test_fragments_make_one_message(broker, case, piece):
    run(broker, case, piece)


def with_pings(*cuts):
    pieces = fragments(MESSAGE, *cuts)
    return b"".join(piece + ping(b"%d" % i) for i, piece in enumerate(pieces[:-1])) + pieces[-1]


@table(
    Case("one-ping", with_pings(20), [("pong", b"0"), ACK]),
    Case("a-ping-behind-each", with_pings(10, 20, 30, 40), [("pong", b"%d" % i) for i in range(4)] + [ACK]),
    Case("a-ping-behind-each-byte", with_pings(*range(1, 20)), [("pong", b"%d" % i) for i in range(19)] + [ACK]),
    Case("three-pings-at-once", fragments(MESSAGE, 9)[0] + ping(b"a") + ping(b"b") + ping(b"c") + fragments(MESSAGE, 9)[1],
         [("pong", b"a"), ("pong", b"b"), ("pong", b"c"), ACK]),
    Case("empty-fragments-and-pings", with_pings(0, 0, 20, 20), [("pong", b"%d" % i) for i in range(4)] + [ACK]),
)
def test_control_frames_may_come_between(broker, case, piece):
    run(broker, case, piece)


@table(
    Case("final-with-nothing-before", continuation("x", fin=True), close=1002),
    Case("not-final-with-nothing-before", continuation("x"), close=1002),
    Case("empty-with-nothing-before", continuation("", fin=True), close=1002),
    Case("behind-a-whole-message", text(MESSAGE) + continuation("x", fin=True), [ACK], 1002),
    Case("behind-the-final-fragment", joined(20) + continuation("x", fin=True), [ACK], 1002),
    Case("behind-a-ping", ping(b"1") + continuation("x", fin=True), [("pong", b"1")], 1002),
)
def test_a_continuation_needs_something_to_continue(broker, case, piece):
    run(broker, case, piece)


@table(
    Case("text-in-text", text("x", fin=False) + text(MESSAGE), close=1002),
    Case("fragmented-text-in-text", text("x", fin=False) + text("y", fin=False), close=1002),
    Case("binary-in-text", text("x", fin=False) + frame(BINARY, b"y"), close=1002),
    Case("text-in-binary", frame(BINARY, b"y", fin=False) + text(MESSAGE), close=1002),
    Case("text-behind-two-fragments", text("x", fin=False) + continuation("y") + text(MESSAGE), close=1002),
    Case("text-behind-a-ping", text("x", fin=False) + ping(b"1") + text(MESSAGE), [("pong", b"1")], 1002),
)
def test_a_message_does_not_begin_inside_another(broker, case, piece):
    run(broker, case, piece)
