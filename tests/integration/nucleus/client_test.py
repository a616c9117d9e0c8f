"""The client library against a Nucleus: `omniclient_tests` with a server to talk to.

The program says by `OMNICLIENT_TEST_CONTROL` what shall happen to the server, or to what is between the two."""

import asyncio
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

import websockets
import yaml
from nucleus import ADMIN, PASSWORD, ROOT, Server, config
from broker import Broker, executable
from discovery_test import direct_config, free_ports

sys.path.insert(0, str(ROOT / "tests/integration/core"))
from listeners_test import certificate  # noqa: E402,F401  (a fixture)

TESTS = pathlib.Path(executable()).parent / "omniclient_tests"


def run_tests(wanted, port, **environment):
    """Runs the tests that `wanted` names against the server at a port, or at the port that it is known by."""
    url = f"omniverse://127.0.0.1:{port}/" if port else "omniverse://127.0.0.1/"
    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [TESTS, f"--gtest_filter={wanted}", "--gtest_brief=1"],
            env={**os.environ, "XDG_CACHE_HOME": cache, "OMNICLIENT_TEST_NUCLEUS": url, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600, check=False)
    lines = [line[:300] for line in done.stdout.splitlines()]
    assert done.returncode == 0, "\n".join(lines[-200:])
    assert "[  PASSED  ]" in done.stdout and "[  PASSED  ] 0 tests" not in done.stdout, done.stdout


async def api_token(server, user=ADMIN, password=PASSWORD, name="tests"):
    async with server.sows("auth") as auth:
        answer = await auth.call("Tokens.create_api_token", access_token=await server.token(user, password), name=name)
        return answer["api_token"]


def test_it_behaves_as_every_provider_and_has_what_only_a_server_has(server, tmp_path):
    run_tests("*/Nucleus:*/Nucleus.*", server.port, OMNI_USER="$omni-api-token", OMNI_PASS=asyncio.run(api_token(server)),
              XDG_CACHE_HOME=str(tmp_path))


async def admin_and_ann(server):
    """Tokens with which the two sign in."""
    await server.add_user("ann")
    return {"OMNI_USER": "$omni-api-token", "OMNI_PASS": await api_token(server, name="network"),
            "OMNICLIENT_TEST_ANN": await api_token(server, "ann", "ann")}


def test_every_function_works_and_fails_as_documented(server, tmp_path):
    run_tests("OverTheNetwork/*", server.port, **asyncio.run(admin_and_ann(server)), XDG_CACHE_HOME=str(tmp_path))


SOME = "*/Nucleus.CarriesLarge*"  # both framings, and large contents


def test_it_finds_services_at_ports_of_their_own(tmp_path):
    ports = free_ports(4)
    with Broker(direct_config(tmp_path / "data", ports)):
        run_tests(SOME, None, OMNI_USER=ADMIN, OMNI_PASS=PASSWORD, OMNICLIENT_TEST_DISCOVERY=str(ports[0]))


def test_it_trusts_whom_it_is_told_to(certificate, tmp_path):  # noqa: F811
    secure = yaml.safe_load(config(tmp_path / "data"))
    secure["listeners"]["web"]["tls"] = certificate
    with Broker(yaml.safe_dump(secure)) as server:
        login = {"OMNI_USER": ADMIN, "OMNI_PASS": PASSWORD}
        run_tests(SOME, server.port, SSL_CERT_FILE=certificate["certificate"], **login)
        run_tests("*/NotTrusted.*", server.port, **login)


class BusyNucleus:
    """Speaks as much of the protocols as it takes to ask it something, and has no time at first."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(websockets.serve(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        server.close()
        self.loop.run_until_complete(server.wait_closed())

    async def _serve(self, connection):
        path = connection.path
        state = self._connected()
        async for message in connection:
            if path == "/omni/api":
                text = message.encode() if isinstance(message, str) else message
                for answer in self._api(json.loads(text.partition(b"\0")[0]), state):
                    await connection.send(answer)
                continue
            number, = struct.unpack_from("<I", message, 1)
            method, _, rest = message[5:].partition(b"\0")
            answer = json.dumps(self._sows(method, json.loads(rest[4:]))).encode()
            await connection.send(b"\x01" + struct.pack("<IBI", number, 1, len(answer)) + answer)

    def _sows(self, method, params):
        if method != b"DiscoverySearch.find":
            return {"status": "OK", "access_token": "access", "refresh_token": "refresh", "username": "ann"}
        if params["query"]["service_interface"]["name"] == "Connection":
            params = {"url": f"ws://127.0.0.1:{self.port}/omni/api"}
        else:
            params = {"host": "127.0.0.1", "port": self.port, "path": "/omni/auth"}
        return {"found": True, "transport": {"name": "any", "params": json.dumps(params), "meta": {"ssl": "false"}}}

    def _connected(self):
        """What is known of one connection."""
        return [2]

    def _api(self, request, busy):
        answer = {"id": request["id"], "status": "OK"}
        if request["command"] == "authorize_token":
            answer.update(version="1.19", username="ann", connection_id="A" * 16, token="t")
        elif request["command"] in ("stat2", "read_asset_version") and busy[0]:
            busy[0] -= 1
            answer.update(status="SLOW_DOWN", backoff_time_ms=1)
        elif request["command"] == "stat2":
            answer.update(path="/a", path_type="asset", size=7)
        elif request["command"] == "read_asset_version":
            return [json.dumps(answer).encode() + b"\0content"]
        elif request["command"] == "list2":
            names = ("..", ".", "a")
            page = {**answer, "entries": [{"path": f"{request['path']}{name}", "path_type": "asset"} for name in names]}
            return [json.dumps(page), json.dumps({**answer, "status": "DONE"})]
        return [json.dumps(answer)]


def test_it_gives_a_busy_server_the_time_that_it_wants():
    with BusyNucleus() as server:
        run_tests("*/Busy.*", server.port, OMNI_USER="ann", OMNI_PASS="secret")


def test_it_believes_no_name_that_leads_elsewhere():
    with BusyNucleus() as server:
        run_tests("*/Hostile.*", server.port, OMNI_USER="ann", OMNI_PASS="secret")


def test_a_password_that_is_no_text_is_a_wrong_one(server):
    run_tests("*/NoText.*", server.port, OMNI_USER=ADMIN, OMNI_PASS="p\udce4ss")


class Proxy:
    """TCP connections from one port to another, which do what a network does at its worst."""

    def __init__(self):
        self.target = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = []
        self.left = None
        self.released = threading.Event()
        self.released.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self.lock:
                self.pairs.append((client, server))
            for source, sink in ((client, server), (server, client)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(source, sink, sink is client), daemon=True).start()

    def _pump(self, source, sink, answers):
        try:
            while data := source.recv(65536):
                if answers:
                    self.released.wait()
                sink.sendall(data)
                if self._is_cut(len(data)):
                    self.drop()
        except OSError:
            pass
        for one in (source, sink):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _is_cut(self, size):
        with self.lock:
            if self.left is None:
                return False
            self.left -= size
            if self.left > 0:
                return False
            self.left = None
            return True

    def cut(self, size):
        """All connections, once, when so many bytes have gone through."""
        with self.lock:
            self.left = size

    def drop(self):
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for one in pair:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def garbage(self):
        """A message of the WebSocket that is none of the protocols."""
        with self.lock:
            for client, _ in self.pairs:
                try:
                    client.sendall(b"\x82\x07\x09garbag")
                except OSError:
                    pass

    def close(self):
        self.listener.close()
        self.released.set()
        self.drop()


class Tormentor:
    """A server behind a proxy, and a port that takes orders of what becomes of them."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.fresh = 0
        self.server = None
        self.proxy = Proxy()
        self.control = socket.create_server(("127.0.0.1", 0))
        self.port = self.control.getsockname()[1]

    def __enter__(self):
        self.start()
        threading.Thread(target=self._take_orders, daemon=True).start()
        return self

    def __exit__(self, *error):
        self.control.close()
        self.proxy.close()
        return self.server.__exit__(*error)

    def start(self):
        self.server = Server(self.folder, data=self.data, auth={"access_token_lifetime": "1s"})
        self.server.__enter__()
        self.proxy.target = self.server.port

    def kill(self):
        self.server.stop(signal.SIGKILL)
        self.server.__exit__(None, None, None)
        self.proxy.drop()

    def _take_orders(self):
        while True:
            try:
                connection, _ = self.control.accept()
            except OSError:
                return
            with connection, connection.makefile("rw") as lines:
                words = lines.readline().split()
                try:
                    self._obey(*words)
                    lines.write("ok\n")
                except Exception as problem:  # The test says which order it was.
                    print(f"{words}: {problem!r}")
                    lines.write("no\n")

    def _obey(self, order, *more):
        if order == "kill":
            self.kill()
        elif order == "start":
            self.start()
        elif order == "fresh":
            self.fresh += 1
            self.data = self.folder / f"fresh{self.fresh}"
            self.start()
        elif order == "cut":
            self.proxy.cut(int(more[0]))
        elif order == "drop":
            self.proxy.drop()
        elif order == "garbage":
            self.proxy.garbage()
        elif order == "hold":
            self.proxy.released.clear()
        elif order == "release":
            self.proxy.released.set()
        else:
            raise ValueError(order)


def test_it_survives_what_becomes_of_servers_and_networks(tmp_path):
    with Tormentor(tmp_path) as tormentor:
        run_tests("*/Tormented.*", tormentor.proxy.port, OMNI_USER=ADMIN, OMNI_PASS=PASSWORD,
                  OMNICLIENT_TEST_CONTROL=str(tormentor.port), XDG_CACHE_HOME=str(tmp_path / "cache"))
