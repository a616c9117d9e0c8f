"""What happens to a client that is too slow, as its own subscription says."""

import asyncio
import json

import pytest
import websockets

from map_client import ROBOT, on_a_gateway

COUNT = 4000
OFTEN = {"max_backlog": "256KiB"}


async def flood(robot, prefix="/a", keys=1, in_time=None):
    """16 MB, which is beyond what the kernel's buffers and the bound hold. `in_time`: waits every 20 messages until this
    client has them."""
    for number in range(COUNT):
        if in_time is not None and number % 20 == 19:
            await in_time.has(number - 1)
        await robot.socket.send(json.dumps({
            "type": "coordinate_update", "prim_path": f"{prefix}{number % keys}", "latitude": 1, "longitude": 2,
            "height": 0, "metadata": {"n": number, "fill": "x" * 4000}}))
    await robot.acked(type="client_register", client_type=ROBOT)


async def slow_map(gateway, **subscription):
    web = await gateway.map()
    if subscription:
        await web.subscribe(**subscription)
    web.socket.transport.pause_reading()
    return web


class Reader:
    """Reads all the time: the numbers that come."""

    def __init__(self, web):
        self.numbers = []
        self.got = asyncio.Event()
        self.task = asyncio.ensure_future(self._read(web))

    async def _read(self, web):
        while self.numbers[-1:] != [COUNT - 1]:
            self.numbers.append((await web.receive())["metadata"]["n"])
            self.got.set()

    async def has(self, number):
        while not self.numbers or self.numbers[-1] < number:
            self.got.clear()
            await asyncio.wait_for(self.got.wait(), 20)


async def numbers_of(web, is_told=False):
    """The numbers that come up to the newest, and the status messages until then, or until one `is_told`."""
    numbers, told = [], []
    while numbers[-1:] != [COUNT - 1] or (is_told and not told):
        message = await web.receive()
        if message["type"] == "status":
            told.append(message)
        else:
            numbers.append(message["metadata"]["n"])
    return numbers, told


@on_a_gateway(routes={"coordinate_update": {"slow_clients": "disconnect"}}, limits=OFTEN)
async def test_conflate_where_the_route_would_disconnect(gateway):
    robot = await gateway.robot()
    kept, lost = await slow_map(gateway, policy="conflate"), await slow_map(gateway)

    await flood(robot)
    for web in (kept, lost):
        web.socket.transport.resume_reading()

    numbers, told = await numbers_of(kept, is_told=True)
    assert numbers == sorted(set(numbers)) and len(numbers) < COUNT
    assert {notice["reason"] for notice in told} == {"conflated"}
    with pytest.raises(websockets.ConnectionClosed):
        await numbers_of(lost)
    assert lost.socket.close_code == 1008


@on_a_gateway(limits=OFTEN)
async def test_disconnect_where_the_route_would_conflate(gateway):
    robot = await gateway.robot()
    lost, kept = await slow_map(gateway, policy="disconnect"), await slow_map(gateway)

    await flood(robot)
    for web in (kept, lost):
        web.socket.transport.resume_reading()

    with pytest.raises(websockets.ConnectionClosed):
        await numbers_of(lost)
    assert lost.socket.close_code == 1008
    numbers, told = await numbers_of(kept)
    assert len(numbers) < COUNT and told == [], "who never asked is not told"


@on_a_gateway(limits=OFTEN)
async def test_drop_oldest_where_the_route_would_conflate(gateway):
    robot = await gateway.robot()
    web = await slow_map(gateway, policy="drop_oldest")

    await flood(robot, keys=COUNT)
    web.socket.transport.resume_reading()

    numbers, told = await numbers_of(web, is_told=True)
    assert numbers == sorted(set(numbers)) and len(numbers) < COUNT, "of 4000 objects some were not seen"
    assert {notice["reason"] for notice in told} == {"dropped_oldest"}


@on_a_gateway(limits=OFTEN)
async def test_a_slow_map_costs_another_with_the_same_wish_nothing(gateway):
    robot = await gateway.robot()
    slow = await slow_map(gateway, prim_path="/a*")
    quick = await gateway.map()
    await quick.subscribe(prim_path="/a*")

    reader = Reader(quick)
    await flood(robot, in_time=reader)
    await reader.task

    assert reader.numbers == list(range(COUNT))
    slow.socket.transport.resume_reading()
    assert (await numbers_of(slow))[0][-1] == COUNT - 1
