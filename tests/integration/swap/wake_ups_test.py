"""A service whose work blocks is woken when it is done, by whatever generation has the connection then, and sends much to
clients that read slowly without holding more than a bound. The service is tests/plugins/waking."""

import os
import pathlib
import socket

import pytest
import yaml

from broker import Broker
from control import Control

PLUGIN = pathlib.Path(os.environ["OMNIBROKER_TEST_PLUGINS"]) / "waking.so"
TIMEOUT = 60
MUCH = 16 * 1024 * 1024


def config(folder, name="one"):
    return yaml.safe_dump({
        "workers": 2, "log": {"format": "json"}, "control": {"socket": str(folder / "control.sock")},
        "listeners": {"public": {"address": "127.0.0.1:0"}},
        "limits": {"max_control_queue": "64KiB"},
        "services": {"waking": {"plugin": str(PLUGIN), "listener": "public", "path": "/", "name": name}}})


@pytest.fixture
def gate(tmp_path):
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    return pipe


class Client:
    def __init__(self, broker):
        self.socket = socket.create_connection(("127.0.0.1", broker.port), TIMEOUT)
        self.socket.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert self.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200")

    def until(self, end):
        got = b""
        while not got.endswith(end):
            piece = self.socket.recv(1)
            assert piece, got
            got += piece
        return got

    def send(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()


def open_gate(pipe, times=1):
    """Lets so many pieces of work end: each waits until the pipe is opened for writing."""
    for _ in range(times):
        os.close(os.open(pipe, os.O_WRONLY))


def test_it_is_woken_when_its_work_is_done(tmp_path, gate):
    with Broker(config(tmp_path), env={"OMNIBROKER_TEST_GATE": str(gate)}) as broker:
        clients = [Client(broker) for _ in range(3)]
        for client in clients:
            client.send(b"w")
            open_gate(gate)
            assert client.until(b"one") == b"one"
            client.close()


def test_work_that_ends_when_its_client_has_gone_harms_nobody(tmp_path, gate):
    with Broker(config(tmp_path), env={"OMNIBROKER_TEST_GATE": str(gate)}) as broker:
        gone = Client(broker)
        gone.send(b"w")
        gone.close()
        stays = Client(broker)
        stays.send(b"w")
        for_both = os.open(gate, os.O_RDWR)
        assert stays.until(b"one") == b"one"
        stays.close()
    os.close(for_both)


def test_a_wake_up_that_comes_behind_a_swap_reaches_the_next_generation(tmp_path, gate):
    with Broker(config(tmp_path), env={"OMNIBROKER_TEST_GATE": str(gate)}) as broker:
        client = Client(broker)
        for number, name in enumerate(["two", "three", "four"]):
            client.send(b"w")
            pathlib.Path(broker.config_file).write_text(config(tmp_path, name), encoding="utf-8")
            report = Control(tmp_path / "control.sock").swap("services.waking")
            assert (report["moved"], report["to"]) == (1, number + 2), report
            open_gate(gate)
            assert client.until(name.encode()) == name.encode()
        client.close()


def test_much_is_sent_as_the_client_takes_it(tmp_path):
    with Broker(config(tmp_path)) as broker:
        slow, quick = Client(broker), Client(broker)
        slow.send(b"m")
        quick.send(b"m")
        for client in (quick, slow):
            received = 0
            while received < MUCH + 1:
                piece = client.socket.recv(1024 * 1024)
                assert piece, received
                received += len(piece)
            assert piece.endswith(b".") and received == MUCH + 1
            client.close()
