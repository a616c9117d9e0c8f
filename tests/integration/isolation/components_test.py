"""What an isolated component gets of the host, and what it does not."""

import asyncio
import os
import signal

import pytest

from clients import Broker, connect, gateway_config, metric, receive, run, send, until, update
from isolated import ENDED, HANDLER, acknowledged, ask, fragile_config, gone, pid_of
from rest_client import Session

ACK = {"type": "ack", "original_type": "fragile", "status": "success"}


def scenario_test(scenario, **options):
    with Broker(fragile_config(**options)) as broker:
        run(scenario(broker))


def test_a_decision_goes_where_it_would_go_from_inside():
    async def scenario(broker):
        web, client = await connect(broker.ws_url, "web_ui"), await connect(broker.ws_url)
        assert await ask(client, n=1) == ACK
        assert await receive(web) == {"type": "fragile", "n": 1}
        assert await ask(client, how="refuse") == {"type": "error", "error_code": "NOT_TODAY",
                                                   "error_message": "It thought better of it"}
        assert await ask(client, how="replace", instead='{"type":"fragile","n":2}') == ACK
        assert await receive(web) == {"type": "fragile", "n": 2}

    scenario_test(scenario)


@pytest.mark.parametrize("how", ["at once", "later", "timer"])
def test_it_may_decide_later(how):
    async def scenario(broker):
        web, client = await connect(broker.ws_url, "web_ui"), await connect(broker.ws_url)
        assert await ask(client, how=how) == ACK
        assert await receive(client) == {"type": "note"}
        assert await receive(web) == {"type": "fragile", "how": how}

    scenario_test(scenario)


def test_a_decision_that_never_comes_is_no_hang():
    async def scenario(broker):
        client = await connect(broker.ws_url)
        await send(client, type="fragile", how="never")
        pid = pid_of(broker)
        await asyncio.to_thread(broker.wait_for_log, "Still undecided", component=HANDLER)  # after four seconds
        assert await ask(client) == ACK
        assert not broker.find_log(ENDED)
        os.kill(pid, signal.SIGKILL)
        assert (await receive(client))["error_code"] == "FRAGILE_FAILED", "what is put off is in flight, too"
        await acknowledged(client)

    scenario_test(scenario, limits={"isolation_timeout": "2s"})


def test_it_may_register_the_sender():
    async def scenario(broker):
        client = await connect(broker.ws_url)
        assert (await ask(client, how="register", role="nobody"))["error_code"] == "UNKNOWN"
        assert await ask(client, how="register", role="web_ui") == ACK
        assert await ask(client, n=1) == ACK
        assert await receive(client) == {"type": "fragile", "n": 1}, "it gets what the role gets"
        assert (await ask(client, how="register", role="web_ui"))["error_code"] == "BEFORE"
        assert (await ask(client, how="register", role="omniverse_extension"))["error_code"] == "ANOTHER"

    scenario_test(scenario)


def test_what_only_the_broker_knows_it_may_ask():
    async def scenario(broker):
        client = await connect(broker.ws_url)
        for _ in range(2):
            await connect(broker.ws_url, "web_ui")
        await connect(broker.ws_url, "omniverse_extension")
        assert await ask(client, how="count") == {
            "type": "counted", "total": 4, "registered": 3, "web": 2, "receivers": 2, "max_message": 65536, "metrics": True}

    scenario_test(scenario)


def test_its_metrics_are_the_brokers_and_gauges_end_with_the_process():
    async def scenario(broker):
        client = await connect(broker.ws_url)
        for _ in range(3):
            assert await ask(client) == ACK
        value = lambda name: metric(broker, name, component=HANDLER)  # noqa: E731
        await until(lambda: value("fragile_handled_total") == value("fragile_held") == 3, "they are counted")
        pid = pid_of(broker)
        os.kill(pid, signal.SIGKILL)
        await gone(pid)
        await asyncio.to_thread(pid_of, broker, HANDLER, 2)
        await until(lambda: (value("fragile_handled_total"), value("fragile_held")) == (3, 0), "what it held is gone")
        await acknowledged(client)
        await until(lambda: (value("fragile_handled_total"), value("fragile_held")) == (4, 1), "the next one counts")

    scenario_test(scenario)


def test_its_log_is_the_brokers():
    async def scenario(broker):
        client = await connect(broker.ws_url)
        assert await ask(client, how="debug") == ACK
        line = broker.wait_for_log("It was asked to say so", component=HANDLER)
        assert line.level == "debug"

    config = fragile_config().replace("format: json", "format: json\n  level: debug")
    with Broker(config) as broker:
        run(scenario(broker))
    with Broker(fragile_config()) as broker:
        run(silent(broker))


async def silent(broker):
    client = await connect(broker.ws_url)
    assert await ask(client, how="debug") == ACK
    assert not broker.find_log("It was asked to say so")


def test_over_http_the_answer_comes_to_its_request():
    with Broker(fragile_config()) as broker:
        session = Session(broker)
        answer = session.send('{"type":"fragile"}')
        assert (answer.status, answer.json()) == (200, ACK)
        assert session.send('{"type":"fragile","how":"abort"}').error() == "FRAGILE_FAILED"
        session.end()


def test_a_receiver_that_must_be_there_is_looked_for():
    async def scenario(broker):
        client = await connect(broker.ws_url)
        assert await ask(client) == {"type": "error", "error_code": "FRAGILE_FAILED",
                                     "error_message": "No Web UI is connected"}
        await connect(broker.ws_url, "web_ui")
        assert await ask(client) == ACK

    handler = {"plugin": "fragile", "isolation": "process"}
    with Broker(gateway_config(routes={"fragile": {"from": "anyone", "to": "web_ui", "require_receiver": True,
                                                   "handler": handler}})) as broker:
        run(scenario(broker))


def test_a_bridge_in_a_process_of_its_own_takes_part_and_comes_back():
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        robot = await connect(broker.ws_url, "omniverse_extension")
        await send(web, type="select_object", prim_path="/World/A")
        assert await receive(robot) == {"type": "select_object", "prim_path": "/World/A"}
        assert (await receive(web))["type"] == "echoed"
        pid = pid_of(broker, "bridges.mirror")
        os.kill(pid, signal.SIGKILL)
        await gone(pid)
        await asyncio.to_thread(pid_of, broker, "bridges.mirror", 2)
        await send(web, type="select_object", prim_path="/World/B")
        assert await receive(web) == {"type": "echoed", "prim_path": "/World/B"}
        await asyncio.to_thread(broker.wait_for_log, "Answered", component="bridges.mirror", refused="0")

    config = gateway_config(
        bridges={"mirror": {"plugin": "parts:mirror", "role": "omniverse_extension", "isolation": "process"}},
        routes={"echoed": {"from": "omniverse_extension", "to": "web_ui", "handler": "parts:forward", "ack": True}})
    with Broker(config) as broker:
        run(scenario(broker))


@pytest.mark.parametrize("handler, reason", [
    ({"plugin": "moody", "step": "prepare", "mood": "fail"}, "prepare failed: not in the mood to prepare"),
    ({"plugin": "moody", "step": "configure", "mood": "throw"}, "configure failed: thrown out of configure"),
    ({"plugin": "moody", "step": "start", "mood": "throw_number"}, "start failed: threw something that is not"),
    ({"plugin": "fragile", "dies": "prepare"}, "prepare failed: Its process has ended: signal SIGABRT"),
    ({"plugin": "fragile", "dies": "start"}, "start failed: Its process has ended: signal SIGABRT"),
    ({"plugin": "parts:later"}, 'configure failed: it asks for the host table "omnibroker.host.subscriptions/1", which an '
                                "isolated component does not get"),
])
def test_one_that_cannot_start_makes_the_start_fail_with_its_own_reason(handler, reason):
    config = gateway_config(routes={"extra": {"from": "web_ui", "handler": {**handler, "isolation": "process"}}})
    with Broker(config, serving=False) as broker:
        assert broker.wait() == 3
        failures = [line.sentence for line in broker.log if (line.sentence or "").startswith("Could not start: ")]
        assert len(failures) == 1 and "handlers.extra" in failures[0] and reason in failures[0], failures


def test_one_that_cannot_start_and_is_not_required_is_left_out():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="extra")
        assert (await receive(web))["error_code"] == "UNKNOWN_MESSAGE_TYPE"
        await send(robot, **update(1))
        assert (await receive(web))["metadata"]["n"] == 1

    handler = {"plugin": "fragile", "dies": "start", "isolation": "process", "required": False}
    config = gateway_config(routes={
        "extra": {"from": "web_ui", "handler": handler},
        "coordinate_update": {"handler": {"plugin": "coordinate_update", "isolation": "process"}}})
    with Broker(config) as broker:
        broker.wait_for_log("A component that is not required was left out", name="handlers.extra")
        run(scenario(broker))


def test_the_gateways_tests_over_isolated_handlers_mean_what_they_say(monkeypatch):
    """isolation.gateway_* set this variable, and nothing else."""
    monkeypatch.setenv("OMNIBROKER_TEST_ISOLATED", "coordinate_update select_object")

    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(robot, **update(1))
        assert (await receive(web))["metadata"]["n"] == 1
        assert pid_of(broker, "handlers.coordinate_update") != pid_of(broker, "handlers.select_object")

    with Broker(gateway_config()) as broker:
        run(scenario(broker))
