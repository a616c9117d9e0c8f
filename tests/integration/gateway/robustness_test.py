"""Bad input: whatever bytes arrive, the broker goes on, and a healthy pair of clients notices nothing.

Every test attacks with a seeded generator, bounded in number, while a web UI and an Omniverse extension talk to each other
and check each message; at the end the broker counts those two clients and nobody else, and leaves with 0.
"""

import asyncio
import contextlib
import os
import random
import socket
import struct

from broker import Broker, gateway_config
from gateway_client import OMNIVERSE, WEB, asynchronous, connected, coordinate, counts, eventually, registration, selection

SEED = 20240115


@contextlib.asynccontextmanager
async def undisturbed(broker):
    """A pair of clients that talks for as long as the block runs."""
    async with connected(broker, OMNIVERSE, WEB) as (extension, web):
        running = True

        async def talk():
            rounds = 0
            while running or rounds < 50:
                there, back = coordinate(f"/healthy/{rounds}", height=rounds), selection(f"/healthy/{rounds}")
                await extension.send(there)
                assert await web.receive() == there
                await web.send(back)
                assert await extension.receive() == back
                rounds += 1
                await asyncio.sleep(0.001)  # lets the attackers run; nothing waits for it
            return rounds

        talking = asyncio.create_task(talk())
        try:
            yield
        finally:
            running = False
            rounds = await talking
        assert rounds >= 50
        await eventually(lambda: counts(broker) == {"total": 2, "registered": 2, "omniverse_clients": 1, "web_clients": 1},
                         "only the healthy pair is left", timeout=60)


async def attack(broker, payload, read=True, reset=False, half_close=False):
    """One connection that sends `payload`, and answers what came back (at most 64 KiB of it)."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    except OSError:
        return b""
    answer = b""
    try:
        writer.write(payload)
        await writer.drain()
        if half_close:
            writer.write_eof()
        if read:
            with contextlib.suppress(asyncio.TimeoutError):
                answer = await asyncio.wait_for(reader.read(65536), 0.3)  # many attacks get no answer: not a failure
    except OSError:
        pass
    finally:
        if reset:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    return answer


async def in_parallel(attacks, most=32):
    """Runs the attacks, so many at a time."""
    gate = asyncio.Semaphore(most)

    async def one(job):
        async with gate:
            return await job
    return await asyncio.gather(*[one(job) for job in attacks])


def handshake(path="/ws"):
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()


def frame(payload, opcode=1, fin=True, mask=b"\x01\x02\x03\x04"):
    head = bytes([(0x80 if fin else 0) | opcode])
    size = len(payload)
    length = (bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size) if size < 65536
              else b"\xff" + struct.pack(">Q", size))
    return head + length + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


@asynchronous
async def test_random_bytes_to_the_port():
    chance = random.Random(SEED)
    with Broker() as broker:
        async with undisturbed(broker):
            await in_parallel(attack(broker, chance.randbytes(chance.choice([1, 3, 16, 200, 5000, 40_000])),
                                     read=chance.random() < 0.5, reset=chance.random() < 0.5) for _ in range(400))


@asynchronous
async def test_requests_that_stop_halfway():
    chance = random.Random(SEED)
    requests = [handshake(), b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"type\":",
                b"POST /api/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"ty"]
    with Broker() as broker:
        async with undisturbed(broker):
            jobs = []
            for whole in requests:
                for _ in range(80):
                    cut = chance.randrange(1, len(whole) + 1)
                    jobs.append(attack(broker, whole[:cut], read=False, reset=chance.random() < 0.5,
                                       half_close=chance.random() < 0.5))
            await in_parallel(jobs)


@asynchronous
async def test_requests_that_are_nearly_right():
    chance = random.Random(SEED)
    pieces = [b"GET", b"G\x00T", b" ", b"  ", b"/ws", b"/api/health", b"/%zz", b"/" + b"a" * 20_000, b"HTTP/1.1", b"HTTP/9.9", b"\r\n", b"\n",
              b"\r", b"Host: a", b"Host: b", b": empty", b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 5, 6",
              b"Content-Length: 99999999999999999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"X: \xff\xfe",
              b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Key: x", b"Sec-WebSocket-Version: 12", b"ffffffffffffffff\r\n",
              b"Cookie: " + b"c" * 20_000, b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    with Broker() as broker:
        async with undisturbed(broker):
            answers = await in_parallel(
                attack(broker, b"".join(chance.choice(pieces) for _ in range(chance.randrange(1, 14))) + b"\r\n\r\n")
                for _ in range(400))
        for answer in answers:
            assert answer == b"" or answer.startswith(b"HTTP/1.1 "), answer[:100]


@asynchronous
async def test_garbage_behind_a_handshake():
    chance = random.Random(SEED)
    with Broker() as broker:
        async with undisturbed(broker):
            answers = await in_parallel(attack(broker, handshake() + chance.randbytes(chance.choice([1, 2, 5, 50, 3000])),
                                               reset=chance.random() < 0.5) for _ in range(400))
        assert all(answer.startswith(b"HTTP/1.1 101 ") for answer in answers)


@asynchronous
async def test_frames_that_are_nearly_right():
    chance = random.Random(SEED)

    def hostile_frame():
        payload = chance.choice([b"", b"{", registration(WEB).encode(), selection().encode(), chance.randbytes(125), chance.randbytes(300),
                                 b"\xed\xa0\x80", b"[" * 5000, b'{"type":' + b'"' * 9000])
        whole = frame(payload, opcode=chance.choice([0, 1, 1, 1, 2, 3, 8, 9, 10, 15]), fin=chance.random() < 0.8)
        match chance.randrange(6):
            case 0: return whole[:chance.randrange(1, len(whole) + 1)]
            case 1: return bytes([whole[0] | 0x40]) + whole[1:]                        # a reserved bit
            case 2: return bytes([whole[0], whole[1] & 0x7f]) + whole[2:]              # not masked
            case 3: return bytes([whole[0], 0xff]) + struct.pack(">Q", 2 ** 63 - 1) + whole[2:]  # a length beyond all
            case _: return whole

    with Broker() as broker:
        async with undisturbed(broker):
            await in_parallel(attack(broker, handshake() + b"".join(hostile_frame() for _ in range(chance.randrange(1, 12))),
                                     read=chance.random() < 0.7, reset=chance.random() < 0.5) for _ in range(400))


@asynchronous
async def test_messages_that_are_nearly_right():
    chance = random.Random(SEED)
    seeds = [registration(WEB), registration(OMNIVERSE), coordinate(metadata={"a": [1, 2, {"b": None}]}), selection(), '{"type":"x"}']

    def hostile_message():
        text = bytearray(chance.choice(seeds).encode())
        for _ in range(chance.randrange(0, 4)):
            at = chance.randrange(len(text))
            match chance.randrange(4):
                case 0: text[at] = chance.randrange(128)
                case 1: del text[at:at + chance.randrange(1, 5)]
                case 2: text[at:at] = chance.choice([b"{", b"]", b'"', b"\\ud800", b"99999999999999999999", b"null", b"[" * 40])
                case 3: text[at:at] = text[:chance.randrange(len(text))]
            text = text or bytearray(b" ")
        return bytes(text)

    # Roles of its own, so that what happens to be right does not reach the healthy pair.
    config = gateway_config(routes={
        "client_register": {"handler": {"plugin": "client_register", "client_types": [OMNIVERSE, WEB, "robot", "screen"]}},
        "select_robot": {"from": "screen", "to": "robot", "handler": "select_object"},
        "robot_update": {"from": "robot", "to": "screen", "handler": "coordinate_update", "latest_by": "prim_path"}})
    replaced = {OMNIVERSE: "robot", WEB: "screen", "coordinate_update": "robot_update", "select_object": "select_robot"}

    def renamed(message):
        for old, new in replaced.items():
            message = message.replace(old.encode(), new.encode())
        return message

    with Broker(config) as broker:
        async with undisturbed(broker):
            answers = await in_parallel(
                attack(broker, handshake() + b"".join(frame(renamed(hostile_message())) for _ in range(40)))
                for _ in range(150))
        heard = b"".join(answers)
        assert b"INTERNAL_ERROR" not in heard
        for code in (b'"ack"', b"INVALID_JSON", b"INVALID_MESSAGE_FORMAT", b"CLIENT_NOT_REGISTERED", b"UNKNOWN_MESSAGE_TYPE"):
            assert code in heard, f"the attack never came as far as {code}"


@asynchronous
async def test_connections_that_are_torn_in_every_state():
    chance = random.Random(SEED)
    states = [b"", b"GET", handshake()[:-2], handshake(), handshake() + frame(registration(WEB).encode()),
              handshake() + frame(registration("recorder").encode()), handshake() + frame(b"x" * 1000, fin=False),
              handshake() + frame(registration(WEB).encode()) + frame(b"\x03\xe8", opcode=8),
              handshake() + frame(registration(WEB).encode()) + frame(selection().encode())[:-3]]
    with Broker() as broker:
        async with undisturbed(broker):
            await in_parallel(attack(broker, chance.choice(states), read=chance.random() < 0.3, reset=chance.random() < 0.7)
                              for _ in range(600))


@asynchronous
async def test_a_client_that_floods_without_reading_is_bounded_and_alone_in_it():
    with Broker() as broker:
        async with undisturbed(broker):
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.port, limit=4096)
            writer.write(handshake())
            before = resident(broker.pid)
            with contextlib.suppress(OSError, asyncio.TimeoutError):
                for _ in range(300):  # 30,000 messages, each with an error as its answer, none of which is read
                    writer.write(frame(b'{"type":"no_such_type_at_all_' + b"x" * 60 + b'"}') * 100)
                    await asyncio.wait_for(writer.drain(), 2)  # a broker that stops reading, or closes, is as good
            assert is_sanitized(broker.pid) or resident(broker.pid) - before < 64 * 1024 * 1024
            writer.transport.abort()


def resident(pid):
    """The bytes of memory that a process holds."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def is_sanitized(pid):
    """Whether a sanitizer is in the process: it keeps what was freed, so memory says nothing."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        maps = file.read()
    return "libasan" in maps or "libtsan" in maps
