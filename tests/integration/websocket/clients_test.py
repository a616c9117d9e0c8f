"""The transport with WebSocket clients that are not ours: Python's websockets, Node's ws, POCO."""

import asyncio
import functools
import json
import os
import shutil
import subprocess

import pytest
import websockets

REGISTER = '{"type":"client_register","client_type":"web_ui"}'
ACK = '{"type":"ack","original_type":"client_register","status":"success"}'
HERE = os.path.dirname(os.path.abspath(__file__))


def with_a_loop(test):
    """Runs a coroutine as a test, within a time."""
    @functools.wraps(test)
    def run(*args, **kwargs):
        return asyncio.run(asyncio.wait_for(test(*args, **kwargs), 60))
    return run


@with_a_loop
async def test_websockets_registers_and_closes(broker):
    async with websockets.connect(broker.ws_url) as client:
        assert len(client.response_headers["X-Client-Id"]) == 36
        await client.send(REGISTER)
        assert await client.recv() == ACK
    assert client.close_code == 1000


@with_a_loop
async def test_websockets_offers_compression_and_does_without(broker):
    async with websockets.connect(broker.ws_url, compression="deflate") as client:
        assert "Sec-WebSocket-Extensions" in client.request_headers
        assert client.extensions == []
        await client.send(REGISTER)
        assert await client.recv() == ACK


@with_a_loop
async def test_websockets_sends_fragments(broker):
    async with websockets.connect(broker.ws_url) as client:
        await client.send(REGISTER[i:i + 7] for i in range(0, len(REGISTER), 7))
        assert await client.recv() == ACK


@with_a_loop
async def test_websockets_pings(broker):
    async with websockets.connect(broker.ws_url) as client:
        for payload in (b"", b"x", b"\xff" * 125):
            await asyncio.wait_for(await client.ping(payload), 20)


@with_a_loop
async def test_websockets_agrees_a_subprotocol(special):
    broker = special({"subprotocols": ["maps.v2", "maps.v1"]})
    async with websockets.connect(broker.ws_url, subprotocols=["maps.v1", "maps.v2"]) as client:
        assert client.subprotocol == "maps.v2"
    async with websockets.connect(broker.ws_url, subprotocols=["chat"]) as client:
        assert client.subprotocol is None


@with_a_loop
async def test_websockets_is_told_that_a_message_is_too_large(broker):
    async with websockets.connect(broker.ws_url) as client:
        await client.send("x" * 65537)
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await client.recv()
    assert closed.value.rcvd.code == 1009


@with_a_loop
async def test_websockets_answers_the_servers_pings(special):
    broker = special({"ping_interval": "200ms", "ping_timeout": "2s"})
    async with websockets.connect(broker.ws_url, ping_interval=None) as client:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.recv(), 1.5)  # seven pings, each answered behind the scenes
        await client.send(REGISTER)
        assert await client.recv() == ACK


@with_a_loop
async def test_websockets_is_refused_another_origin(special):
    broker = special({"allowed_origins": ["https://maps.example"]})
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await websockets.connect(broker.ws_url, origin="https://evil.example")
    assert refused.value.status_code == 403


@with_a_loop
async def test_websockets_hears_that_the_server_leaves(stopping):
    async with websockets.connect(stopping.ws_url) as client:
        await client.send(REGISTER)
        assert await client.recv() == ACK
        stopping.signal(15)
        with pytest.raises(websockets.ConnectionClosedOK) as closed:
            await client.recv()
    assert closed.value.rcvd.code == 1001
    assert stopping.wait() == 0


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_node_ws(broker):
    done = subprocess.run(["node", os.path.join(HERE, "node_client.js"), broker.ws_url], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert len(seen.pop("client_id")) == 36
    assert seen == {
        "extensions": "",
        "ack": ACK,
        "pong": "between",
        "ack_of_fragments": ACK,
        "binary": "INVALID_MESSAGE_FORMAT",
        "close": 4000,
        "subprotocol": "Server sent no subprotocol",
        "too_large": 1009,
    }


def test_poco(broker):
    done = subprocess.run([os.environ["OMNIBROKER_POCO_CLIENT"], str(broker.port)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
