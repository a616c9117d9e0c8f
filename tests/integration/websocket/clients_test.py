"""The transport with WebSocket clients that are not ours: Python's websockets, Node's ws, POCO, and Chromium."""

import asyncio
import functools
import json
import os
import shutil
import subprocess
import urllib.request

import pytest
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from chromium import EXECUTABLE, showing

REGISTER = '{"type":"client_register","client_type":"web_ui"}'
ACK = '{"type":"ack","original_type":"client_register","status":"success"}'
COMPRESSION = {"compression": "deflate"}
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


async def registered(broker, role, **options):
    client = await websockets.connect(broker.ws_url, **options)
    await client.send(json.dumps({"type": "client_register", "client_type": role}))
    assert await client.recv() == ACK
    return client


def selection(size):
    empty = json.dumps({"type": "select_object", "prim_path": "/World/"})
    path = ("/".join(f"Husky_{i:03}" for i in range(size)))[:size - len(empty)]
    return json.dumps({"type": "select_object", "prim_path": "/World/" + path})


@pytest.mark.parametrize("factory, agreed", [
    pytest.param({}, "15", id="as-it-comes"),  # it asks for a window of 12 by itself where `compression` is used
    pytest.param({"server_max_window_bits": 9, "client_max_window_bits": 9}, "9", id="the-least-window"),
    pytest.param({"server_no_context_takeover": True, "client_no_context_takeover": True}, "15", id="no-takeover"),
])
@with_a_loop
async def test_websockets_compresses(special, factory, agreed):
    running = special(COMPRESSION)
    offer = {"compression": None, "extensions": [ClientPerMessageDeflateFactory(**factory)]}
    web = await registered(running, "web_ui", **offer)
    extension = await registered(running, "omniverse_extension", **offer)
    answer = web.response_headers["Sec-WebSocket-Extensions"]
    assert answer.startswith("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    assert [str(extension.remote_max_window_bits) for extension in web.extensions] == [agreed]
    for size in (70, 255, 256, 600, 1000, 300):
        await web.send(selection(size))
        assert await extension.recv() == selection(size)
    await web.send(iter([selection(800)[:100], selection(800)[100:]]))  # fragments
    assert await extension.recv() == selection(800)
    for client in (web, extension):
        await client.close()
        assert client.close_code == 1000


@with_a_loop
async def test_websockets_compresses_by_its_own_offer(special):
    running = special(COMPRESSION)
    web = await registered(running, "web_ui", compression="deflate")
    extension = await registered(running, "omniverse_extension", compression="deflate")
    assert web.request_headers["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
    assert len(web.extensions) == 1
    await web.send(selection(900))
    assert await extension.recv() == selection(900)
    await web.close()
    await extension.close()


def metric(broker, name):
    with urllib.request.urlopen(f"{broker.http_url}/api/metrics", timeout=20) as answer:
        lines = [line for line in answer.read().decode().splitlines() if line.startswith(f"omnibroker_{name}{{")]
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines)


@with_a_loop
async def test_a_message_is_compressed_once_for_all_of_a_window(special):
    running = special(COMPRESSION, workers=1)
    web = await registered(running, "web_ui", compression=None)
    windows = (15, 15, 15, 12, 12)
    extensions = [await registered(running, "omniverse_extension", compression=None,
                                   extensions=[ClientPerMessageDeflateFactory(server_max_window_bits=bits)])
                  for bits in windows]
    before = metric(running, "websocket_compressed_messages_total")
    for _ in range(10):
        await web.send(selection(900))
        assert [await extension.recv() for extension in extensions] == [selection(900)] * len(windows)
    assert metric(running, "websocket_compressed_messages_total") - before == 10 * len(set(windows))
    for client in (web, *extensions):
        await client.close()


@with_a_loop
async def test_websockets_is_told_that_a_compressed_message_is_too_large(special):
    async with websockets.connect(special(COMPRESSION).ws_url, compression="deflate") as client:
        await client.send("x" * 65537)
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await client.recv()
    assert closed.value.rcvd.code == 1009


@with_a_loop
async def test_websockets_is_welcomed_by_the_sub_protocol_of_notices(special):
    running = special({"subprotocols": ["omnibroker.v1"]})
    async with websockets.connect(running.ws_url, subprotocols=["omnibroker.v1"]) as client:
        assert client.subprotocol == "omnibroker.v1"
        assert json.loads(await client.recv())["client_id"] == client.response_headers["X-Client-Id"]
    async with websockets.connect(running.ws_url) as client:
        await client.send(REGISTER)
        assert await client.recv() == ACK  # nothing before it


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


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_node_ws_compresses(special):
    done = subprocess.run(["node", os.path.join(HERE, "node_compression.js"), special(COMPRESSION).ws_url], capture_output=True,
                          text=True, timeout=60, env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "extensions": "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "narrow": "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10",
        "same": [True] * 6,
        "fragments": True,
        "fewer_bytes": True,
        "too_large": 1009,
    }


IN_THE_PAGE = """new Promise((resolve, reject) => {
  const socket = new WebSocket('%s');
  const seen = { messages: [] };
  socket.onerror = () => reject(new Error('the socket failed'));
  socket.onopen = () => socket.send(JSON.stringify({ type: 'client_register', client_type: 'web_ui' }));
  socket.onmessage = (event) => {
    seen.messages.push(event.data);
    if (seen.messages.length === 1) for (const message of %s) socket.send(message);
    if (seen.messages.length < 4) return;
    seen.extensions = socket.extensions;
    socket.onclose = (event) => { seen.close = event.code; resolve(seen); };
    socket.close(1000);
  };
})"""


@pytest.mark.skipif(not os.path.exists(EXECUTABLE), reason="Chromium is not installed")
@with_a_loop
async def test_a_browser_compresses(special):
    # Without last values, which a client of another test would be given.
    running = special(COMPRESSION, routes={"coordinate_update": {"latest_by": None, "slow_clients": None}})
    update = json.dumps({"type": "coordinate_update", "prim_path": "/World/Husky", "latitude": 37.5, "longitude": 127.25,
                         "height": 1, "metadata": {f"sensor_{i}": f"수원 {i}" for i in range(50)}}, ensure_ascii=False)
    selections = [selection(size) for size in (70, 300, 1000)]
    extension = await registered(running, "omniverse_extension", compression=None)
    async with showing(f"{running.http_url}/api/health") as page:
        while await page.evaluate("document.readyState + location.pathname") != "complete/api/health":
            await asyncio.sleep(0.05)  # between two looks
        seen = asyncio.create_task(page.evaluate(IN_THE_PAGE % (running.ws_url, json.dumps(selections))))
        assert [await extension.recv() for _ in selections] == selections
        for _ in range(3):
            await extension.send(update)
        seen = await seen
    assert seen == {
        "extensions": "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "messages": [ACK] + [update] * 3,
        "close": 1000,
    }
    await extension.close()


def test_poco(broker):
    done = subprocess.run([os.environ["OMNIBROKER_POCO_CLIENT"], str(broker.port)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
