"""The contract's three endpoints, on one port."""

import json
import socket
import uuid

import pytest
import websockets

from broker import Broker
from gateway_client import OMNIVERSE, WEB, Client, asynchronous, connected, counts, eventually, request


def none_connected(broker):
    """Tests of one file share the gateway: each begins when the clients of the one before are gone."""
    return counts(broker)["total"] == 0


def test_health_answers_exactly_what_the_contract_says(gateway):
    answer = request(gateway, "GET", "/api/health")

    assert answer.status == 200
    assert answer.body == b'{"status":"healthy","service":"Omni Web Gateway","version":"1.0.0"}'
    assert answer.headers.get_content_type() == "application/json"


@asynchronous
async def test_status_answers_exactly_what_the_contract_says(gateway):
    await eventually(lambda: none_connected(gateway), "nobody is connected")
    async with connected(gateway, OMNIVERSE, WEB, None):
        answer = request(gateway, "GET", "/api/status")

    assert answer.status == 200
    assert answer.body == (b'{"status":"running","clients":'
                           b'{"total":3,"registered":2,"omniverse_clients":1,"web_clients":1}}')
    assert answer.headers.get_content_type() == "application/json"


@asynchronous
async def test_status_counts_who_comes_and_who_goes(gateway):
    await eventually(lambda: none_connected(gateway), "nobody is connected")
    async with connected(gateway, OMNIVERSE, OMNIVERSE, WEB, WEB, WEB, None) as clients:
        assert counts(gateway) == {"total": 6, "registered": 5, "omniverse_clients": 2, "web_clients": 3}

        await clients[0].leave()
        await eventually(lambda: counts(gateway) == {"total": 5, "registered": 4, "omniverse_clients": 1, "web_clients": 3},
                         "one Omniverse client has left")
        clients[2].socket.transport.abort()  # no close handshake: the connection is torn
        await eventually(lambda: counts(gateway) == {"total": 4, "registered": 3, "omniverse_clients": 1, "web_clients": 2},
                         "one web client is gone")
        clients[5].socket.transport.abort()
        await eventually(lambda: counts(gateway)["total"] == 3, "the client that had not registered is gone")
    await eventually(lambda: counts(gateway) == {"total": 0, "registered": 0, "omniverse_clients": 0, "web_clients": 0},
                     "everybody has left")


@asynchronous
async def test_websockets_and_requests_share_one_port_on_both_loopback_addresses(gateway):
    addresses = gateway.addresses("public")

    assert {address.rsplit(":", 1)[1] for address in addresses} == {str(gateway.port)}
    assert f"127.0.0.1:{gateway.port}" in addresses
    for address in addresses:
        host = address.rsplit(":", 1)[0].strip("[]")
        client = await Client.connect(gateway, WEB, url=f"ws://{address}/ws")
        await client.leave()
        with socket.create_connection((host, gateway.port), 10) as plain:
            plain.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert plain.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


@asynchronous
async def test_each_connection_gets_its_own_client_id(gateway):
    async with connected(gateway, *([None] * 20)) as clients:
        ids = [client.socket.response_headers["X-Client-Id"] for client in clients]

    assert len(set(ids)) == 20
    for identity in ids:
        assert str(uuid.UUID(identity)) == identity


def test_a_get_of_ws_without_upgrade_is_refused(gateway):
    answer = request(gateway, "GET", "/ws")

    assert answer.status in (400, 426)
    assert request(gateway, "GET", "/api/health").status == 200


@asynchronous
async def test_a_websocket_elsewhere_is_refused(gateway):
    for path in ("/", "/wss", "/api/ws", "/websocket"):
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            await Client.connect(gateway, url=f"ws://127.0.0.1:{gateway.port}{path}")
        assert refused.value.status_code in (400, 404, 405), path


def test_the_broker_starts_and_stops_with_its_own_example_configuration():
    with Broker() as broker:
        assert json.loads(request(broker, "GET", "/api/health").body)["status"] == "healthy"
        assert broker.stop() == 0
