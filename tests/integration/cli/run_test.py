"""`omnibroker run`: what it says, how it ends, and with which status."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest
from broker import ROOT, Broker, executable, gateway_config
from program import Running, omnibroker


def test_it_says_where_it_listens_then_that_it_serves():
    with Broker() as broker:
        listening = broker.find_log("Listening", listener="public")
        serving = broker.wait_for_log("Serving")

        assert {line["address"].rsplit(":", 1)[0] for line in listening} >= {"127.0.0.1"}
        assert serving["version"] == "0.1.0"
        assert int(serving["workers"]) == os.cpu_count()
        assert int(serving["components"]) == 10  # two transports, six handlers, reply, notices
        assert int(serving["start_ms"]) >= 0
        sentences = [line.sentence for line in broker.log]
        assert sentences.index("Listening") < sentences.index("Serving")


def test_standard_output_has_the_addresses_and_three_commands_to_try():
    with Broker() as broker:
        broker.stop()

        text = "\n".join(broker.output)
        url = f"ws://localhost:{broker.port}/ws"
        assert f"  {url}" in broker.output
        assert f"  http://localhost:{broker.port}/api/health" in broker.output
        assert re.search(rf"omnibroker sim --robots 10 --rate 10 --url {url}$", text, re.M)
        assert re.search(rf"omnibroker listen --url {url}$", text, re.M)
        assert re.search(rf"curl -s http://localhost:{broker.port}/api/health$", text, re.M)


def test_the_three_commands_to_try_work_as_they_are_printed(tmp_path):
    (tmp_path / "broker.yaml").write_text(gateway_config())
    with Running("run", "broker.yaml", cwd=tmp_path) as run:
        sim = run.wait_for(r"^  (\S+ sim .*)").group(1).split()
        listen = run.wait_for(r"^  (\S+ listen .*)").group(1).split()
        curl = run.wait_for(r"^  (curl .*)").group(1).split()
        assert os.path.samefile(sim[0], executable())

        with Running(*sim[1:]) as fleet:
            fleet.wait_for("Registered at ")
            watched = subprocess.run([*listen, "--count", "10"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                     timeout=30, check=True)
            assert len(watched.stdout.splitlines()) == 10
        health = subprocess.run(curl, capture_output=True, text=True, timeout=30, check=True)

        assert run.stop() == 0
    assert health.stdout == '{"status":"healthy","service":"Omni Web Gateway","version":"1.0.0"}'


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_stops_it_with_status_0(name):
    with Broker() as broker:
        status = broker.stop(getattr(signal, name))

        assert status == 0
        assert broker.find_log("Stopping, a second signal leaves at once", signal=name)
        assert broker.find_log("Stopped")


def test_a_signal_that_comes_twice_within_a_moment_is_one_request():
    with Broker() as broker:
        broker.signal(signal.SIGTERM)
        broker.signal(signal.SIGINT)

        assert broker.wait() == 0


def test_a_second_signal_leaves_at_once():
    with Broker(gateway_config(limits={"stop_timeout": "1h", "linger": "10m"})) as broker:
        # Takes part in no close handshake, and so holds the stop up to its deadline.
        with broker.connect() as silent:
            silent.sendall(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            assert silent.recv(4096).startswith(b"HTTP/1.1 101 ")
            broker.signal(signal.SIGTERM)
            broker.wait_for_log("Stopping, a second signal leaves at once")

            broker.signal(signal.SIGTERM)

            assert broker.wait(5) == 4
        assert broker.find_log("Left at once on a second signal", signal="SIGTERM")


def test_sighup_reads_the_configuration_again():
    with Broker() as broker:
        broker.signal(signal.SIGHUP)
        assert broker.wait_for_log("The configuration was applied").fields["changes"] == "0"

        broker.connect().close()
        assert broker.alive()
        assert broker.stop() == 0


def test_a_stop_during_a_reload_stops():
    with Broker() as broker:
        broker.signal(signal.SIGHUP)
        broker.wait_for_log("Reading the configuration again")
        assert broker.stop() == 0


def test_a_port_in_use_is_status_3_and_says_which():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = gateway_config(listeners={"public": {"address": f"127.0.0.1:{port}"}})
        with Broker(config, serving=False) as broker:
            assert broker.wait() == 3
            [failure] = [line for line in broker.log if line.level == "error"]

    assert f"127.0.0.1:{port}" in failure.sentence
    assert "another program" in failure.sentence
    assert broker.output == []


def test_a_port_in_use_is_said_on_the_terminal_also_when_the_log_is_a_file(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        config = tmp_path / "broker.yaml"
        config.write_text(gateway_config(listeners={"public": {"address": address}},
                                         log={"output": "file", "file": str(tmp_path / "broker.log")}))
        result = omnibroker("run", config)

    assert result.returncode == 3
    assert address in result.stderr
    assert address in (tmp_path / "broker.log").read_text()


def test_mistakes_in_the_configuration_are_status_1_and_nothing_is_started(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("nonsense: 1\nlisteners: { public: { address: nowhere } }\n")

    result = omnibroker("run", file)

    assert result.returncode == 1
    assert f"{file}:1:1: nonsense: " in result.stderr
    assert f"{file}:2:" in result.stderr
    assert "nothing was started" in result.stderr
    assert result.stdout == ""


def test_a_plugin_that_cannot_be_loaded_stops_the_start_with_the_reason(tmp_path):
    (tmp_path / "broken.so").write_text("this is no library\n")
    config = gateway_config(transports={"realtime": {"plugin": str(tmp_path / "broken.so")}})
    with Broker(config, serving=False) as broker:
        assert broker.wait() in (1, 3)

        assert "broken.so" in broker.log_text()


def test_a_folder_of_plugins_comes_from_the_configuration_before_all_others(tmp_path):
    shutil.copy(os.path.join(os.path.dirname(executable()), "..", "plugins", "websocket.so"), tmp_path / "websocket.so")
    (tmp_path / "reply.so").write_text("this is no library\n")
    file = tmp_path / "broker.yaml"
    file.write_text(gateway_config(plugins={"path": ["."]}))

    result = omnibroker("check", file)

    assert result.returncode == 1
    assert str(tmp_path / "reply.so") in result.stdout
    assert "websocket" not in result.stdout


def test_without_a_file_it_takes_the_gateway_of_the_current_folder(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs/gateway.yaml").write_text(gateway_config())
    with Running("run", cwd=tmp_path) as run:
        run.wait_for("ws://localhost:")

        assert run.stop() == 0


def test_without_a_file_and_a_folder_it_takes_the_gateway_of_its_source_tree(tmp_path):
    if not os.path.realpath(executable()).startswith(str(ROOT)):
        pytest.skip("the program under test is not in a build tree")
    with Running("run", cwd=tmp_path) as run:
        run.wait_for(r"Serving|Could not start: .*:8000")  # port 8000 may be somebody's
        run.stop()
