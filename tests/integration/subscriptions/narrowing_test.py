"""Which messages come: by key, by place, by several subscriptions; and who is not affected."""

import asyncio

import pytest

from map_client import on_a_gateway

# Every test ends with an object that each of its maps must see: what has not come before it does not come.
KEYS = ["/World/Robots/a", "/World/Robots/b", "/World/Robots/a/arm", "/World/Robots/ab", "/World/Trees/a", "/Other"]


async def moved(robot, last, keys=KEYS):
    for number, key in enumerate(keys):
        await robot.move(key, number)
    await robot.move(last)


@pytest.mark.parametrize("pattern, wanted", [
    ("/World/Robots/a", ["/World/Robots/a"]),
    ("/World/Robots/*", ["/World/Robots/a", "/World/Robots/b", "/World/Robots/ab"]),
    ("/World/Robots/?", ["/World/Robots/a", "/World/Robots/b"]),
    ("/World/Robots/**", ["/World/Robots/a", "/World/Robots/b", "/World/Robots/a/arm", "/World/Robots/ab"]),
    ("/World/*/a", ["/World/Robots/a", "/World/Trees/a"]),
    ("**/a", ["/World/Robots/a", "/World/Trees/a"]),
    ("**", KEYS),
    ("/world/**", []),
])
@on_a_gateway()
async def test_a_pattern_chooses_the_keys(gateway, pattern, wanted):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(prim_path=pattern)
    await web.subscribe(id="end", prim_path="/end")

    await moved(robot, "/end")

    assert await web.until("/end") == [(key, KEYS.index(key)) for key in wanted]


@on_a_gateway()
async def test_without_a_pattern_everything_comes(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe()

    await moved(robot, "/end")

    assert [key for key, _ in await web.until("/end")] == KEYS


@on_a_gateway()
async def test_who_leaves_a_box_is_seen_leaving_once(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(bbox=[126, 36, 128, 38])

    places = [(37, 127), (37.5, 127), (40, 127), (41, 127), (42, 127), (38, 128), (38.1, 128), (38.2, 128)]
    for number, (latitude, longitude) in enumerate(places):
        await robot.move("/wanderer", number, latitude=latitude, longitude=longitude)
        await robot.move("/never_near", number, latitude=-latitude, longitude=longitude)
    await robot.move("/end")

    assert await web.until("/end") == [("/wanderer", n) for n in (0, 1, 2, 5, 6)]


@on_a_gateway()
async def test_a_box_crosses_the_180th_meridian(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(bbox=[177, -20, -178, -16])

    for number, longitude in enumerate([176.9, 177, 179.5, 180, -180, -178, -177.9, 0]):
        await robot.move(f"/{number}", number, latitude=-18, longitude=longitude)
    await robot.move("/end", latitude=-18, longitude=180)

    assert [number for _, number in await web.until("/end")] == [1, 2, 3, 4, 5]


@on_a_gateway()
async def test_a_box_may_have_heights(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(bbox=[126, 36, 10, 128, 38, 20])

    for number, height in enumerate([9.9, 10, 15, 20, 20.1]):
        await robot.move(f"/{number}", number, height=height)
    await robot.move("/end", height=12)

    assert [number for _, number in await web.until("/end")] == [1, 2, 3]


@on_a_gateway(routes={"coordinate_update": {"position": ["longitude", "latitude"]},
                      "subscribe": {"handler": {"plugin": "subscriptions:subscribe", "position": ["longitude", "latitude"]}}})
async def test_a_route_may_have_the_longitude_first(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(bbox=[126, 36, 128, 38])

    await robot.move("/inside", 1)
    await robot.move("/swapped", 2, latitude=80, longitude=37)
    await robot.move("/end")

    assert await web.until("/end") == [("/inside", 1)]


@on_a_gateway()
async def test_a_pattern_and_a_box_must_both_fit(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(prim_path="/World/**", bbox=[126, 36, 128, 38])

    await robot.move("/World/near", 1)
    await robot.move("/World/far", 2, latitude=0)
    await robot.move("/Other/near", 3)
    await robot.move("/World/end")

    assert await web.until("/World/end") == [("/World/near", 1)]


@on_a_gateway()
async def test_of_two_subscriptions_either_is_enough_and_nothing_comes_twice(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="one", prim_path="/World/Robots/a*")
    await web.subscribe(id="two", prim_path="/World/*/a")
    await web.subscribe(id="end", prim_path="/end")

    await moved(robot, "/end")

    assert [key for key, _ in await web.until("/end")] == ["/World/Robots/a", "/World/Robots/ab", "/World/Trees/a"]


@on_a_gateway()
async def test_a_second_one_takes_the_place_of_the_first_with_its_id(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(prim_path="/World/Robots/*")
    await web.subscribe(prim_path="/World/Trees/*")

    await moved(robot, "/World/Trees/end")

    assert [key for key, _ in await web.until("/World/Trees/end")] == ["/World/Trees/a"]


@on_a_gateway()
async def test_what_has_been_unsubscribed_does_not_come(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="robots", prim_path="/World/Robots/*")
    await web.subscribe(id="trees", prim_path="/World/Trees/*")
    await web.acked(type="unsubscribe", id="robots")

    await moved(robot, "/World/Trees/end")

    assert [key for key, _ in await web.until("/World/Trees/end")] == ["/World/Trees/a"]


@on_a_gateway()
async def test_with_the_last_one_gone_nothing_of_the_type_comes(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(prim_path="/World/Robots/*")
    await web.acked(type="unsubscribe")

    await moved(robot, "/World/Robots/unseen")
    await robot.acked(type="client_register", client_type="omniverse_extension")  # so the broker has had it all
    await web.subscribe(id="end", prim_path="/end")
    await robot.move("/end")

    assert await web.until("/end") == []


@on_a_gateway()
async def test_a_new_subscription_begins_with_the_latest_that_it_takes(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    for _ in range(3):
        await moved(robot, "/ready")
        await web.until("/ready")

    await web.subscribe(prim_path="/World/Trees/*")
    await robot.move("/World/Trees/end")

    assert await web.until("/World/Trees/end") == [("/World/Trees/a", KEYS.index("/World/Trees/a"))]


@on_a_gateway()
async def test_who_never_subscribes_gets_everything_as_before(gateway):
    robot, plain = await gateway.robot(), await gateway.map()
    narrow = await gateway.map()
    await narrow.subscribe(prim_path="/end")

    await moved(robot, "/end")

    assert [key for key, _ in await plain.until("/end")] == KEYS
    assert await narrow.until("/end") == []


@on_a_gateway()
async def test_many_maps_with_equal_and_with_other_wishes_each_get_their_own(gateway):
    robot = await gateway.robot()
    maps = []
    for number in range(60):
        web = await gateway.map()
        wish = number % 3
        await web.subscribe(id=f"mine {number}", prim_path=("/World/Robots/*", "/World/Trees/*", "/Other")[wish])
        await web.subscribe(id="end", prim_path="/end")
        maps.append((web, wish))

    for _ in range(20):
        await moved(robot, "/next")
    await robot.move("/end")

    expected = [["/World/Robots/a", "/World/Robots/b", "/World/Robots/ab"], ["/World/Trees/a"], ["/Other"]]
    for seen, (_, wish) in zip(await asyncio.gather(*(web.until("/end") for web, _ in maps)), maps):
        assert [key for key, _ in seen] == expected[wish] * 20


@on_a_gateway()
async def test_what_comes_is_what_was_sent(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(prim_path="/World/*", bbox=[-180, -90, 180, 90], min_interval=0.001)
    sent = '{"prim_path":"/World/x", "type":"coordinate_update","latitude":37.10,"longitude":127e0,"height":1,"own":"좌표"}'

    await robot.socket.send(sent)

    assert await asyncio.wait_for(web.socket.recv(), 20) == sent


@on_a_gateway()
async def test_changes_while_messages_flow_lose_nothing_of_what_is_wanted_throughout(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="always", prim_path="/always")

    async def publish():
        for number in range(400):
            await robot.move("/always", number)
            await robot.move("/sometimes", number)
            await asyncio.sleep(0)
        await robot.move("/always", 400)

    publishing = asyncio.ensure_future(publish())
    for _ in range(20):
        await web.subscribe(id="sometimes", prim_path="/sometimes")
        await web.acked(type="unsubscribe", id="sometimes")
    await publishing

    always = []
    while 400 not in always:
        message = await web.receive()
        if message["prim_path"] == "/always":
            always.append(message["metadata"]["n"])
    assert always == list(range(401))


@on_a_gateway()
async def test_an_object_that_was_there_before_the_subscription_is_seen_leaving(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await robot.move("/x", 1)
    await robot.move("/ready")
    await web.until("/ready")

    await web.subscribe(id="view", bbox=[126, 36, 128, 38])
    await robot.move("/x", 2, latitude=0)
    await robot.move("/x", 3, latitude=0)
    await robot.move("/end")

    assert await web.until("/end") == [("/x", 1), ("/ready", 0), ("/x", 2)], "once, and then no more"


@on_a_gateway()
async def test_an_object_is_seen_leaving_also_after_another_subscription(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="view", bbox=[126, 36, 128, 38])
    await robot.move("/x", 1)
    await robot.move("/seen")
    assert await web.until("/seen") == [("/x", 1)]

    await web.subscribe(id="other", prim_path="/other/*")
    await robot.move("/x", 2, latitude=0)
    await robot.move("/end")

    assert await web.until("/end") == [("/x", 2)]


@on_a_gateway()
async def test_subscriptions_that_come_together_each_bring_what_is_there(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    for key in ("/a", "/b", "/c", "/d"):
        await robot.move(key, 1)
    await robot.move("/ready")
    await web.until("/ready")

    keys = ("/a", "/b", "/c", "/d", "/end")
    for key in keys:
        await web.send(type="subscribe", id=key, message_type="coordinate_update", prim_path=key)
    answers = [await web.receive() for _ in range(len(keys) + 4)]
    await robot.move("/end")

    assert [answer["type"] for answer in answers].count("ack") == len(keys)
    shown = [(answer["prim_path"], answer["metadata"]["n"]) for answer in answers if answer["type"] != "ack"]
    assert sorted(shown) == [("/a", 1), ("/b", 1), ("/c", 1), ("/d", 1)]
    assert await web.until("/end") == []
