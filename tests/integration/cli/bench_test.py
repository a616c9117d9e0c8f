"""`bench`: that its figures are right, against the broker and against servers that lose, repeat and reorder."""

import asyncio
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading

import pytest
import websockets
from broker import Broker, gateway_config
from program import Running, load_yaml, omnibroker

QUICK = ("--warmup", 0.2, "--seconds", 1)
UNLIMITED = {"limits": {"messages_per_second": "off", "frames_per_second": "off"}}


def bench(*words, status=0):
    result = omnibroker("bench", *words, "--json", timeout=120)
    assert result.returncode == status, result.stdout + result.stderr
    return json.loads(result.stdout)


class Witness(threading.Thread):
    """A web client that is not ours: keeps every update as it came."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.registered, self.updates = url, threading.Event(), []
        self.start()
        assert self.registered.wait(20)

    def run(self):
        with contextlib.suppress(websockets.ConnectionClosed):
            asyncio.run(self.listen())

    async def listen(self):
        async with websockets.connect(self.url) as client:
            await client.send('{"type":"client_register","client_type":"web_ui"}')
            assert json.loads(await client.recv())["type"] == "ack"
            self.registered.set()
            async for text in client:
                self.updates.append(text)


def test_it_counts_what_an_independent_client_counts():
    with Broker() as broker:
        witness = Witness(broker.ws_url)

        result = bench("--url", broker.ws_url, "--clients", 7, "--publishers", 3, "--prims", 10, "--rate", 400,
                       "--check", "--server-pid", broker.pid, *QUICK)

        sent = result["sent"]
        assert 100 < sent < 700
        assert (result["received_per_client_min"], result["received_per_client_max"]) == (sent, sent)
        assert result["received"] == 7 * sent
        assert (result["lost"], result["duplicated"], result["reordered"], result["strange"]) == (0, 0, 0, 0)
        assert result["clients_checking"] == 7
        assert 0 < result["sent_measured"] < sent
        assert 0 <= result["latency_us"]["count"] - 7 * (result["sent_measured"] - 5) <= 7 * 10
        assert 0 < result["latency_us"]["p50"] <= result["latency_us"]["p99"] <= result["latency_us"]["max"]
        assert result["server"]["memory_kib_measured"] > 1000
        assert result["refusals"] == [] and result["clients_ended"] == 0
        broker.stop()
        witness.join(10)

    assert len(witness.updates) == sent
    numbers = {}
    for text in witness.updates:
        update = json.loads(text)
        assert len(text) == 240 and update["height"] == 31.25
        publisher = int(update["prim_path"].removeprefix("/World/Bench/")) % 3
        numbers.setdefault(publisher, []).append(update["metadata"]["number"] - 10 ** 15)
    assert {publisher: list(range(1, len(of) + 1)) for publisher, of in numbers.items()} == numbers
    assert len(numbers) == 3


def test_without_a_url_it_measures_a_broker_of_its_own():
    result = bench("--clients", 5, "--workers", 2, "--rate", 500, *QUICK)

    assert result["sent"] > 0 and result["lost"] == 0
    assert result["received"] == 5 * result["sent"]
    assert result["server"]["memory_kib_before"] > 1000
    assert result["server"]["cpu_us_per_delivery"] > 0


def test_as_fast_as_it_goes_loses_nothing():
    with Broker(gateway_config(**UNLIMITED)) as broker:
        result = bench("--url", broker.ws_url, "--clients", 20, "--publishers", 4, "--rate", 0, "--check", *QUICK)

    assert result["sent"] > 1000
    assert result["received_per_client_min"] == result["sent"]
    assert (result["lost"], result["duplicated"], result["reordered"]) == (0, 0, 0)


@pytest.mark.parametrize("size", [215, 1000, 60000])
def test_messages_have_the_size_that_was_asked_for(size):
    with Broker(gateway_config(**UNLIMITED)) as broker:
        witness = Witness(broker.ws_url)
        bench("--url", broker.ws_url, "--clients", 1, "--prims", 3, "--rate", 50, "--size", size, *QUICK)
        broker.stop()
        witness.join(10)

    assert {len(text) for text in witness.updates} == {size}


def test_the_last_values_of_an_earlier_run_are_not_counted():
    with Broker() as broker:
        words = ("--url", broker.ws_url, "--clients", 3, "--rate", 100, *QUICK)
        bench(*words)
        result = bench(*words)

    assert result["received"] == 3 * result["sent"]
    assert result["strange"] == 0


def test_a_client_that_pauses_skips_and_is_up_to_date_again():
    # 20,000 messages of 2,000 bytes are far more than the backlog and the kernel hold for one that does not read.
    config = gateway_config(limits={**UNLIMITED["limits"], "max_backlog": "64KiB", "max_stall": "off"})
    with Broker(config) as broker:
        for seconds in (2, 10, 25):  # a machine that is busy with other things sends far fewer of them
            result = bench("--url", broker.ws_url, "--clients", 4, "--pausing", 1, "--size", 2000, "--rate", 10000,
                           "--warmup", 0.2, "--seconds", seconds)
            if result["paused"]["skipped"]:
                break

    assert result["paused"]["clients"] == 1
    assert result["paused"]["ended"] == 0
    assert result["paused"]["skipped"] > 0
    assert result["paused"]["up_to_date"] is True
    assert result["lost"] == 0  # of the three others
    assert result["received_per_client_min"] == result["sent"]


def test_errors_that_publishers_are_answered_are_reported():
    with Broker(gateway_config(routes={"coordinate_update": {"from": "web_ui"},
                                       "select_object": {"to": "omniverse_extension", "from": "omniverse_extension"}})) as broker:
        words = ("--url", broker.ws_url, "--clients", 2, "--rate", 100, *QUICK)
        result = bench(*words, status=1)
        text = omnibroker("bench", *words).stdout

    assert len(result["refusals"]) == 1
    assert result["refusals"][0]["text"].startswith("UNAUTHORIZED: ")
    assert result["refusals"][0]["count"] == result["sent"]
    assert result["lost"] == 2 * result["sent"]
    assert "times: UNAUTHORIZED: " in text


def test_a_limit_of_the_broker_is_named():
    with Broker(gateway_config(limits={"messages_per_second": 20})) as broker:
        result = bench("--url", broker.ws_url, "--clients", 2, "--rate", 1000, *QUICK, status=1)

    assert result["refusals"][0]["text"].startswith("RATE_LIMIT_EXCEEDED: ")
    assert result["refusals"][0]["count"] + result["received_per_client_min"] == result["sent"]


def test_a_role_that_the_broker_does_not_take_is_named():
    routes = {"client_register": {"handler": {"plugin": "client_register", "client_types": ["web_ui"]}}}
    with Broker(gateway_config(routes=routes)) as broker:
        result = omnibroker("bench", "--url", broker.ws_url, *QUICK)

    assert result.returncode == 3
    assert "A client could not connect: it refused the client: UNSUPPORTED_CLIENT_TYPE" in result.stderr


def test_nobody_there_and_no_websocket_are_told_apart():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = omnibroker("bench", "--url", f"ws://127.0.0.1:{port}/ws")
    with Broker() as broker:
        nothing = omnibroker("bench", "--url", broker.ws_url.replace("/ws", "/nowhere"))

    assert (nobody.returncode, nothing.returncode) == (3, 3)
    assert "nobody listens there" in nobody.stderr
    assert "it was asked for a WebSocket and answered: HTTP/1.1 404" in nothing.stderr


@pytest.mark.parametrize("words,reason", [
    (["--clients", "0"], "--clients must be a whole number from 1 to 1000000, not 0"),
    (["--size", "100"], "--size must be a whole number from 215 to 65535, not 100"),
    (["--rate", "-1"], "--rate must be a number from 0 to 100000000, not -1"),
    (["--rate", "fast"], "not fast"),
    (["--seconds", "0"], "--seconds must be a number from 0.01"),
    (["--server-pid", "1"], "--server-pid belongs to a server at --url"),
    (["--dialect", "mqtt"], "--dialect must be gateway, nats or repeater, not mqtt"),
    (["--url", "ws://localhost:1", "--workers", "2"], "--workers is for a broker without --url"),
    (["--cilents", "3"], "did you mean --clients?"),
])
def test_a_bad_option_is_told_what_it_should_be(words, reason):
    result = omnibroker("bench", *words)

    assert result.returncode == 2
    assert reason in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("words,reason", [
    (["--publishers", "3", "--prims", "2"], "more publishers than objects"),
    (["--clients", "2", "--pausing", "3"], "more clients to pause than clients"),
    (["--prims", "99999", "--size", "60000"], "more than 256 MiB"),
    (["--url", "wss://localhost:1/ws"], "ws://"),
    (["--url", "localhost"], "ws://"),
])
def test_what_cannot_be_done_is_refused(words, reason):
    result = omnibroker("bench", *words)

    assert result.returncode == 1
    assert reason in result.stderr
    assert result.stdout == ""


def test_an_unknown_process_is_said():
    with Broker() as broker:
        gone = subprocess.Popen(["true"])
        gone.wait()
        result = omnibroker("bench", "--url", broker.ws_url, "--server-pid", gone.pid)

    assert result.returncode == 3
    assert f"No process has the number {gone.pid}" in result.stderr


@contextlib.contextmanager
def bench_with_its_broker(folder):
    """A bench that has just made its broker, with the number of that process. Both are gone afterwards, and so are their
    files in `folder`."""
    with Running("bench", "--seconds", 600, "--clients", 2, env={"TMPDIR": str(folder)}) as running:
        children = pathlib.Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
        while not children.read_text(encoding="ascii").split():
            assert running.process.poll() is None
        broker = int(children.read_text(encoding="ascii").split()[0])
        try:
            yield running, broker
            with pytest.raises(ProcessLookupError):
                os.kill(broker, 0)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(broker, signal.SIGKILL)
    assert list(folder.glob("omnibroker-bench-*")) == []


def is_forked(process):
    return pathlib.Path(f"/proc/{process}").exists()


def is_a_broker(process):
    return b"run" in pathlib.Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")


def loads_plugins(process):
    return "/omnibroker-plugins-" in pathlib.Path(f"/proc/{process}/maps").read_text(encoding="utf-8")


def stands_still(process):
    tasks = pathlib.Path(f"/proc/{process}/task").glob("*/stat")
    return all(task.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T" for task in tasks)


def serves(process):
    """Whether this broker has come so far that its workers run."""
    for task in pathlib.Path(f"/proc/{process}/task").glob("*/comm"):
        try:
            if task.read_text(encoding="ascii").startswith("worker"):
                return True
        except OSError:
            pass  # that thread has ended meanwhile
    return False


def wait_until(moment, broker, running):
    while not moment(broker):
        assert running.process.poll() is None


def test_its_broker_lets_clients_be_silent_for_as_long_as_they_are_held(tmp_path):
    with bench_with_its_broker(tmp_path) as (running, _):
        [config] = tmp_path.glob("omnibroker-bench-*")
        limits = load_yaml(config.read_text(encoding="utf-8"))["limits"]
        running.stop()

    assert limits["register_timeout"] == "off"


def test_ctrl_c_ends_it_with_what_it_has_and_its_broker_too(tmp_path):
    with bench_with_its_broker(tmp_path) as (running, broker):
        wait_until(serves, broker, running)

        assert running.stop(signal.SIGINT) in (0, 3)  # 3: before anything was connected


@contextlib.contextmanager
def bench_whose_broker_stands_still(moment, folder):
    """At this moment of its start, or soon after it; never so late that the bench could know that it serves."""
    while True:
        with bench_with_its_broker(folder) as (running, broker):
            wait_until(moment, broker, running)
            os.kill(broker, signal.SIGSTOP)
            wait_until(stands_still, broker, running)
            if not serves(broker):
                yield running
                return
            os.kill(broker, signal.SIGCONT)
            running.stop()


@pytest.mark.parametrize("request_to_end", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [is_forked, is_a_broker, loads_plugins])
def test_an_interrupt_does_not_wait_for_a_broker_that_takes_its_time_to_start(moment, request_to_end, tmp_path):
    with bench_whose_broker_stands_still(moment, tmp_path) as running:
        assert running.stop(request_to_end) == 3

        assert "A broker for the benchmark did not start: interrupted" in running.text()


def test_an_interrupt_is_heard_at_every_moment_of_the_start(tmp_path):
    for looks in range(0, 2000, 100):  # at the child, before the interrupt: each time it comes a little later
        with bench_with_its_broker(tmp_path) as (running, broker):
            for _ in range(looks):
                is_forked(broker)

            assert running.stop((signal.SIGINT, signal.SIGTERM)[looks // 100 % 2]) in (0, 3)


def test_an_interrupt_does_not_wait_for_a_server_that_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Running("bench", "--url", f"ws://127.0.0.1:{silent.getsockname()[1]}/ws") as running:
            connection, _ = silent.accept()

            assert running.stop(signal.SIGINT) == 3

            connection.close()
            assert "interrupted before all clients were connected" in running.text()


# ----------------------------------------------------------------------------------- servers that do not keep their promises


class Faulty(threading.Thread):
    """A server that forwards what publishers send, as `plan` says: it answers what goes out for one
    message, or None to close the publisher's connection."""

    def __init__(self, plan):
        super().__init__(daemon=True)
        self.plan, self.receivers, self.count = plan, set(), 0
        self.held = None
        self.ready = threading.Event()

    def run(self):
        asyncio.run(self.serve())

    async def serve(self):
        self.loop, self.end = asyncio.get_running_loop(), asyncio.Event()
        async with websockets.serve(self.handle, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.end.wait()

    async def handle(self, client):
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in client:
                message = json.loads(text)
                if message["type"] == "client_register":
                    await client.send('{"type":"ack","original_type":"client_register","status":"success"}')
                    if message["client_type"] == "web_ui":
                        self.receivers.add(client)
                    continue
                self.count += 1
                answers = self.plan(self, text)
                if answers is None:
                    return await client.close(1008, "that is enough")
                for one in answers:
                    websockets.broadcast(self.receivers, one)

    def __enter__(self):
        self.start()
        assert self.ready.wait(20)
        return self

    def __exit__(self, *error):
        self.loop.call_soon_threadsafe(self.end.set)
        self.join(20)


def lose_every_fifth(server, text):
    return [] if server.count % 5 == 0 else [text]


def repeat_every_fifth(server, text):
    return [text, text] if server.count % 5 == 0 else [text]


def hold_every_fifth_back(server, text):
    """It comes behind the next one, which is of the same object: there is only one."""
    if server.count % 5 == 0:
        server.held = text
        return []
    held, server.held = server.held, None
    return [text, held] if held else [text]


@pytest.mark.parametrize("plan,found", [(lose_every_fifth, "lost"), (repeat_every_fifth, "duplicated"),
                                        (hold_every_fifth_back, "reordered")])
def test_what_a_server_does_wrong_is_found(plan, found):
    with Faulty(plan) as server:
        result = bench("--url", f"ws://127.0.0.1:{server.port}/", "--clients", 2, "--prims", 1, "--check", "--rate", 200,
                       *QUICK)

    assert abs(result[found] - 2 * (result["sent"] // 5)) <= 2
    for other in {"lost", "duplicated", "reordered"} - {found}:
        assert result[other] <= 2, other  # the last one that was held back never comes


def test_a_publisher_that_is_closed_ends_the_run_and_the_reason_is_named():
    with Faulty(lambda server, text: [text] if server.count < 30 else None) as server:
        result = bench("--url", f"ws://127.0.0.1:{server.port}/", "--clients", 2, "--rate", 200, "--seconds", 600, status=1)

    assert result["clients_ended"] == 1
    assert result["first_end"] == "closed with 1008: that is enough"
    assert result["received_per_client_min"] == 29


# --------------------------------------------------------------------------------------------------------------------- NATS


@contextlib.contextmanager
def nats_server():
    """Debian's nats-server with a WebSocket listener, both on ports of the kernel's choice."""
    with tempfile.TemporaryDirectory(prefix="omnibroker-nats-") as folder:
        config = pathlib.Path(folder, "nats.conf")
        config.write_text('listen: "127.0.0.1:-1"\nwebsocket { listen: "127.0.0.1:-1", no_tls: true }\n'
                          f'ports_file_dir: "{folder}"\n', encoding="utf-8")
        log = pathlib.Path(folder, "log")
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(["nats-server", "-c", str(config)], stdout=output, stderr=output)
        try:
            ports = None
            while ports is None:
                assert process.poll() is None, log.read_text(encoding="utf-8")
                for file in pathlib.Path(folder).glob("*.ports"):
                    with contextlib.suppress(ValueError, KeyError):
                        ports = json.loads(file.read_text(encoding="utf-8"))["websocket"][0]
            yield ports.replace("ws://[::]", "ws://127.0.0.1"), process.pid
        finally:
            process.terminate()
            process.wait(20)


@pytest.mark.parametrize("rate", [500, 0])
def test_it_speaks_with_a_nats_server_too(rate):
    with nats_server() as (url, pid):
        result = bench("--dialect", "nats", "--url", url, "--server-pid", pid, "--clients", 5, "--publishers", 2, "--rate",
                       rate, "--check", *QUICK)

    assert result["sent"] > 100
    assert result["received"] == 5 * result["sent"]
    assert (result["lost"], result["duplicated"], result["reordered"]) == (0, 0, 0)
    assert result["server"]["cpu_us_per_delivery"] > 0
