"""At most one message of an object in an interval, and the last one always."""

from map_client import on_a_gateway

COUNT = 100
LAST = COUNT - 1


async def numbers_until_last(web, keys):
    """What comes of each key until the last number of each has come."""
    seen = {key: [] for key in keys}
    while any(numbers[-1:] != [LAST] for numbers in seen.values()):
        message = await web.receive()
        seen[message["prim_path"]].append(message["metadata"]["n"])
    return seen


@on_a_gateway()
async def test_fewer_come_and_the_last_always(gateway):
    robot, plain, calm = await gateway.robot(), await gateway.map(), await gateway.map()
    await calm.subscribe(min_interval=1)
    keys = ["/a", "/b", "/c"]

    for number in range(COUNT):
        for key in keys:
            await robot.move(key, number)

    for numbers in (await numbers_until_last(calm, keys)).values():
        assert numbers[0] == 0, "the first does not wait"
        assert numbers == sorted(set(numbers)), "in order, and none twice"
        assert len(numbers) < COUNT
    for numbers in (await numbers_until_last(plain, keys)).values():
        assert numbers == list(range(COUNT))


@on_a_gateway()
async def test_it_may_be_had_for_some_objects_alone(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="calm", prim_path="/calm", min_interval=1)
    await web.subscribe(id="live", prim_path="/live")

    for number in range(COUNT):
        await robot.move("/calm", number)
        await robot.move("/live", number)

    seen = await numbers_until_last(web, ["/calm", "/live"])
    assert seen["/live"] == list(range(COUNT))
    assert len(seen["/calm"]) < COUNT


@on_a_gateway()
async def test_of_two_subscriptions_the_shorter_interval_counts(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="calm", min_interval=3600)
    await web.subscribe(id="live", prim_path="/live")

    for number in range(COUNT):
        await robot.move("/live", number)

    assert (await numbers_until_last(web, ["/live"]))["/live"] == list(range(COUNT))


@on_a_gateway()
async def test_who_leaves_a_box_within_an_interval_is_seen_leaving(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(bbox=[126, 36, 128, 38], min_interval=0.5)

    for number in range(3):
        await robot.move("/wanderer", number)
    for number in range(3, 6):
        await robot.move("/wanderer", number, latitude=50)

    numbers = []
    while numbers[-1:] not in ([3], [4], [5]):
        numbers.append((await web.receive())["metadata"]["n"])
    await robot.move("/end")
    assert numbers[0] == 0 and numbers == sorted(set(numbers))
    assert await web.until("/end") == [], "leaving is seen once"


@on_a_gateway()
async def test_what_waits_for_its_time_is_not_lost_by_another_subscription(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="a", prim_path="/A*", min_interval=600)
    for number in (1, 2, 3):
        await robot.move("/A1", number)
    await robot.move("/A2")
    assert await web.until("/A2") == [("/A1", 1)]

    await web.subscribe(id="b", prim_path="/end")
    await robot.move("/end")

    assert await web.until("/end") == [("/A1", 3)]


@on_a_gateway()
async def test_a_shorter_interval_counts_from_the_last_that_went(gateway):
    robot, web = await gateway.robot(), await gateway.map()
    await web.subscribe(id="far", prim_path="/**", min_interval=600)
    await web.subscribe(id="near", bbox=[126, 36, 128, 38], min_interval=0.05)
    await robot.move("/x", 1, latitude=0)
    assert (await web.receive())["metadata"]["n"] == 1

    await robot.move("/x", 2)

    assert (await web.receive())["metadata"]["n"] == 2
