"""What a route can be made of beside the gateway's own handlers: filters, bridges, handlers that decide later."""

import json
import urllib.error
import urllib.request

import pytest

from clients import Broker, connect, gateway_config, receive, run, send, update


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
