"""Calls into components that do not come back are reported by the running broker, and once more when they do."""

import asyncio
import os
import pathlib

from clients import connect, metric, run, send, until
from crashing import CrashingBroker, config

LATE = "A call into a component does not come back"
BACK = "A call into a component has come back late"


def hang(broker, gate):
    """Sends a message whose handler hangs, and lets it go when it has been reported."""
    async def scenario():
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="crash", how="hang")
        await asyncio.to_thread(broker.wait_for_log, LATE, name="handlers.crash")
        await asyncio.to_thread(open_and_close, gate)
        await asyncio.to_thread(broker.wait_for_log, BACK, name="handlers.crash")
        await until(lambda: metric(broker, "calls_late_total", component="handlers.crash") == 1, "one late call")

    run(scenario())


def open_and_close(gate):
    os.close(os.open(gate, os.O_WRONLY))


def threads_of(broker):
    return [(task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{broker.pid}/task").iterdir()]


def test_a_call_that_hangs_is_reported_once_and_once_more_when_it_is_back(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with CrashingBroker(config(tmp_path / "crashes", limits={"call_deadline": "200ms"}),
                        env={"OMNIBROKER_TEST_GATE": str(gate)}) as broker:
        hang(broker, gate)

        [late] = broker.find_log(LATE, name="handlers.crash")
        [back] = broker.find_log(BACK, name="handlers.crash")
        assert (late["plugin"], late["call"]) == ("crashing", "handle")
        assert int(late["for_ms"]) >= 200
        assert late["thread"].startswith("worker ")
        assert (back["plugin"], back["call"]) == ("crashing", "handle")
        assert int(back["took_ms"]) >= int(late["for_ms"])
        # The transport had only waited for it.
        assert broker.find_log(LATE, name="transports.realtime") == []


def test_steps_of_a_life_have_deadlines_of_their_own(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    slow = config(tmp_path / "crashes", handler={"in_prepare": "hang"}, limits={"call_deadline": "1ms"})
    with CrashingBroker(slow, env={"OMNIBROKER_TEST_GATE": str(gate)}, serving=False) as broker:
        open_and_close(gate)  # waits until the step is there
        broker.wait_for_log("Serving")
        assert broker.stop() == 0
        assert broker.find_log(LATE, call="prepare") == []


def test_off_watches_nothing(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes")) as broker:
        assert "watchdog" in threads_of(broker)
    with CrashingBroker(config(tmp_path / "crashes", limits={"call_deadline": "off"})) as broker:
        assert "watchdog" not in threads_of(broker)
