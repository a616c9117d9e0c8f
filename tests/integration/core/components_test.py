"""What a route can be made of beside the gateway's own handlers: filters, bridges, handlers that decide later."""

import asyncio
import contextlib
import json
import os
import signal
import tempfile
import urllib.error
import urllib.request

import pytest

from clients import Broker, RawWebSocket, connect, gateway_config, metric, receive, run, send, until, update


def with_route(name, **route):
    return gateway_config(routes={name: {"from": "web_ui", "to": "omniverse_extension", **route}})


def test_a_filter_decides_before_the_handler():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="select_object", prim_path="/World/A", zone="closed")
        assert await receive(web) == {"type": "error", "error_code": "FORBIDDEN_ZONE",
                                      "error_message": "The field zone has a value that may not pass"}
        await send(web, type="select_object", prim_path="/World/B", zone="open")
        assert (await receive(robot))["prim_path"] == "/World/B"

    config = gateway_config(routes={"select_object": {"filters": [{"plugin": "parts:only_where", "values": ["open"]}]}})
    with Broker(config) as broker:
        run(scenario(broker))


@pytest.mark.parametrize("decision, forwarded, answer", [
    ("accept", True, {"type": "ack", "original_type": "later", "status": "success"}),
    ("at once", True, {"type": "ack", "original_type": "later", "status": "success"}),
    ("timer", True, {"type": "ack", "original_type": "later", "status": "success"}),
    ("consume", False, {"type": "ack", "original_type": "later", "status": "success"}),
    ("refuse", False, {"type": "error", "error_code": "LATER_FAILED", "error_message": "It was decided against"}),
])
def test_a_handler_may_decide_later_on_another_thread(decision, forwarded, answer):
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="later", decision=decision)
        assert await receive(web) == answer
        await send(web, type="select_object", prim_path="/World/Mark")
        if forwarded:
            assert await receive(robot) == {"type": "later", "decision": decision}
        assert (await receive(robot))["type"] == "select_object"

    with Broker(with_route("later", handler="parts:later")) as broker:
        run(scenario(broker))


def test_a_decision_for_a_client_that_is_gone_disturbs_nobody():
    async def scenario(broker):
        for _ in range(20):
            web = await connect(broker.ws_url, "web_ui")
            await send(web, type="later", decision="timer")
            web.transport.abort()
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="later", decision="consume")
        assert (await receive(web))["type"] == "ack"

    with Broker(with_route("later", handler="parts:later")) as broker:
        run(scenario(broker))


def test_a_later_decision_answers_an_http_client_too():
    def post(broker, path, message, token=None):
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        request = urllib.request.Request(broker.http_url + path, json.dumps(message).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    with Broker(with_route("later", handler="parts:later")) as broker:
        _, session = post(broker, "/api/sessions", {"type": "client_register", "client_type": "web_ui"})
        status, body = post(broker, "/api/messages", {"type": "later", "decision": "accept"}, session["token"])
        assert (status, body["type"]) == (200, "ack")
        status, body = post(broker, "/api/messages", {"type": "later", "decision": "refuse"}, session["token"])
        assert status >= 400 and body["error_code"] == "LATER_FAILED"


@pytest.mark.parametrize("how", ["throw", "pending without defer", "refuse without a code"])
def test_a_careless_handler_becomes_an_internal_error_without_internals(how):
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="careless", how=how)
        assert await receive(web) == {"type": "error", "error_code": "INTERNAL_ERROR", "error_message": "Internal error"}
        await send(web, type="select_object", prim_path="/World/A")
        await send(web, type="careless", how=how)
        assert (await receive(web))["error_code"] == "INTERNAL_ERROR"

    with Broker(with_route("careless", handler="parts:careless")) as broker:
        run(scenario(broker))
        if how == "throw":
            assert broker.wait_for_log("Plugin threw an exception", component="handlers.careless")["step"] == "handle"


def test_answers_come_behind_the_ack_to_the_sender_alone():
    async def scenario(broker):
        other = await connect(broker.ws_url, "web_ui")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="careless", how="answers")
        assert (await receive(web))["type"] == "ack"
        assert [(await receive(web))["number"] for _ in range(3)] == [0, 1, 2]
        await send(other, type="nonsense")
        assert (await receive(other))["error_code"] == "UNKNOWN_MESSAGE_TYPE"

    with Broker(with_route("careless", handler="parts:careless")) as broker:
        run(scenario(broker))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_bridge_takes_part_as_its_role(workers):
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        for number in range(50):
            await send(robot, **update(number))
        echoed = []
        while len(echoed) < 50:
            message = await receive(web)
            if message["type"] == "echoed":
                echoed.append(message["metadata"]["n"])
        assert echoed == list(range(50))

    config = gateway_config(
        workers=workers,
        bridges={"mirror": {"plugin": "parts:mirror", "role": "twin"}},
        routes={"coordinate_update": {"to": ["web_ui", "twin"]},
                "echoed": {"from": "twin", "to": "web_ui", "handler": "parts:forward"}})
    with Broker(config) as broker:
        run(scenario(broker))


def test_a_bridge_hears_why_it_was_refused():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        await send(robot, **update())

    config = gateway_config(bridges={"mirror": {"plugin": "parts:mirror", "role": "twin"}},
                            routes={"coordinate_update": {"to": ["web_ui", "twin"]}})
    with Broker(config) as broker:
        run(scenario(broker))
        assert broker.wait_for_log("Answered", component="bridges.mirror")["code"] == "UNKNOWN_MESSAGE_TYPE"


def test_a_component_that_is_not_required_is_left_out():
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="extra")
        assert (await receive(web))["error_code"] == "UNKNOWN_MESSAGE_TYPE"

    with Broker(with_route("extra", handler={"plugin": "not_there", "required": False})) as broker:
        run(scenario(broker))
    with Broker(with_route("extra", handler={"plugin": "not_there"}), serving=False) as broker:
        assert broker.wait() == 1
        assert any("not_there" in line for line in broker.output + [broker.log_text()])


def test_a_component_that_is_not_required_and_will_not_start_is_left_out():
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="extra")
        assert (await receive(web))["error_code"] == "UNKNOWN_MESSAGE_TYPE"

    handler = {"plugin": "parts:refuses_to_start", "required": False}
    with Broker(with_route("extra", handler=handler)) as broker:
        left_out = broker.wait_for_log("A component that is not required was left out", name="handlers.extra")
        assert "not today" in left_out["reason"]
        run(scenario(broker))
    with Broker(with_route("extra", handler={**handler, "required": True}), serving=False) as broker:
        assert broker.wait() == 3
        assert "not today" in broker.log_text()


def test_an_acknowledged_route_says_so_for_each_message():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        for _ in range(3):
            await send(robot, **update())
            assert await receive(robot) == {"type": "ack", "original_type": "coordinate_update", "status": "success"}

    with Broker(gateway_config(routes={"coordinate_update": {"ack": True}})) as broker:
        run(scenario(broker))


@pytest.mark.parametrize("slow_role, other_role", [("web_ui", "auditor"), ("auditor", "web_ui")])
def test_a_role_gets_only_what_is_routed_to_it_while_another_is_conflated(slow_role, other_role):
    types = {"web_ui": "coordinate_update", "auditor": "audit"}
    count, prims = 6_000, 10

    def wanted(role, message):
        return message["type"] == types[role] and message["for"] == role

    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        slow = RawWebSocket(broker.port, receive_buffer=16384).register(slow_role)
        other = await connect(broker.ws_url, other_role)
        seen = []

        async def keep_up():
            while len(seen) < count:
                seen.append(await receive(other))

        keeping_up = asyncio.ensure_future(keep_up())
        for number in range(count):
            for role in (slow_role, other_role):
                fill = "x" * (2000 if role == slow_role else 20)
                await send(robot, **{**update(number, prim=f"/World/{number % prims}", fill=fill),
                                     "type": types[role], "for": role})
        await keeping_up
        assert all(wanted(other_role, message) for message in seen)
        assert [message["metadata"]["n"] for message in seen] == list(range(count)), "nothing lost, nothing twice"
        assert metric(broker, "messages_dropped_total", reason="conflated") > 0, "the other role was conflated"

        newest, read = {}, 0
        while len(newest) < prims or min(newest.values()) < count - prims:
            message = slow.message()
            assert wanted(slow_role, message)
            newest[message["prim_path"]] = message["metadata"]["n"]
            read += 1
        assert read < count, "not all of it, but the newest of each"

        late = await connect(broker.ws_url, other_role)  # has the same last values to begin with
        snapshot = [await receive(late) for _ in range(prims)]
        assert all(wanted(other_role, message) for message in snapshot)
        slow.close()

    conflated = {"latest_by": "prim_path", "slow_clients": "conflate"}
    config = gateway_config(
        limits={"max_backlog": "1MiB", "messages_per_second": 0, "frames_per_second": 0},
        routes={"client_register": {"handler": {"plugin": "client_register",
                                                "client_types": ["omniverse_extension", "web_ui", "auditor"]}},
                "coordinate_update": conflated,
                "audit": {"from": "omniverse_extension", "to": "auditor", "handler": "parts:forward", **conflated}})
    with Broker(config) as broker:
        run(scenario(broker), 120)


@contextlib.contextmanager
def closed_gate():
    """A named pipe that nobody has opened for writing."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "gate")
        os.mkfifo(path)
        yield path


def lingering(gate, stop_timeout):
    """Two components with work that waits at a gate: a piece more than there are threads, then another's."""
    route = {"from": "web_ui", "to": "omniverse_extension"}
    return gateway_config(
        limits={"stop_timeout": stop_timeout},
        routes={"lingers": {**route, "handler": {"plugin": "parts:lingers", "gate": gate, "pieces": 5}},
                "behind": {**route, "handler": {"plugin": "parts:lingers", "gate": gate}}})


LEFT_BEHIND = "A component is left behind, neither stopped nor destroyed: its work did not end in time"
DISCARDED = "Work of a component was discarded, it had not begun in time"


def test_a_component_whose_work_does_not_end_is_left_behind_and_holds_up_nobody():
    with closed_gate() as gate, Broker(lingering(gate, "700ms")) as broker:
        broker.wait_for_log("Work began", count=4, component="handlers.lingers")
        assert broker.stop() == 0
        left, = broker.find_log(LEFT_BEHIND)
        assert (left.level, left["name"], left["running"], left["discarded"]) == ("warn", "handlers.lingers", "4", "1")
        discarded, = broker.find_log(DISCARDED)
        assert (discarded["name"], discarded["discarded"]) == ("handlers.behind", "1")
        assert len(broker.find_log("Work began")) == 4, "what was queued never ran"
        for step in ("Stopped", "Destroyed"):
            assert {line.component for line in broker.find_log(step)} - {"broker"} == {"handlers.behind"}


def test_work_that_ends_while_the_broker_stops_is_waited_for():
    with closed_gate() as gate, Broker(lingering(gate, "30s")) as broker:
        broker.wait_for_log("Work began", count=4, component="handlers.lingers")
        broker.signal(signal.SIGTERM)
        broker.wait_for_log("Stopping, a second signal leaves at once")
        opened = os.open(gate, os.O_RDWR)
        assert broker.wait() == 0
        os.close(opened)
        assert broker.find_log(LEFT_BEHIND) == broker.find_log(DISCARDED) == []
        assert len(broker.find_log("Work ended", component="handlers.lingers")) == 5
        assert len(broker.find_log("Work ended", component="handlers.behind")) == 1
        for step in ("Stopped", "Destroyed"):
            stepped = {line.component for line in broker.find_log(step)} - {"broker"}
            assert stepped == {"handlers.lingers", "handlers.behind"}
