"""What a message asks for beside its decision takes effect with the decision, also when that comes later."""

import json

import pytest

from clients import Broker, connect, gateway_config, receive, run, send, update


def later_config(**routes):
    later = {"from": "anyone", "to": "web_ui", "handler": "parts:later"}
    return gateway_config(workers=1, routes={"later": {**later, **routes.pop("later", {})}, **routes})


def scenario_test(scenario, config=None):
    with Broker(later_config() if config is None else config) as broker:
        run(scenario(broker))


async def decide(robot, decision):
    """Decides what is held; the answer comes behind what follows from it."""
    await send(robot, type="later", decide=decision)
    assert (await receive(robot))["type"] == "ack"


async def expect_unregistered(client):
    await send(client, type="select_object", prim_path="/World/A")
    assert (await receive(client))["error_code"] == "CLIENT_NOT_REGISTERED"


ACK = {"type": "ack", "original_type": "later", "status": "success"}


def test_a_registration_that_is_decided_later_begins_behind_its_ack():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        await send(robot, **update(1))
        web = await connect(broker.ws_url)
        await send(web, type="later", decision="held", register="web_ui")
        await expect_unregistered(web)
        await decide(robot, "consume")
        assert await receive(web) == ACK
        assert (await receive(web))["metadata"]["n"] == 1
        await send(robot, **update(2))
        assert (await receive(web))["metadata"]["n"] == 2
        await send(web, type="select_object", prim_path="/World/A")
        assert (await receive(robot))["type"] == "select_object"

    scenario_test(scenario)


def test_a_registration_that_is_refused_later_does_not_happen():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url)
        await send(web, type="later", decision="held", register="web_ui")
        await decide(robot, "refuse")
        assert (await receive(web))["error_code"] == "LATER_FAILED"
        await send(robot, **update(1))
        await expect_unregistered(web)
        await send(web, type="client_register", client_type="web_ui")
        assert (await receive(web))["type"] == "ack"
        assert (await receive(web))["metadata"]["n"] == 1

    scenario_test(scenario)


def test_a_registration_whose_message_is_refused_does_not_happen():
    async def scenario(broker):
        web = await connect(broker.ws_url)
        await send(web, type="regret", register="web_ui")
        assert (await receive(web))["error_code"] == "NOT_TODAY"
        await expect_unregistered(web)

    scenario_test(scenario, later_config(regret={"from": "anyone", "handler": "parts:registers_and_refuses"}))


def test_the_first_registration_stays():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url)
        await send(web, type="later", decision="held", register="omniverse_extension")
        await send(web, type="later", decision="held", register="web_ui")
        await send(web, type="client_register", client_type="web_ui")
        assert (await receive(web))["original_type"] == "client_register"
        await decide(robot, "consume")
        assert (await receive(web))["error_code"] == "LATER_FAILED"
        assert await receive(web) == ACK
        await send(robot, **update(1))
        assert (await receive(web))["metadata"]["n"] == 1

    scenario_test(scenario)


@pytest.mark.parametrize("decision, seen", [("consume", ["/A/1"]), ("refuse", ["/B/1", "/A/1"])])
def test_a_subscription_takes_effect_when_its_message_is_decided(decision, seen):
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="later", decision="held", subscribe="coordinate_update", glob="/A/*")
        await send(robot, **update(prim="/B/0"))
        assert (await receive(web))["prim_path"] == "/B/0"
        await decide(robot, decision)
        assert (await receive(web))["type"] == ("ack" if decision == "consume" else "error")
        for prim in ("/B/1", "/A/1"):
            await send(robot, **update(prim=prim))
        assert [(await receive(web))["prim_path"] for _ in seen] == seen

    scenario_test(scenario)


def test_answers_of_a_message_that_is_decided_later_come_behind_its_ack():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="later", decision="held", answer='{"type":"note"}')
        await send(web, type="nonsense")
        assert (await receive(web))["error_code"] == "UNKNOWN_MESSAGE_TYPE"
        await decide(robot, "consume")
        assert await receive(web) == ACK
        assert await receive(web) == {"type": "note"}

    scenario_test(scenario)


@pytest.mark.parametrize("how", ["at once", "later"])
def test_a_message_is_kept_and_placed_as_what_took_its_place(how):
    """Its key and position are those of what is delivered, not of what was sent."""
    def at(where, prim, number):
        return {"type": "moved", "prim": prim, "n": number, "lat": where, "lon": where}

    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        near = await connect(broker.ws_url, "web_ui")
        await send(near, type="subscribe", message_type="moved", bbox=[0, 0, 1, 1])
        assert (await receive(near))["type"] == "ack"
        instead = json.dumps(at(0.5, "/New", 1))
        await send(robot, **at(50, "/Old", 1), instead=instead, decision="held")
        if how == "later":
            decider = await connect(broker.ws_url, "omniverse_extension")
            await send(decider, type="moved", decide="accept")
            assert (await receive(decider))["type"] == "ack"
        assert await receive(near) == at(0.5, "/New", 1), "it is inside"

        late = await connect(broker.ws_url, "web_ui")
        assert await receive(late) == at(0.5, "/New", 1)
        again = json.dumps(at(0.6, "/New", 2))
        await send(robot, **at(0.6, "/New", 2), instead=again)
        assert await receive(late) == at(0.6, "/New", 2)
        later = await connect(broker.ws_url, "web_ui")
        assert await receive(later) == at(0.6, "/New", 2), "there is one key"
        await send(robot, **update(3))
        assert (await receive(later))["metadata"]["n"] == 3

    handler = "parts:replaces" if how == "at once" else "parts:later"
    moved = {"from": "omniverse_extension", "to": "web_ui", "handler": handler, "latest_by": "prim",
             "position": ["lat", "lon"]}
    scenario_test(scenario, later_config(moved=moved))
