"""The control socket itself: who can open it, what becomes of it, what it does with nonsense."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import pytest

from broker import Broker, gateway_config
from running import TIMEOUT, Gateway, Wire, mode

AS_ANOTHER_USER = """
import os, socket, sys
os.setuid(65534)
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
print(connection.makefile().readline())
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("run")) as gateway:
        yield gateway


def test_socket_and_folder_are_for_the_user_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        with Gateway(tmp_path) as gateway:
            assert mode(gateway.socket) == 0o600
            assert mode(gateway.socket.parent) == 0o700
    finally:
        os.umask(before)


def test_a_folder_that_is_open_to_others_is_closed(tmp_path):
    folder = tmp_path / "omnibroker"
    folder.mkdir()
    folder.chmod(0o777)
    with Gateway(tmp_path):
        assert mode(folder) == 0o700


def test_a_folder_that_is_a_link_is_not_used(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "omnibroker").symlink_to(tmp_path / "elsewhere")
    with Gateway(tmp_path) as gateway:
        taken = gateway.broker.wait_for_log("Taking commands")["socket"]

        assert not taken.startswith(str(tmp_path))
        assert list((tmp_path / "elsewhere").iterdir()) == []
        with Wire(taken) as wire:
            assert wire.ask("status")[-1]["result"]["pid"] == gateway.broker.pid


def test_the_socket_is_gone_when_the_broker_is(tmp_path):
    with Gateway(tmp_path) as gateway:
        assert gateway.socket.exists()
        assert gateway.broker.stop() == 0
        assert not gateway.socket.exists()


def test_the_socket_is_gone_also_when_a_component_does_not_end(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    sulk = {"from": "web_ui", "handler": {"plugin": "moody", "step": "stop", "mood": "hang"}}
    with Gateway(tmp_path, env={"OMNIBROKER_TEST_GATE": str(gate)}, plugins={"path": [os.environ["OMNIBROKER_TEST_PLUGINS"]]},
                 routes={"sulk": sulk}, limits={"stop_timeout": "1s"}) as gateway:
        assert gateway.broker.stop() == 0
        assert not gateway.socket.exists()


def test_off_means_none(tmp_path):
    with Gateway(tmp_path, control={"socket": "off"}) as gateway:
        assert list(tmp_path.iterdir()) == []
        assert not gateway.broker.find_log("Taking commands")


def test_what_a_dead_broker_left_is_replaced(tmp_path):
    control = {"socket": str(tmp_path / "gateway.sock")}
    with Gateway(tmp_path, control=control) as dead:
        dead.broker.stop(signal.SIGKILL)
        assert (tmp_path / "gateway.sock").exists()

    with Gateway(tmp_path, control=control) as living:
        assert living.result("status", "--control", tmp_path / "gateway.sock")["pid"] == living.broker.pid


def test_a_broker_clears_away_what_dead_ones_left_in_the_folder(tmp_path):
    with Gateway(tmp_path) as dead:
        dead.broker.stop(signal.SIGKILL)
    assert dead.socket.exists()

    with Gateway(tmp_path) as living:
        assert [file.name for file in (tmp_path / "omnibroker").iterdir()] == [living.socket.name]
        assert living.result("status")["pid"] == living.broker.pid


def test_what_a_living_broker_has_is_left_to_it(tmp_path):
    control = {"socket": str(tmp_path / "gateway.sock")}
    with Gateway(tmp_path, control=control) as first:
        with Broker(gateway_config(control=control), serving=False) as second:
            assert second.wait() == 3
            [failure] = [line for line in second.log if line.level == "error"]
            assert failure.sentence == (f"Could not start: The control socket {tmp_path}/gateway.sock cannot be opened: "
                                        f"process {first.broker.pid} is using it")
        assert first.result("status", "--control", tmp_path / "gateway.sock")["pid"] == first.broker.pid


def test_a_file_that_is_no_socket_is_not_touched(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with Broker(gateway_config(control={"socket": str(file)}), serving=False) as broker:
        assert broker.wait() == 3
        assert "something else is there" in broker.log_text()
    assert file.read_text() == "mine"


@pytest.mark.parametrize("garbage", ["nonsense", "{", "[]", "17", "{}", '{"command": 1}', "\0\0\0", "[" * 60_000])
def test_garbage_is_told_so_and_closed(gateway, garbage):
    with Wire(gateway.socket) as wire:
        wire.send(garbage + "\n")

        assert wire.read()["error"] == {"code": "INVALID_ARGUMENT",
                                        "message": 'Expected a JSON object with "command" on one line'}
        assert wire.read() is None


def test_a_line_without_an_end_is_cut_off(gateway):
    with Wire(gateway.socket) as wire:
        wire.send(b" " * (64 * 1024 + 1))

        assert wire.read()["error"] == {"code": "INVALID_ARGUMENT", "message": "A command has at most 64 KiB"}


@pytest.mark.parametrize("request_,code", [
    ({"command": "dance"}, "UNSUPPORTED"), ({"command": "swap"}, "INVALID_ARGUMENT"),
    ({"command": "swap", "name": 7}, "INVALID_ARGUMENT"), ({"command": "disconnect", "client_id": "x"}, "NOT_FOUND"),
    ({"command": "swap", "name": "transports.realtime", "plugin": []}, "INVALID_ARGUMENT")])
def test_a_command_that_is_refused_leaves_the_connection_open(gateway, request_, code):
    with Wire(gateway.socket) as wire:
        wire.send(json.dumps(request_) + "\n")
        assert wire.read()["error"]["code"] == code

        assert "result" in wire.ask("generations")[-1]


def test_commands_can_come_in_pieces_and_together(gateway):
    with Wire(gateway.socket) as wire:
        wire.send('{"comm')
        wire.send('and":"sessions"}\n{"command":"sessions"}\n')

        assert wire.read() == wire.read() == {"result": {"sessions": []}}


def test_a_connection_too_many_is_told_so(tmp_path):
    with Gateway(tmp_path) as gateway:
        held = [Wire(gateway.socket) for _ in range(8)]
        for wire in held:
            assert "result" in wire.ask("sessions")[-1]
        with Wire(gateway.socket) as wire:
            assert wire.read()["error"]["code"] == "RESOURCE_EXHAUSTED"
            assert wire.read() is None
        assert "8 control connections" in gateway.refusal("status")

        held.pop().__exit__()
        while gateway.command("status").returncode != 0:  # until the broker has seen that one is gone
            pass
        for wire in held:
            wire.__exit__()


def test_a_connection_that_is_open_does_not_hold_up_the_end(tmp_path):
    with Gateway(tmp_path) as gateway, Wire(gateway.socket) as wire:
        assert "result" in wire.ask("sessions")[-1]
        assert gateway.broker.stop(timeout=TIMEOUT) == 0
        assert wire.read() is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "gateway.sock"
        with Gateway(folder, control={"socket": str(path)}) as gateway:
            path.parent.chmod(0o711)  # as if somebody had opened both
            path.chmod(0o666)
            asked = subprocess.run([sys.executable, "-c", AS_ANOTHER_USER, str(path)], capture_output=True, text=True,
                                   timeout=TIMEOUT, check=True)
            assert json.loads(asked.stdout)["error"]["code"] == "FORBIDDEN"
            gateway.broker.wait_for_log("A control connection of another user was refused", uid=65534)
