"""The latest messages, once, without a change of what comes."""

from map_client import on_a_gateway


async def known(gateway, keys):
    """A robot and a map that has seen these objects."""
    robot, web = await gateway.robot(), await gateway.map()
    for key in keys:
        await robot.move(key, 1)
        await robot.move(key, 2)
    await robot.move("/ready")
    await web.until("/ready")
    return robot, web


@on_a_gateway()
async def test_it_comes_behind_its_ack_and_changes_nothing(gateway):
    robot, web = await known(gateway, ["/World/a", "/World/b", "/Other"])

    await web.send(type="snapshot", message_type="coordinate_update", prim_path="/World/*")
    first = await web.receive()
    shown = [await web.receive(), await web.receive()]
    await robot.move("/Other", 3)
    await robot.move("/end")

    assert first == {"type": "ack", "original_type": "snapshot", "status": "success"}
    assert sorted((message["prim_path"], message["metadata"]["n"]) for message in shown) == [("/World/a", 2), ("/World/b", 2)]
    assert await web.until("/end") == [("/Other", 3)], "it gets everything as before"


@on_a_gateway()
async def test_it_may_be_of_what_the_client_has_not_subscribed_to(gateway):
    robot, web = await known(gateway, ["/World/a", "/Other"])
    await web.acked(type="subscribe", message_type="coordinate_update", prim_path="/end")

    await web.acked(type="snapshot", message_type="coordinate_update", prim_path="/World/*")
    await robot.move("/World/a", 3)
    await robot.move("/end")

    assert await web.until("/end") == [("/World/a", 2)]


@on_a_gateway()
async def test_it_may_be_of_a_place(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await robot.move("/near", 1)
    await robot.move("/far", 2, latitude=0)
    await robot.move("/ready", latitude=0)
    await web.until("/ready")

    await web.acked(type="snapshot", message_type="coordinate_update", bbox=[126, 36, 128, 38])
    await robot.move("/end")

    assert await web.until("/end") == [("/near", 1)]


@on_a_gateway()
async def test_it_may_be_empty(gateway):
    robot, web = await known(gateway, ["/World/a"])

    await web.acked(type="snapshot", message_type="coordinate_update", prim_path="/nothing/*")
    await robot.move("/end")

    assert await web.until("/end") == []


@on_a_gateway()
async def test_a_large_one_comes_whole(gateway):
    keys = [f"/World/{number:04d}" for number in range(3000)]
    robot, web = await known(gateway, keys)

    await web.acked(type="snapshot", message_type="coordinate_update", prim_path="/World/*")

    seen = [(await web.receive())["prim_path"] for _ in keys]
    await robot.move("/end")
    assert sorted(seen) == keys and await web.until("/end") == []


@on_a_gateway(routes={"snapshot": {"max_rate": 1}})
async def test_too_many_are_refused_and_the_client_stays(gateway):
    robot, web = await known(gateway, ["/World/a"])

    for _ in range(3):
        await web.send(type="snapshot", message_type="coordinate_update", prim_path="/nothing/*")
    answers = [await web.receive() for _ in range(3)]
    await robot.move("/end")

    assert [answer.get("error_code") for answer in answers] == [None, "RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED"]
    assert answers[1]["error_message"] == "No more than 1 requests for a snapshot a second are taken from one client"
    assert await web.until("/end") == []
