"""Each row of the contract's table of messages: who sends, who receives, and what."""

import asyncio
import json

from broker import Broker, gateway_config
from gateway_client import (ACK, OMNIVERSE, WEB, Client, asynchronous, connected, coordinate, counts, eventually, registration,
                            selection)


def many_workers(**changes):
    return gateway_config(workers=4, routes={"coordinate_update": {"latest_by": None, "slow_clients": None}}, **changes)


@asynchronous
async def test_the_sources_first_scenario(plain_gateway):
    message = """{
  "type": "coordinate_update",
  "prim_path": "/World/Husky_01",
  "latitude": 37.123456789,
  "longitude": 127.987654321,
  "height": 125.5,
  "metadata": {
    "speed": 2.5,
    "heading": 45.0,
    "battery": 85
  }
}"""
    async with connected(plain_gateway, None, WEB, WEB) as (extension, first, second):
        await extension.send('{"type": "client_register", "client_type": "omniverse_extension"}')
        assert await extension.receive() == ACK
        await extension.send(message)

        assert await first.receive() == message
        assert await second.receive() == message


@asynchronous
async def test_the_sources_second_scenario(plain_gateway):
    message = '{"type": "select_object", "prim_path": "/World/Husky_01"}'
    async with connected(plain_gateway, OMNIVERSE, OMNIVERSE, None) as (first, second, web):
        await web.send('{"type": "client_register", "client_type": "web_ui"}')
        assert await web.receive() == ACK
        await web.send(message)

        assert await first.receive() == message
        assert await second.receive() == message


@asynchronous
async def test_coordinate_updates_of_several_extensions_reach_every_web_ui_once_and_in_their_senders_order():
    with Broker(many_workers()) as broker:
        async with connected(broker, *[OMNIVERSE] * 4, *[WEB] * 6) as clients:
            extensions, webs = clients[:4], clients[4:]

            async def publish(sender, extension):
                for number in range(250):
                    await extension.send(coordinate(f"/World/Robot_{sender}", metadata={"number": number}, height=0))

            await asyncio.gather(*[publish(sender, extension) for sender, extension in enumerate(extensions)])

            async def collect(web):
                seen = {f"/World/Robot_{sender}": [] for sender in range(4)}
                for _ in range(1000):
                    message = json.loads(await web.receive())
                    seen[message["prim_path"]].append(message["metadata"]["number"])
                return seen

            for seen in await asyncio.gather(*[collect(web) for web in webs]):
                assert all(numbers == list(range(250)) for numbers in seen.values())

            # No message came twice: what comes next is what is sent next.
            await extensions[0].send(coordinate("/last", height=0))
            for web in webs:
                assert await web.receive() == coordinate("/last", height=0)


@asynchronous
async def test_selections_of_several_web_uis_reach_every_extension_once_and_in_their_senders_order():
    with Broker(many_workers()) as broker:
        async with connected(broker, *[OMNIVERSE] * 3, *[WEB] * 5) as clients:
            extensions, webs = clients[:3], clients[3:]
            for number in range(100):
                for index, web in enumerate(webs):
                    await web.send(selection(f"/web/{index}/{number}"))

            for extension in extensions:
                paths = [json.loads(await extension.receive())["prim_path"] for _ in range(500)]
                for index in range(5):
                    mine = [path for path in paths if path.startswith(f"/web/{index}/")]
                    assert mine == [f"/web/{index}/{number}" for number in range(100)]


@asynchronous
async def test_who_has_registered_receives_what_is_sent_after_its_ack_whatever_the_worker():
    with Broker(many_workers()) as broker:
        async with connected(broker, OMNIVERSE) as extension:
            for number in range(60):
                async with connected(broker, WEB) as web:
                    await extension.send(coordinate(f"/after/{number}", height=0))
                    assert await web.receive() == coordinate(f"/after/{number}", height=0)


@asynchronous
async def test_a_client_that_has_not_registered_receives_nothing(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB, None) as (extension, web, fresh):
        await extension.send(coordinate("/before", height=0))
        assert await web.receive() == coordinate("/before", height=0)
        await web.send(selection("/before"))
        assert await extension.receive() == selection("/before")

        await fresh.register(WEB)  # the ack is the first that it receives
        await extension.send(coordinate("/after", height=0))
        assert await fresh.receive() == coordinate("/after", height=0)


@asynchronous
async def test_a_client_may_come_go_and_come_again_as_something_else(plain_gateway):
    await eventually(lambda: counts(plain_gateway)["total"] == 0, "nobody is connected")
    for role in (WEB, OMNIVERSE, WEB, OMNIVERSE):
        client = await Client.connect(plain_gateway, role)
        expected = {"total": 1, "registered": 1, "omniverse_clients": int(role == OMNIVERSE), "web_clients": int(role == WEB)}
        assert counts(plain_gateway) == expected
        await client.leave()
        await eventually(lambda: counts(plain_gateway)["total"] == 0, "it has left")


@asynchronous
async def test_messages_that_come_in_one_packet_or_in_many_are_the_same(plain_gateway):
    async with connected(plain_gateway, None, OMNIVERSE) as (web, extension):
        # Every client message of a conversation before any answer is read.
        await web.send(registration(WEB))
        for number in range(200):
            await web.send(selection(f"/burst/{number}"))
        assert await web.receive() == ACK
        for number in range(200):
            assert await extension.receive() == selection(f"/burst/{number}")

        async def pieces(text):
            for start in range(0, len(text), 7):
                yield text[start:start + 7]

        await web.send(pieces(selection("/in/many/fragments")))
        assert await extension.receive() == selection("/in/many/fragments")


@asynchronous
async def test_a_timestamp_is_forwarded_as_it_is(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for stamp in ("2024-01-15T10:30:00Z", "2024-01-15T19:30:00.123+09:00", "", "yesterday"):
            await extension.send(coordinate(timestamp=stamp, height=1))
            assert await web.receive() == coordinate(timestamp=stamp, height=1)
            await web.send(selection(timestamp=stamp))
            assert await extension.receive() == selection(timestamp=stamp)


@asynchronous
async def test_every_coordinate_of_the_range_is_right_and_its_ends_belong_to_it(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for latitude, longitude, height in [(90, 180, 0), (-90, -180, -11_000), (90.0, -180.0, 8848.86), (0, 0, 1e300), (-0.0, 0, -0.0),
                                            (1e-320, -1e-320, 123456789012345678901234567890)]:
            message = coordinate(latitude=latitude, longitude=longitude, height=height)
            await extension.send(message)
            assert await web.receive() == message


@asynchronous
async def test_text_of_the_whole_of_unicode_passes(plain_gateway):
    paths = ["/세계/허스키_01", "/😀/👩‍👩‍👧", "/\u0000", "/\uffff", "/\U0010ffff", '/"quoted"\\', "/\u202eright to left"]
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for path in paths:
            for escaped in (True, False):
                message = json.dumps({"type": "select_object", "prim_path": path, "name": path}, ensure_ascii=escaped)
                await web.send(message)
                assert await extension.receive() == message


@asynchronous
async def test_a_message_of_the_largest_size_passes(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        room = 65536 - len(coordinate(height=0, metadata={"x": ""}))
        message = coordinate(height=0, metadata={"x": "x" * room})
        assert len(message) == 65536
        for _ in range(5):
            await extension.send(message)
            assert await web.receive() == message
