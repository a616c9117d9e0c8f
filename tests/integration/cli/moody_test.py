"""`omnibroker run` with a plugin that fails or hangs in one step of its life (tests/plugins/moody)."""

import os
import pathlib
import signal
import time

import pytest
from broker import Broker, executable, gateway_config

MOODY = pathlib.Path(executable()).resolve().parent.parent / "tests/plugins"


@pytest.fixture
def gate(tmp_path):
    """What a hanging step waits for: nobody ever opens its other end."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    return {"OMNIBROKER_TEST_GATE": str(path)}


def moody(step, mood, **changes):
    route = {"from": "web_ui", "handler": {"plugin": "moody", "step": step, "mood": mood}}
    return gateway_config(plugins={"path": [str(MOODY)]}, routes={"sulk": route}, **changes)


@pytest.mark.parametrize("step", ["configure", "prepare", "start"])
@pytest.mark.parametrize("mood", ["fail", "throw", "throw_number"])
def test_one_that_fails_stops_the_start_with_status_3_and_the_reason(step, mood):
    with Broker(moody(step, mood), serving=False) as broker:
        assert broker.wait() == 3

        [failure] = [line for line in broker.log if line.level == "error" and line.sentence.startswith("Could not start: ")]
        assert "handlers.sulk" in failure.sentence
        assert "moody" in failure.sentence
        assert broker.output == []


@pytest.mark.parametrize("step,mood", [("drain", "fail"), ("drain", "throw"), ("stop", "fail"), ("stop", "throw")])
def test_one_that_fails_on_the_way_out_does_not_keep_the_broker(step, mood):
    with Broker(moody(step, mood)) as broker:
        assert broker.stop() == 0
        assert broker.find_log("Stopped")


@pytest.mark.parametrize("step", ["drain", "stop", "destroy"])
def test_one_that_hangs_on_the_way_out_does_not_keep_the_broker(step, gate):
    with Broker(moody(step, "hang", limits={"stop_timeout": "2s"}), env=gate) as broker:
        assert broker.stop(timeout=15) == 0
        assert broker.find_log("Stopped")


def test_a_second_signal_leaves_at_once_while_one_hangs(gate):
    with Broker(moody("stop", "hang", limits={"stop_timeout": "1h"}), env=gate) as broker:
        broker.signal(signal.SIGTERM)
        broker.wait_for_log("Stopping, a second signal leaves at once")

        broker.signal(signal.SIGINT)

        assert broker.wait(5) == 4


def test_signals_are_heard_while_one_hangs_in_its_start(gate):
    with Broker(moody("prepare", "hang"), env=gate, serving=False) as broker:
        wait_until_inside(broker)

        broker.signal(signal.SIGTERM)
        broker.wait_for_log("Stopping, a second signal leaves at once")
        broker.signal(signal.SIGTERM)

        assert broker.wait(5) == 4


def test_one_that_takes_its_time_to_start_is_waited_for(gate):
    with Broker(moody("prepare", "hang"), env=gate, serving=False) as broker:
        wait_until_inside(broker)
        assert not broker.find_log("Serving")

        with open(gate["OMNIBROKER_TEST_GATE"], "w"):
            assert broker.wait_for_log("Serving")
        assert broker.stop() == 0


def wait_until_inside(broker):
    """Waits until a thread of the broker waits for the other end of a pipe, as the kernel shows it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert broker.alive(), broker.log_text()
        for task in pathlib.Path(f"/proc/{broker.pid}/task").iterdir():
            if (task / "wchan").read_text().startswith(("wait_for_partner", "fifo_open")):
                return
    pytest.skip("this kernel does not show what a thread waits for")
