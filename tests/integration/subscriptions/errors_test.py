"""What is refused, with which code and sentence; the client stays connected, and what it had stays."""

import pytest

from map_client import ROBOT, on_a_gateway

INVALID = "INVALID_MESSAGE_FORMAT"
FAILED = "SUBSCRIPTION_FAILED"
KIND = {"message_type": "coordinate_update"}
NO_KEYS = {"coordinate_update": {"latest_by": None, "slow_clients": None, "position": ["latitude"]}}


@on_a_gateway()
async def test_bad_fields_are_named(gateway):
    web = await gateway.map()
    for message, sentence in [
            ({"type": "subscribe"}, "Field 'message_type' is required and must be a string"),
            ({"type": "subscribe", **KIND, "id": 7}, "Field 'id' must be a string"),
            ({"type": "subscribe", **KIND, "id": "x" * 65}, "Field 'id' must be at most 64 bytes long"),
            ({"type": "subscribe", **KIND, "prim_path": None}, "Field 'prim_path' must be a string"),
            ({"type": "subscribe", **KIND, "prim_path": "/" + "x" * 256}, "Field 'prim_path' must be at most 256 bytes long"),
            ({"type": "subscribe", **KIND, "bbox": [0, 1, 0, 0]}, "Field 'bbox' must not have its south above its north"),
            ({"type": "subscribe", **KIND, "min_interval": -1}, "Field 'min_interval' must be from 0 to 3600 seconds"),
            ({"type": "subscribe", **KIND, "policy": "hope"},
             "Field 'policy' must be one of conflate, drop_oldest, disconnect"),
            ({"type": "snapshot"}, "Field 'message_type' is required and must be a string"),
            ({"type": "unsubscribe", "id": ""}, "Field 'id' must not be empty")]:
        assert await web.refused(**message) == (INVALID, sentence)
    await web.subscribe()


@on_a_gateway()
async def test_what_the_broker_cannot_give_is_said(gateway):
    web = await gateway.map()

    assert await web.refused(type="subscribe", message_type="weather") == (
        FAILED, "A Web UI gets no messages of type weather")
    assert await web.refused(type="subscribe", message_type="select_object") == (
        FAILED, "A Web UI gets no messages of type select_object")
    assert await web.refused(type="snapshot", message_type="weather") == (
        FAILED, "A Web UI gets no messages of type weather")
    assert await web.refused(type="unsubscribe", id="never") == (
        FAILED, "There is no subscription with the id 'never'")


@pytest.mark.parametrize("members", [{"prim_path": "/World/*"}, {"min_interval": 1}, {"policy": "conflate"}])
@on_a_gateway(routes=NO_KEYS)
async def test_a_route_without_keys_gives_no_patterns_and_intervals(gateway, members):
    web = await gateway.map()

    assert await web.refused(type="subscribe", **KIND, **members) == (
        FAILED, "Messages of type coordinate_update have no key here, so there is no pattern, interval or conflation of them")
    await web.subscribe(policy="drop_oldest")


@on_a_gateway(routes=NO_KEYS)
async def test_a_route_without_positions_gives_no_boxes(gateway):
    web = await gateway.map()

    assert await web.refused(type="subscribe", **KIND, bbox=[0, 0, 1, 1]) == (
        FAILED, "Messages of type coordinate_update have positions with 1 numbers here")
    assert (await web.refused(type="snapshot", **KIND))[0] == FAILED, "without keys there are no latest messages either"


@on_a_gateway(limits={"max_subscriptions": 3})
async def test_there_are_only_so_many(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    for number in range(3):
        await web.subscribe(id=str(number), prim_path=f"/{number}")

    refusal = (FAILED, "A client has at most 3 subscriptions")
    assert await web.refused(type="subscribe", id="one more", **KIND) == refusal
    await web.subscribe(id="0", prim_path="/other")  # which takes the place of one
    assert await web.refused(type="subscribe", id="one more", **KIND) == refusal
    await web.acked(type="unsubscribe", id="2")
    await web.subscribe(id="one more", prim_path="/end")

    for key in ["/0", "/1", "/2", "/other", "/end"]:
        await robot.move(key)
    assert [key for key, _ in await web.until("/end")] == ["/1", "/other"]


@on_a_gateway()
async def test_what_was_refused_changes_nothing(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(prim_path="/wanted/*")

    assert (await web.refused(type="subscribe", **KIND, prim_path="/other", bbox=[1]))[0] == INVALID
    assert (await web.refused(type="subscribe", message_type="weather"))[0] == FAILED
    for key in ["/other", "/wanted/a", "/wanted/end"]:
        await robot.move(key)

    assert [key for key, _ in await web.until("/wanted/end")] == ["/wanted/a"]


@on_a_gateway()
async def test_only_registered_maps_may_choose(gateway):
    stranger, robot = await gateway.connect(), await gateway.robot()
    titles = {"subscribe": "subscriptions", "unsubscribe": "requests to end a subscription",
              "snapshot": "requests for a snapshot"}

    for kind, title in titles.items():
        assert (await stranger.refused(type=kind, **KIND))[0] == "CLIENT_NOT_REGISTERED"
        assert await robot.refused(type=kind, **KIND) == ("UNAUTHORIZED", f"Only Web UI can send {title}")
    await stranger.acked(type="client_register", client_type=ROBOT)
