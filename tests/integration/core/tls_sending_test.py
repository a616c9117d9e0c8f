"""Sending and receiving under TLS where records and messages do not end at the same byte, and sockets are full."""

import asyncio
import base64
import json
import os
import socket
import ssl
import struct

import pytest

from clients import TIMEOUT, Broker, RawWebSocket, connect, gateway_config, metric, receive, run, send, until, update
from listeners_test import certificate  # noqa: F401  (a fixture)

PRIMS = 20
ROUNDS = 400  # of 20 messages of 2 KB: 16 MB, beyond what the kernel's buffers hold


def config(tls, **limits):
    """The gateway twice: on `public` without TLS, for clients that are in nobody's way, and on `secure` with it.

    There are no pings on `secure`: their timer would make the broker look again at what it should have seen by itself.
    """
    return gateway_config(
        listeners={"secure": {"address": "127.0.0.1:0", "tls": tls}},
        transports={"secured": {"plugin": "websocket", "listener": "secure", "path": "/ws", "ping_interval": "1h"}},
        limits={"messages_per_second": 0, "frames_per_second": 0, "idle_timeout": "2h", **limits})


def client_context(tls, version=None):
    context = ssl.create_default_context(cafile=tls["certificate"])
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


def upgrade_request():
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()


def frame(opcode, payload):
    """A client's frame, masked."""
    mask = os.urandom(4)
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return bytes([0x80 | opcode]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def text_frame(**message):
    return frame(1, json.dumps(message).encode())


class SlowTlsClient(RawWebSocket):
    """A web client under TLS that reads only when told to, and has little room for what it has not read."""

    def __init__(self, broker, tls, version=None):
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        plain.settimeout(TIMEOUT)
        plain.connect(("127.0.0.1", broker.port_of("secure")))
        self.socket = client_context(tls, version).wrap_socket(plain, server_hostname="localhost")
        self.socket.sendall(upgrade_request())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(4096)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101"), head

    def ping(self, payload):
        self.socket.sendall(frame(9, payload))


async def publish(robot, first, last):
    for number in range(first, last):
        for prim in range(PRIMS):
            await send(robot, **update(number, prim=f"/World/Robot_{prim}", fill="x" * 2000))


async def fill_up(broker, robot):
    """Publishes more than a client that does not read can be sent, and waits until the broker has tried."""
    before = metric(broker, "messages_total")
    await publish(robot, 0, ROUNDS)
    await until(lambda: metric(broker, "messages_total") == before + ROUNDS * PRIMS, "everything is handled")
    assert metric(broker, "sent_bytes_total") < ROUNDS * PRIMS * 2000, "some of it could not be sent"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_answers_that_come_while_a_record_waits_for_room_leave_the_stream_whole(certificate, version):  # noqa: F811
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        slow = SlowTlsClient(broker, certificate, version).register("web_ui")
        await fill_up(broker, robot)

        numbers = {f"/World/Robot_{prim}": [] for prim in range(PRIMS)}
        pongs, errors, asked = [], 0, 0

        def ask():
            slow.ping(f"ping {asked}".encode())
            slow.send({"type": "nonsense"})
            return asked + 1

        asked = ask()
        await until(lambda: metric(broker, "messages_refused_total") == 1, "answers wait behind the record")
        handled = 0
        while any(seen[-1:] != [ROUNDS - 1] for seen in numbers.values()) or len(pongs) < asked or errors < asked:
            opcode, payload = slow.frame()
            if opcode == 10:
                pongs.append(payload.decode())
                continue
            assert opcode == 1
            message = json.loads(payload)
            if message["type"] == "error":
                errors += 1
                continue
            numbers[message["prim_path"]].append(message["metadata"]["n"])
            handled += 1
            if handled % 100 == 0 and asked < 60:
                asked = ask()  # while the socket is full again
        assert pongs == [f"ping {number}" for number in range(asked)]
        assert errors == asked == 60
        assert all(seen == list(range(ROUNDS)) for seen in numbers.values()), "nothing is lost, doubled or out of order"
        slow.close()

    with Broker(config(certificate, max_backlog="64MiB")) as broker:
        run(scenario(broker), 120)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_conflation_under_tls_leaves_whole_messages_and_ends_with_the_newest(certificate, version):  # noqa: F811
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        slow = SlowTlsClient(broker, certificate, version).register("web_ui")
        await fill_up(broker, robot)
        assert metric(broker, "messages_dropped_total", reason="conflated") > 0

        newest = {}

        def read_one():
            message = slow.message()  # JSON, or this fails
            number = message["metadata"]["n"]
            assert number >= newest.get(message["prim_path"], -1), "the order of each prim is kept"
            newest[message["prim_path"]] = number

        for _ in range(200):
            read_one()
        dropped = metric(broker, "messages_dropped_total", reason="conflated")
        await publish(robot, ROUNDS, 2 * ROUNDS)  # behind again, in the middle of what it had begun to read
        await until(lambda: metric(broker, "messages_total") == 2 * ROUNDS * PRIMS + 2, "everything is handled")
        await until(lambda: metric(broker, "messages_dropped_total", reason="conflated") > dropped,
                    "what it missed meanwhile is counted")
        while len(newest) < PRIMS or any(number != 2 * ROUNDS - 1 for number in newest.values()):
            read_one()

        await send(robot, **update(9999, prim="/World/Robot_0"))
        assert slow.message()["metadata"]["n"] == 9999, "it is back in the live stream"
        slow.close()

    with Broker(config(certificate, max_backlog="1MiB")) as broker:
        run(scenario(broker), 120)


def processor_time(broker):
    """What the process has used so far, in seconds."""
    with open(f"/proc/{broker.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def used_while_nothing_happens(broker):
    """A loop that spins takes a whole processor, so that the time looked at may be short and the bound generous."""
    before = processor_time(broker)
    await asyncio.sleep(2)
    return processor_time(broker) - before


def test_a_full_socket_under_tls_takes_no_processor_time(certificate):  # noqa: F811
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        slow = SlowTlsClient(broker, certificate).register("web_ui")
        await fill_up(broker, robot)
        assert await used_while_nothing_happens(broker) < 0.5, "while a record waits for room"

        slow.ping(b"still here")  # reading in between must not forget, nor go on asking for, room to write
        slow.send({"type": "nonsense"})
        await until(lambda: metric(broker, "messages_refused_total") == 1, "it was read")
        assert await used_while_nothing_happens(broker) < 0.5, "while answers wait as well"

        last = set()
        while len(last) < PRIMS:
            message = slow.message()
            if message["type"] == "coordinate_update" and message["metadata"]["n"] == ROUNDS - 1:
                last.add(message["prim_path"])
        assert await used_while_nothing_happens(broker) < 0.5, "after all of it has been read"
        await send(robot, **update(9999))
        assert slow.message()["metadata"]["n"] == 9999
        slow.close()

    with Broker(config(certificate, max_backlog="64MiB")) as broker:
        run(scenario(broker), 120)


class TlsByHand:
    """A TLS client whose encrypted bytes the test sends itself, so that it decides what comes in one piece."""

    def __init__(self, broker, tls):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client_context(tls).wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.socket = socket.create_connection(("127.0.0.1", broker.port_of("secure")), timeout=TIMEOUT)
        self.until_done(self.tls.do_handshake)
        self.send_in_one_piece(upgrade_request())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.until_done(lambda: self.tls.read(4096))
        assert answer.startswith(b"HTTP/1.1 101"), answer

    def until_done(self, step):
        while True:
            try:
                result = step()
                self.socket.sendall(self.outgoing.read())
                return result
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                more = self.socket.recv(65536)
                assert more, "the broker ended the connection"
                self.incoming.write(more)

    def send_in_one_piece(self, plain):
        """As many records as it takes (16 KiB each), then one write. Answers the number of bytes on the wire."""
        assert self.tls.write(plain) == len(plain)
        encrypted = self.outgoing.read()
        self.socket.sendall(encrypted)
        return len(encrypted)


@pytest.mark.parametrize("count", [150, 400, 3_000, 20_000])
def test_a_burst_of_small_frames_in_several_records_is_handled_whole(certificate, count):  # noqa: F811
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        robot = TlsByHand(broker, certificate)
        robot.send_in_one_piece(text_frame(type="client_register", client_type="omniverse_extension"))
        await until(lambda: metric(broker, "messages_total") == 2, "the robot is registered")

        burst = b"".join(text_frame(**update(number)) for number in range(count))
        assert len(burst) > 16 * 1024, "more than one record"
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, robot.send_in_one_piece, burst)  # and from here on the client is silent
        assert [(await receive(web))["metadata"]["n"] for _ in range(count)] == list(range(count))
        robot.socket.close()

    with Broker(config(certificate, max_backlog="64MiB")) as broker:
        run(scenario(broker), 120)
