"""The broker's own messages: who gets them, and what is in them."""

import asyncio
import json
import re

import pytest
import websockets

from map_client import ROBOT, SUBPROTOCOL, WEB, on_a_gateway

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@on_a_gateway(limits={"messages_per_second": 700, "max_message": "32KiB", "max_subscriptions": 5})
async def test_a_client_that_agrees_is_welcomed_first(gateway):
    client = await gateway.connect(subprotocols=[SUBPROTOCOL])
    assert client.socket.subprotocol == SUBPROTOCOL
    await client.send(type="client_register", client_type=WEB)

    welcome = await client.receive()
    assert list(welcome) == ["type", "server", "version", "client_id", "capabilities", "limits"]
    assert (welcome["type"], welcome["server"]) == ("welcome", "omnibroker")
    assert re.fullmatch(r"\d+\.\d+\.\d+", welcome["version"])
    assert UUID.fullmatch(welcome["client_id"])
    assert welcome["client_id"] == client.socket.response_headers["X-Client-Id"]
    assert welcome["capabilities"] == ["subscribe", "unsubscribe", "snapshot", "status"]
    assert welcome["limits"] == {"max_message": 32768, "messages_per_second": 700, "max_subscriptions": 5}
    assert (await client.receive())["type"] == "ack"


@on_a_gateway()
async def test_a_limit_that_is_off_is_null(gateway):
    client = await gateway.connect(subprotocols=[SUBPROTOCOL])

    assert (await client.receive())["limits"]["messages_per_second"] is None


@on_a_gateway()
async def test_the_welcome_comes_before_anything_is_said(gateway):
    client = await gateway.connect(subprotocols=["other", SUBPROTOCOL])

    assert (await client.receive())["type"] == "welcome"


@pytest.mark.parametrize("offered", [None, ["other"]])
@on_a_gateway()
async def test_others_get_neither_welcome_nor_status(gateway, offered):
    client = await gateway.connect(subprotocols=offered)
    assert client.socket.subprotocol is None
    await client.send(type="client_register", client_type=WEB)

    assert (await client.receive())["type"] == "ack"
    assert await asyncio.to_thread(gateway.broker.stop) == 0
    with pytest.raises(websockets.ConnectionClosed):
        raise AssertionError(await client.receive())
    assert client.socket.close_code == 1001


@pytest.mark.parametrize("role", [WEB, ROBOT])
@on_a_gateway()
async def test_who_agreed_hears_that_the_server_goes_away(gateway, role):
    client = await gateway.connect(subprotocols=[SUBPROTOCOL])
    assert (await client.receive())["type"] == "welcome"
    await client.acked(type="client_register", client_type=role)

    stopping = asyncio.ensure_future(asyncio.to_thread(gateway.broker.stop))

    assert await client.receive() == {"type": "status", "code": "GOING_AWAY"}
    await client.socket.wait_closed()
    assert await stopping == 0
    assert client.socket.close_code == 1001


@on_a_gateway()
async def test_who_subscribed_gets_status_without_a_welcome(gateway):
    web = await gateway.map()
    await web.subscribe()

    stopping = asyncio.ensure_future(asyncio.to_thread(gateway.broker.stop))

    assert await web.receive() == {"type": "status", "code": "GOING_AWAY"}
    assert await stopping == 0


@on_a_gateway(routes={"coordinate_update": {"slow_clients": "conflate"}}, limits={"max_backlog": "256KiB"})
async def test_what_a_slow_client_missed_is_told_with_count_and_reason(gateway):
    robot = await gateway.robot()
    web = await gateway.connect(subprotocols=[SUBPROTOCOL])
    assert (await web.receive())["type"] == "welcome"
    await web.acked(type="client_register", client_type=WEB)
    web.socket.transport.pause_reading()

    count = 4000
    for number in range(count):
        await robot.socket.send(json.dumps({"type": "coordinate_update", "prim_path": "/a", "latitude": 1, "longitude": 2,
                                            "height": 0, "metadata": {"n": number, "fill": "x" * 4000}}))
    await robot.acked(type="client_register", client_type=ROBOT)
    web.socket.transport.resume_reading()

    seen, told = 0, []
    while seen + sum(notice["count"] for notice in told) < count:
        message = await web.receive()
        if message["type"] == "status":
            told.append(message)
        else:
            seen += 1
            last = message["metadata"]["n"]
    assert seen + sum(notice["count"] for notice in told) == count, "every message was seen or is told of"
    assert last == count - 1, "the newest is among those seen"
    assert told and [list(notice) for notice in told] == [
        ["type", "code", "message_type", "reason", "count", "total"]] * len(told)
    assert {(notice["code"], notice["message_type"], notice["reason"]) for notice in told} == {
        ("MESSAGES_MISSED", "coordinate_update", "conflated")}
    assert told[-1]["total"] == sum(notice["count"] for notice in told)
