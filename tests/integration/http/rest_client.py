"""HTTP clients for tests: one that speaks bytes, and on top of it a session of the gateway with its events."""

import contextlib
import json
import socket
import time

TIMEOUT = 15.0  # seconds; for one step

OMNIVERSE = "omniverse_extension"
WEB = "web_ui"


def registration(client_type):
    return json.dumps({"type": "client_register", "client_type": client_type})


def coordinate(prim_path="/World/Husky_01", latitude=37.123456789, longitude=127.987654321, **more):
    return json.dumps({"type": "coordinate_update", "prim_path": prim_path, "latitude": latitude, "longitude": longitude,
                       **more})


def selection(prim_path="/World/Husky_01"):
    return json.dumps({"type": "select_object", "prim_path": prim_path})


class Answer:
    """One HTTP answer. Header names in lower case; a header that comes twice is a failure of the broker's."""

    def __init__(self, head):
        lines = head.decode("ascii").split("\r\n")
        version, status, self.reason = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines[0]
        self.status = int(status)
        self.headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in self.headers, f"{name} comes twice in {head!r}"
            self.headers[name.lower()] = value
        self.body = b""

    def json(self):
        return json.loads(self.body)

    def error(self):
        """The code of an error in the gateway's shape: these three members and no more."""
        assert self.headers["content-type"] == "application/json", self.headers
        members = self.json()
        assert list(members) == ["type", "error_code", "error_message"] and members["type"] == "error", self.body
        assert members["error_message"], self.body
        return members["error_code"]

    def closes(self):
        return self.headers.get("connection") == "close"

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body!r}"


def head(line, headers=(), version="1.1"):
    """`line`: `GET /api/health`; `headers`: lines without their ends."""
    return "\r\n".join([f"{line} HTTP/{version}", "Host: gateway", *headers, "", ""]).encode()


def post(path, body, headers=()):
    body = body.encode() if isinstance(body, str) else body
    return head(f"POST {path}", ["Content-Type: application/json", f"Content-Length: {len(body)}", *headers]) + body


def chunked(path, wire, headers=()):
    return head(f"POST {path}", ["Transfer-Encoding: chunked", *headers]) + wire


def in_chunks(body, size):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


class Wire:
    """A connection that sends bytes as they are, and reads answers."""

    def __init__(self, broker, timeout=TIMEOUT):
        self.socket = broker.connect(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        """Reads what there is; False at the end."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def until(self, mark):
        """Everything up to `mark`, which is taken off too."""
        while mark not in self.buffer:
            assert self.more(), f"the connection ended before {mark!r}, after {self.buffer!r}"
        found, self.buffer = self.buffer.split(mark, 1)
        return found

    def answer_head(self):
        return Answer(self.until(b"\r\n\r\n"))

    def answer(self, to_head=False):
        """The next answer, whole by its length."""
        answer = self.answer_head()
        if to_head or answer.status in (100, 204):
            return answer
        length = int(answer.headers["content-length"])
        while len(self.buffer) < length:
            assert self.more(), f"the connection ended inside a body, after {self.buffer!r}"
        answer.body, self.buffer = self.buffer[:length], self.buffer[length:]
        return answer

    def ask(self, request):
        self.send(request)
        return self.answer(to_head=request.startswith(b"HEAD "))

    def ended(self):
        """Waits for the broker to close; what came before that is a failure."""
        while self.more():
            pass
        assert self.buffer == b"", f"more came before the end: {self.buffer!r}"
        return True


def ask(broker, request):
    """One request on a connection of its own."""
    with Wire(broker) as wire:
        return wire.ask(request)


def counts(broker):
    return ask(broker, head("GET /api/status")).json()["clients"]


def eventually(condition, what, timeout=TIMEOUT):
    """Waits until `condition()` answers something true, and answers that."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what}"
        time.sleep(0.02)  # between two looks at a condition, not in place of one


class Session:
    """A session that was opened by POST /sessions. Not for several threads."""

    def __init__(self, broker, client_type=WEB):
        self.broker = broker
        answer = ask(broker, post("/api/sessions", registration(client_type)))
        assert answer.status == 201, answer
        assert list(answer.json()) == ["client_id", "token"], answer
        self.client_id = answer.json()["client_id"]
        self.token = answer.json()["token"]
        self.location = answer.headers["location"]

    @property
    def bearer(self):
        return f"Authorization: Bearer {self.token}"

    def send(self, message):
        return ask(self.broker, post("/api/messages", message, [self.bearer]))

    def end(self):
        return ask(self.broker, head(f"DELETE {self.location}", [self.bearer]))

    @contextlib.contextmanager
    def events(self):
        with Events(self.broker, [self.bearer]) as events:
            yield events


class Events(Wire):
    """An event stream, read as the specification of Server-Sent Events says."""

    def __init__(self, broker, headers=(), query="", version="1.1"):
        super().__init__(broker)
        self.send(head(f"GET /api/events{query}", ["Accept: text/event-stream", *headers], version))
        self.answered = self.answer_head()
        assert self.answered.status == 200, (self.answered, self.buffer)
        self.comments = 0
        self.retry = None
        self.block()  # the preamble, which comes with the head

    def block(self):
        """The next block of the stream as (type, data); data is None where it has none."""
        kind, data = "message", None
        for line in self.until(b"\n\n").decode("utf-8").split("\n"):
            if line.startswith(":"):
                self.comments += 1
                continue
            field, _, value = line.partition(":")
            value = value[1:] if value.startswith(" ") else value
            if field == "data":
                data = value if data is None else f"{data}\n{value}"
            elif field == "event":
                kind = value
            elif field == "retry":
                self.retry = int(value)
            else:
                raise AssertionError(f"unknown field in {line!r}")
        return kind, data

    def event(self):
        """The next event that has data."""
        while True:
            kind, data = self.block()
            if data is not None:
                return kind, data

    def message(self):
        kind, data = self.event()
        assert kind == "message", (kind, data)
        return json.loads(data)

    def bye(self):
        """The reason that the last event gives; nothing may follow it. Then this side leaves too."""
        kind, data = self.event()
        assert kind == "bye", (kind, data)
        assert self.ended()
        self.socket.close()
        return json.loads(data)["reason"]
