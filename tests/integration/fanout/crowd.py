"""Many clients on one thread.

A Crowd reads for all of its members, whenever it is told to read or to send. Two kinds of members: a Counter knows only
how many bytes have come, so that the load is not bounded by the client; a Listener keeps what has come, by prim.
"""

import json
import os
import re
import selectors
import struct
import time

from clients import TIMEOUT, RawWebSocket

UPDATE_SIZE = 240
_BUFFER = memoryview(bytearray(1 << 18))
UPDATE = re.compile(rb'\{"type":"coordinate_update","prim_path":"([^"]*)"[^{]*\{"n":(\d+)')  # prim and number


def fixed_update(prim, number, size=UPDATE_SIZE):
    """The payload of a coordinate update, `size` bytes long."""
    head = (f'{{"type":"coordinate_update","prim_path":"{prim}","latitude":37.5,"longitude":127.0,"height":1.0,'
            f'"metadata":{{"n":{number},"fill":"')
    return (head + "x" * (size - len(head) - 3) + '"}}').encode()


def client_frame(payload, opcode=1):
    """A masked frame with a payload of up to 65535 bytes."""
    mask = os.urandom(4)
    key = int.from_bytes((mask * (len(payload) // 4 + 1))[:len(payload)], "big")
    masked = (int.from_bytes(payload, "big") ^ key).to_bytes(len(payload), "big")
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return bytes([0x80 | opcode]) + size + mask + masked


def frame_size(payload_size):
    """What a server's frame with such a payload comes to."""
    return payload_size + (2 if payload_size < 126 else 4)


class Member:
    """One registered client of a crowd. `reading`: whether the crowd reads for it."""

    def __init__(self, port, role, **options):
        self.raw = RawWebSocket(port, **options).register(role)
        self.socket = self.raw.socket
        self.socket.setblocking(False)
        self.reading = True
        self.ended = False  # by the broker
        self.receive_calls = 0
        self.begin(self.raw.buffer)

    def begin(self, bytes_):
        """What came together with the ack."""
        raise NotImplementedError

    def took(self, bytes_):
        raise NotImplementedError

    def take(self):
        try:
            size = self.socket.recv_into(_BUFFER)
        except BlockingIOError:
            return
        except ConnectionError:
            size = 0
        if size == 0:
            self.ended = True
            return
        self.receive_calls += 1
        self.took(bytes(_BUFFER[:size]))


class Counter(Member):
    """Knows how many bytes have come, and how many are expected."""

    def begin(self, bytes_):
        self.received = len(bytes_)
        self.expected = 0
        self.last = bytes_

    def took(self, bytes_):
        self.received += len(bytes_)
        self.last = (self.last + bytes_)[-4 * UPDATE_SIZE:]

    def last_message(self):
        """The last coordinate update that came."""
        return json.loads(self.last[self.last.rindex(b'{"type":"coordinate_update"'):])


class Listener(Member):
    """Keeps what has come: the numbers of each prim's updates, and all other messages whole."""

    def begin(self, bytes_):
        self.rest = b""
        self.numbers = {}
        self.others = []
        self.count = 0
        self.close_code = None
        self.took(bytes_)

    def took(self, bytes_):
        bytes_ = self.rest + bytes_
        at, end = 0, len(bytes_)
        while end - at >= 2:
            size, head = bytes_[at + 1] & 0x7F, 2
            if size == 126 and end - at >= 4:
                size, head = int.from_bytes(bytes_[at + 2:at + 4], "big"), 4
            elif size == 127 and end - at >= 10:
                size, head = int.from_bytes(bytes_[at + 2:at + 10], "big"), 10
            elif size >= 126:
                break
            if end - at < head + size:
                break
            self.frame(bytes_[at] & 0x0F, bytes_[at + head:at + head + size])
            at += head + size
        self.rest = bytes_[at:]

    def frame(self, opcode, payload):
        if opcode == 8:
            self.close_code = int.from_bytes(payload[:2], "big")
        if opcode != 1:
            return
        update = UPDATE.match(payload)
        if update is None:
            self.others.append(json.loads(payload))
            return
        self.count += 1
        self.numbers.setdefault(update[1].decode(), []).append(int(update[2]))

    def newest(self, prim):
        return self.numbers.get(prim, [-1])[-1]

    def assert_in_order(self):
        """Of no prim an older one, and nothing twice."""
        for prim, numbers in self.numbers.items():
            for before, after in zip(numbers, numbers[1:]):
                assert before < after, f"{prim}: {after} came behind {before}"


class Crowd:
    """The members that have joined, all of them ended with the block."""

    def __init__(self, broker):
        self.broker = broker
        self.members = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self.members:
            member.raw.close()
        self.selector.close()

    def join(self, role, kind=Listener, **options):
        """A new member. Like those before it, it gets what comes only when the crowd reads."""
        member = kind(self.broker.port, role, **options)
        self.members.append(member)
        self.selector.register(member.socket, selectors.EVENT_READ, member)
        return member

    def publisher(self, **options):
        return self.join("omniverse_extension", **options)

    def map(self, **options):
        return self.join("web_ui", **options)

    def leave(self, member):
        """It goes without a word."""
        if member.reading:
            self.selector.unregister(member.socket)
        self.members.remove(member)
        member.raw.close()

    def pause(self, member):
        """It reads no more."""
        member.reading = False
        self.selector.unregister(member.socket)

    def go_on(self, member):
        member.reading = True
        self.selector.register(member.socket, selectors.EVENT_READ, member)

    def read(self, timeout=0.0):
        """Takes what is there."""
        for key, _ in self.selector.select(timeout):
            key.data.take()
            if key.data.ended:
                self.pause(key.data)

    def send(self, publisher, bytes_):
        """Sends all of it, and reads in between, so that nobody waits for anybody."""
        while bytes_:
            try:
                bytes_ = bytes_[publisher.socket.send(bytes_):]
            except BlockingIOError:
                pass
            self.read()

    def until(self, condition, what):
        """Reads until `condition()` holds."""
        deadline = time.monotonic() + 3 * TIMEOUT
        while not condition():
            assert time.monotonic() < deadline, f"it did not come to this: {what}"
            self.read(0.02)
