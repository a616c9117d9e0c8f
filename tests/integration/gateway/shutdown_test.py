"""SIGTERM with many clients: everybody is told, and the broker leaves with 0 within its deadline."""

import asyncio
import signal
import time

from broker import Broker, gateway_config
from gateway_client import OMNIVERSE, WEB, Client, asynchronous, coordinate, counts, request


async def two_hundred(broker):
    roles = [OMNIVERSE] * 20 + [WEB] * 150 + [None] * 30
    clients = []
    for start in range(0, 200, 20):
        clients += await asyncio.gather(*[Client.connect(broker, role) for role in roles[start:start + 20]])
    assert counts(broker) == {"total": 200, "registered": 170, "omniverse_clients": 20, "web_clients": 150}
    return clients


@asynchronous
async def test_two_hundred_clients_see_1001_and_the_broker_leaves_with_0():
    with Broker() as broker:
        clients = await two_hundred(broker)
        started = time.monotonic()

        broker.signal(signal.SIGTERM)

        assert await asyncio.gather(*[client.closed() for client in clients]) == [1001] * 200
        assert await asyncio.to_thread(broker.wait) == 0
        assert time.monotonic() - started < 10  # `stop_timeout`; they all answer, so it takes far less


@asynchronous
async def test_sigint_does_the_same():
    with Broker() as broker:
        clients = [await Client.connect(broker, role) for role in (OMNIVERSE, WEB, None)]

        broker.signal(signal.SIGINT)

        assert await asyncio.gather(*[client.closed() for client in clients]) == [1001] * 3
        assert await asyncio.to_thread(broker.wait) == 0


@asynchronous
async def test_what_was_accepted_before_the_signal_is_delivered_before_the_close():
    with Broker() as broker:
        extension = await Client.connect(broker, OMNIVERSE)
        webs = [await Client.connect(broker, WEB) for _ in range(20)]
        for number in range(100):
            await extension.send(coordinate(f"/World/{number}", height=number))
        # The last one has been routed when one client has it; the others may not have been sent theirs.
        for number in range(100):
            assert await webs[0].receive() == coordinate(f"/World/{number}", height=number)

        broker.signal(signal.SIGTERM)

        for web in webs[1:]:
            for number in range(100):
                assert await web.receive() == coordinate(f"/World/{number}", height=number)
            assert await web.closed() == 1001
        assert await asyncio.to_thread(broker.wait) == 0


@asynchronous
async def test_a_client_that_never_answers_does_not_keep_the_broker_beyond_its_deadline():
    with Broker(gateway_config(limits={"stop_timeout": "2s"})) as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
        well = await Client.connect(broker, WEB)
        started = time.monotonic()

        broker.signal(signal.SIGTERM)

        assert await well.closed() == 1001
        assert await asyncio.to_thread(broker.wait) == 0
        assert time.monotonic() - started < 10
        writer.transport.abort()


@asynchronous
async def test_a_second_signal_ends_it_at_once():
    with Broker(gateway_config(limits={"stop_timeout": "60s"})) as broker:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        broker.signal(signal.SIGTERM)
        assert (await reader.readexactly(1))[0] == 0x88  # the close frame: the first signal has been heard
        started = time.monotonic()

        broker.signal(signal.SIGTERM)

        await asyncio.to_thread(broker.wait)
        assert time.monotonic() - started < 20
        writer.transport.abort()


def test_the_port_is_free_again_after_a_stop():
    with Broker() as first:
        port = first.port
        assert request(first, "GET", "/api/health").status == 200
        assert first.stop() == 0
    with Broker(gateway_config(listeners={"public": {"address": f"localhost:{port}"}})) as second:
        assert second.port == port
        assert request(second, "GET", "/api/health").status == 200
