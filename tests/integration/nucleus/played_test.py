"""The client library against servers that do what ours never does: these are played, and speak as much as that takes."""

import hashlib
import http.server
import json
import threading

from client_test import BusyNucleus, run_tests


class ExpiringNucleus(BusyNucleus):
    """One at which a token expires between two requests: that of the first who writes into a folder.

    Deletions are never answered, nor is the first look at something that is called `held`. `bob` cannot renew his token."""

    def __init__(self):
        super().__init__()
        self.logins = self.connections = 0
        self.expired = {}
        self.locks = {}
        self.held = set()

    def _connected(self):
        self.connections += 1
        return {"number": self.connections, "token": "", "over": False}

    def _sows(self, method, params):
        if method == b"DiscoverySearch.find":
            return super()._sows(method, params)
        user = params.get("username") or params["refresh_token"]
        if method == b"Tokens.refresh" and user == "bob":
            return {"status": "DENIED"}
        self.logins += 1
        return {"status": "OK", "access_token": f"{user}-{self.logins}", "refresh_token": user, "username": user}

    def _api(self, request, connection):
        command, answer = request["command"], {"id": request["id"], "status": "OK"}
        if command == "authorize_token":
            connection["token"] = request["token"]
            answer.update(version="1.19", username="ann", connection_id=f"{connection['number']:016}", token="t")
        path = request.get("uri") or request.get("path") or ""
        path = path["path"] if isinstance(path, dict) else path
        if connection["over"] or command == "delete" or (path.endswith("held") and path not in self.held):
            self.held.add(path)
            return []
        if command == "lock":
            self.locks[path] = connection["number"]
        elif command == "stat2":
            answer.update(path=path, path_type="asset", size=7)
            if self.locks.get(path) == connection["number"]:
                answer.update(locked_by="ann")
        elif command == "create_asset":
            refused = self.expired.setdefault(path.rpartition("/")[0], connection["token"])
            if refused == connection["token"] or path.endswith("never"):
                connection["over"] = not path.endswith("never")
                answer.update(status="TOKEN_EXPIRED")
        elif command != "authorize_token":
            answer.update(status="NOT_IMPLEMENTED")
        return [json.dumps(answer)]


def test_a_token_that_expires_between_two_requests_is_renewed():
    with ExpiringNucleus() as server:
        run_tests("*/Expired.*", server.port, OMNI_USER="ann", OMNI_PASS="secret")


class PoorNucleus(BusyNucleus):
    """One that has a login, and nothing else. `broken` cannot log in, `strange` is not understood."""

    def _sows(self, method, params):
        if params.get("username") == "broken":
            return {"status": "INTERNAL_ERROR"}
        answer = super()._sows(method, params)
        return {**answer, "access_token": params["username"]} if "access_token" in answer else answer

    def _api(self, request, _):
        answer = {"id": request["id"], "status": "NOT_IMPLEMENTED"}
        if request["command"] == "authorize_token":
            status = "INVALID_VERSION" if request["token"] == "strange" else "OK"
            answer.update(status=status, version="1.0", username=request["userAgent"], connection_id="A" * 16, token="t")
        return [json.dumps(answer)]


def test_a_server_that_lacks_almost_everything_is_no_trouble():
    with PoorNucleus() as server:
        run_tests("*/Poor.*", server.port, OMNI_USER="ann", OMNI_PASS="secret")


class Contents(http.server.BaseHTTPRequestHandler):
    """Large contents, of a service that fails once in each way that passes: of uploads an expired token, no time, and
    that it was started anew; of downloads no time, and half of it. `closed` and `full` are refused for good."""

    protocol_version = "HTTP/1.1"
    failed, parts, one_at_a_time = set(), {}, threading.Lock()

    def once(self, what):
        with self.one_at_a_time:
            return what not in self.failed and not self.failed.add(what)

    def answer(self, status, body=b"", size=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def do_POST(self):
        path = json.loads(self.body())["path"]
        if path.endswith(("closed", "full")):
            return self.answer(403 if path.endswith("closed") else 507)
        if self.headers["Authorization"] == "Bearer access" and self.once("token"):
            return self.answer(401)
        return self.answer(200, json.dumps({"content_id": "content", "content_id_numeric": 1}).encode())

    def do_PUT(self):
        start, part = int(self.headers["Content-Start"]), self.body()
        if self.once("time"):
            return self.answer(503)
        if start and self.once("restart"):
            self.parts.clear()
            return self.answer(404)
        self.parts[start] = part
        return self.answer(200)

    def do_GET(self):
        first, last = (int(number) for number in self.headers["Range"][6:].split("-"))
        content = b"".join(self.parts[start] for start in sorted(self.parts))[first:last + 1]
        if self.once("busy"):
            return self.answer(503)
        if self.once("half"):
            self.close_connection = True
            return self.answer(206, content[:len(content) // 2], len(content))
        return self.answer(206, content)

    def log_message(self, *_):
        pass


class ForgetfulNucleus(BusyNucleus):
    """One whose large contents take several attempts."""

    def __init__(self):
        super().__init__()
        self.contents = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Contents)
        self.address = f"http://127.0.0.1:{self.contents.server_port}"

    def __enter__(self):
        threading.Thread(target=self.contents.serve_forever, daemon=True).start()
        return super().__enter__()

    def __exit__(self, *error):
        self.contents.shutdown()
        self.contents.server_close()
        super().__exit__(*error)

    def _api(self, request, busy):
        busy[0] = 0
        answers = [json.loads(answer.partition(b"\0")[0] if isinstance(answer, bytes) else answer)
                   for answer in super()._api(request, busy)]
        if request["command"] == "authorize_token":
            answers[0].update(lft_address=self.address, lft_threshold=1000, multipart_chunk_size=65536)
        elif request["command"] == "read_asset_version":
            content = b"".join(Contents.parts[start] for start in sorted(Contents.parts))
            answers[0].update(uri_redirection=f"{self.address}/a", size=len(content), hash_type="sha-256-flat",
                              hash_value=hashlib.sha256(content).hexdigest())
        return [json.dumps(answer) for answer in answers]


def test_large_contents_take_as_many_attempts_as_they_need():
    with ForgetfulNucleus() as server:
        run_tests("*/Forgetful.*", server.port, OMNI_USER="ann", OMNI_PASS="secret")
    assert Contents.failed == {"token", "time", "restart", "busy", "half"}
