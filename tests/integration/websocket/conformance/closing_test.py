"""The closing of a connection (RFC 6455, 5.5.1 and 7)."""

from raw_client import CLOSE, TEXT, Frame, RawClient, close, continuation, frame, ping, text
from script import ACK, Case, register, run, table

VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
INVALID = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)


@table(Case("empty", close(), close="empty"),
       *[Case(f"{code}", close(code), close=code) for code in VALID],
       *[Case(f"{code}-with-reason", close(code, b"because"), close=code) for code in (1000, 1001, 3000, 4999)],
       Case("longest-reason", close(1000, b"x" * 123), close=1000),
       Case("reason-in-korean", close(1000, "안녕".encode()), close=1000))
def test_a_close_is_answered_with_its_code(broker, case, piece):
    run(broker, case, piece)


@table(*[Case(f"{code}", close(code), close=1002) for code in INVALID],
       *[Case(f"{code}-with-reason", close(code, b"because"), close=1002) for code in (0, 1005, 1006, 2999)])
def test_a_code_that_may_not_be_sent_is_an_error(broker, case, piece):
    run(broker, case, piece)


@table(Case("half-a-code", frame(CLOSE, b"\x03"), close=1002),
       Case("too-long", frame(CLOSE, b"\x03\xe8" + b"x" * 124), close=1002),
       Case("reason-not-utf8", close(1000, b"\xff"), close=1007),
       Case("reason-cut-off", close(1000, "안".encode()[:-1]), close=1007),
       Case("reason-with-a-surrogate", close(1000, b"ok \xed\xa0\x80"), close=1007))
def test_a_close_frame_has_a_code_and_a_reason(broker, case, piece):
    run(broker, case, piece)


@table(Case("message", close(1000) + text(register()), close=1000),
       Case("ping", close(1000) + ping(b"never"), close=1000),
       Case("second-close", close(1000) + close(1001), close=1000),
       Case("error", close(1000) + frame(3), close=1000),
       Case("garbage", close(1000) + bytes(range(256)) * 8, close=1000),
       Case("message-before-and-behind", text(register()) + close(4000) + text(register()), [ACK], 4000),
       Case("ping-before", ping(b"1") + close(1000), [("pong", b"1")], 1000))
def test_nothing_behind_a_close_is_handled(broker, case, piece):
    run(broker, case, piece)


@table(Case("fragmented-message", text("x", fin=False) + close(1000), close=1000),
       Case("two-fragments", text("x", fin=False) + continuation("y") + close(1001), close=1001),
       Case("inside-a-character", text(b"\xe2", fin=False) + close(1000), close=1000))
def test_a_close_may_come_before_a_message_is_whole(broker, case, piece):
    run(broker, case, piece)


def test_a_client_that_stops_sending_gets_its_answers(broker):
    with RawClient(broker.port) as client:
        client.upgrade()
        client.send(text(register()))
        client.socket.shutdown(1)
        assert client.read() == Frame(TEXT, ACK)
        client.expect_end()


def test_a_client_that_stops_inside_a_frame_is_let_go(broker):
    with RawClient(broker.port) as client:
        client.upgrade()
        client.send(text(register())[:-1])
        client.socket.shutdown(1)
        client.expect_end()


def test_a_server_that_leaves_says_so_and_waits_for_the_answer(stopping):
    with RawClient(stopping.port) as client:
        client.upgrade()
        client.send(text(register()))
        assert client.read() == Frame(TEXT, ACK)
        stopping.signal(15)
        going = client.read()
        assert (going.opcode, going.code) == (CLOSE, 1001)
        assert going.reason
        client.send(close(1001))
        client.expect_end()
    assert stopping.wait() == 0


def test_nothing_is_handled_once_the_server_has_closed(stopping):
    with RawClient(stopping.port) as client:
        client.upgrade()
        client.send(text(register()))
        assert client.read() == Frame(TEXT, ACK)
        stopping.signal(15)
        assert client.read().code == 1001
        client.send(text(register()) + ping(b"late") + close(1001))
        client.expect_end()
    assert stopping.wait() == 0
