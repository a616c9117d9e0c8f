"""A WebSocket client that can misbehave: every byte it sends is the test's own, every byte it gets is checked.

    with RawClient(broker.port) as client:
        client.upgrade()
        client.send(text("hello") + ping(b"x"))
        assert client.read() == Frame(PONG, b"x")

Frames from the server are held to RFC 6455 as they are read: not masked, no reserved bits, the shortest form of the length.
Where compression was agreed (`upgrade(offer="permessage-deflate")`), RSV1 may stand on a message; then it is decompressed,
with the window that was agreed and nothing from before (RFC 7692).
"""

import base64
import dataclasses
import hashlib
import json
import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TIMEOUT = 20.0  # seconds; only a failure waits this long
MASK = bytes.fromhex("37fa213d")
TAIL = b"\0\0\xff\xff"  # what every compressed message ends with, and is not sent


# ------------------------------------------------------------------------------------------------------------- frames out

def masked(payload, mask=MASK):
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def frame(opcode, payload=b"", fin=True, rsv=0, mask=MASK, form=None, length=None):
    """One frame. `mask=None`: not masked. `form`: 1, 2 or 8 bytes of length where it is not to be the shortest.
    `length`: what the head claims, where that is not the payload's."""
    claimed = len(payload) if length is None else length
    form = form or (1 if claimed < 126 else 2 if claimed <= 0xFFFF else 8)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0 if mask is None else 0x80
    if form == 1:
        head += bytes([bit | claimed])
    elif form == 2:
        head += bytes([bit | 126]) + struct.pack(">H", claimed)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", claimed)
    return head + (payload if mask is None else mask + masked(payload, mask))


def text(payload, fin=True, **broken):
    return frame(TEXT, payload.encode() if isinstance(payload, str) else payload, fin, **broken)


def continuation(payload, fin=False):
    return frame(CONTINUATION, payload.encode() if isinstance(payload, str) else payload, fin)


def ping(payload=b""):
    return frame(PING, payload)


def pong(payload=b""):
    return frame(PONG, payload)


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


def fragments(payload, *cuts):
    """A text message cut at these places."""
    pieces = [payload[a:b] for a, b in zip((0, *cuts), (*cuts, len(payload)))]
    opcodes = [TEXT] + [CONTINUATION] * (len(pieces) - 1)
    return [frame(opcode, piece, fin=i == len(pieces) - 1) for i, (opcode, piece) in enumerate(zip(opcodes, pieces))]


def deflated(message, level=6, window=15, flush=zlib.Z_SYNC_FLUSH, piece=None):
    """The payload of a compressed message. `piece`: a block, or more, for each so many bytes. Z_FINISH makes final blocks."""
    message = message.encode() if isinstance(message, str) else message
    out, compressor = b"", None
    for at in range(0, max(len(message), 1), piece or max(len(message), 1)):
        compressor = compressor or zlib.compressobj(level, zlib.DEFLATED, -window)
        out += compressor.compress(message[at:at + (piece or len(message))]) + compressor.flush(flush)
        if flush == zlib.Z_FINISH:
            compressor = None
    if flush == zlib.Z_FINISH:
        return out + b"\0"
    assert out.endswith(TAIL)
    return out[:-len(TAIL)]


def compressed(message, opcode=TEXT, fin=True, **how):
    """A frame of a compressed message; `how`: as `deflated` takes it."""
    return frame(opcode, deflated(message, **how), fin, rsv=4)


def inflated(payload, window=15):
    """The message of a compressed payload that is in good order."""
    reader = zlib.decompressobj(-window)
    message = reader.decompress(payload + TAIL)
    assert not reader.eof and not reader.unconsumed_tail, "not a row of blocks"
    return message


# -------------------------------------------------------------------------------------------------------------- frames in

@dataclasses.dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes = b""  # decompressed
    fin: bool = True
    compressed: bool = False
    size: int = dataclasses.field(default=0, compare=False)  # of the payload on the wire

    @property
    def code(self):
        """The code of a close frame, None where it carries none."""
        return struct.unpack(">H", self.payload[:2])[0] if self.payload else None

    @property
    def reason(self):
        return self.payload[2:].decode("utf-8")

    @property
    def json(self):
        return json.loads(self.payload.decode("utf-8"))


class Response:
    """The head and body of an HTTP answer."""

    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.phrase = lines[0].split(" ", 2)
        self.status = int(status)
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.body = body

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} is there {len(values)} times"
        return values[0] if values else None


class RawClient:
    def __init__(self, port, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.response = None
        self.window = None  # bits, where compression was agreed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # -------------------------------------------------------------------------------------------------------- handshake

    @staticmethod
    def request(path="/ws", replace=(), more=(), key=None, method="GET", version="HTTP/1.1"):
        """The request of an upgrade. `replace`: header name -> another value, or None to leave it out. `more`: further
        (name, value) pairs."""
        headers = {
            "Host": "broker.example",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key or "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        }
        headers.update(replace)
        lines = [f"{method} {path} {version}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        lines += [f"{name}: {value}" for name, value in more]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def upgrade(self, behind=b"", offer=None, **request):
        """Makes it a WebSocket, and holds the answer to RFC 6455, 4.2.2. `behind`: bytes in the same segment. `offer`: a value
        of Sec-WebSocket-Extensions, or several, for as many lines."""
        lines = [offer] if isinstance(offer, str) else offer or []
        request["more"] = [*request.get("more", []), *(("Sec-WebSocket-Extensions", line) for line in lines)]
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(self.request(key=key, **request) + behind)
        self.response = self.read_response(body=False)
        response = self.response
        assert (response.version, response.status) == ("HTTP/1.1", 101), response.headers
        assert response.header("Upgrade").lower() == "websocket"
        assert response.header("Connection").lower() == "upgrade"
        digest = hashlib.sha1((key + GUID).encode()).digest()
        assert response.header("Sec-WebSocket-Accept") == base64.b64encode(digest).decode()
        self._agree(response.header("Sec-WebSocket-Extensions"), offered=bool(lines))
        return response

    def _agree(self, answer, offered):
        """Holds the answer to RFC 7692, 7.1, and to the promise that no message refers to an earlier one."""
        if answer is None:
            return
        assert offered, "an extension that was not offered"
        name, *parameters = [part.strip() for part in answer.split(";")]
        assert name == "permessage-deflate"
        assert len(set(parameters)) == len(parameters)
        assert {"server_no_context_takeover", "client_no_context_takeover"} <= set(parameters)
        given = dict(parameter.split("=") for parameter in parameters if "=" in parameter)
        assert set(given) <= {"server_max_window_bits"}, answer
        self.window = int(given.get("server_max_window_bits", 15))

    def read_response(self, body=True):
        while b"\r\n\r\n" not in self.received:
            self._receive("the response's head")
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        response = Response(head, b"")
        size = int(response.header("Content-Length") or 0) if body else 0
        response.body = self._take(size)
        return response

    # ------------------------------------------------------------------------------------------------------------ bytes

    def send(self, data, piece=None):
        """`piece`: at most that many bytes in one call."""
        for at in range(0, len(data), piece or max(len(data), 1)):
            try:
                self.socket.sendall(data[at:at + (piece or len(data))])
            except (BrokenPipeError, ConnectionResetError):
                return  # closed by the server in the middle: what it said about it is for the test to read

    def _receive(self, what):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"the connection ended before {what}; unread: {self.received!r}")
        self.received += data

    def _take(self, size):
        while len(self.received) < size:
            self._receive(f"{size} bytes")
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    # ----------------------------------------------------------------------------------------------------------- frames

    def read(self):
        """The next frame."""
        first, second = self._take(2)
        squeezed = self.window is not None and first & 0x0F in (TEXT, BINARY) and first & 0x40 != 0
        assert first & (0x30 if squeezed else 0x70) == 0, f"reserved bits in {first:#04x}"
        assert second & 0x80 == 0, "a server's frames are not masked"
        length = second & 0x7F
        if length == 126:
            length = struct.unpack(">H", self._take(2))[0]
            assert length >= 126, "not the shortest form of the length"
        elif length == 127:
            length = struct.unpack(">Q", self._take(8))[0]
            assert length > 0xFFFF, "not the shortest form of the length"
        payload = self._take(length)
        result = Frame(first & 0x0F, inflated(payload, self.window) if squeezed else payload, bool(first & 0x80), squeezed,
                       length)
        assert result.opcode in (TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG), f"opcode {result.opcode:#x}"
        if result.opcode == CLOSE and result.payload:
            result.reason  # must be UTF-8
        return result

    def expect_end(self):
        """Nothing more comes, and the server has ended the stream in good order."""
        assert self.received == b"", f"behind the end: {self.received!r}"
        data = self.socket.recv(65536)
        assert data == b"", f"instead of the end: {data!r}"
