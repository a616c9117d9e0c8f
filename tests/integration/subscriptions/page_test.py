"""docs/subscriptions.md against a running broker with the configuration that it shows."""

import asyncio
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import pytest
import websockets
import yaml

from broker import ROOT, Broker, merged

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "docs"))

from pages import blocks  # noqa: E402  (its folder is put on the path above)

PAGE = ROOT / "docs/subscriptions.md"
NODE = shutil.which("node")
TIMEOUT = 20
OUTPUT_ENDS = "--- that was a command ---"


@pytest.fixture
def broker():
    """The page's own configuration, on a free port."""
    whole = [block for block in blocks("yaml", [PAGE]) if "listeners" in block.text]
    assert len(whole) == 1
    config = merged(yaml.safe_load(whole[0].text), {"listeners": {"public": {"address": "localhost:0"}},
                                                    "log": {"format": "json"}, "workers": 1})
    with Broker(yaml.safe_dump(config, sort_keys=False)) as running:
        yield running


def examples():
    return [json.loads(block.text) for block in blocks("json", [PAGE])]


def of_type(kind):
    return [message for message in examples() if message["type"] == kind]


async def exchange(broker):
    """What the page's requests are answered, each by itself, behind the welcome and the registration."""
    async with websockets.connect(broker.ws_url, subprotocols=["omnibroker.v1"]) as socket:
        async def next_message():
            return json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT))

        welcome = await next_message()
        await socket.send(json.dumps({"type": "client_register", "client_type": "web_ui"}))
        assert (await next_message())["type"] == "ack"
        answers = []
        for kind in ("subscribe", "unsubscribe", "snapshot"):
            assert of_type(kind), f"the page shows no {kind}"
            for request in of_type(kind):
                await socket.send(json.dumps(request))
                answers.append((request, await next_message()))
        stopping = asyncio.ensure_future(asyncio.to_thread(broker.stop))
        last = await next_message()
        await stopping
        return welcome, answers, last


def test_the_messages_are_those_of_the_page(broker):
    welcome, answers, last = asyncio.run(exchange(broker))

    (shown,) = of_type("welcome")
    assert list(shown) == list(welcome)
    changing = {"client_id": None}
    assert {**shown, **changing} == {**welcome, **changing}
    for request, answer in answers:
        assert answer == {"type": "ack", "original_type": request["type"], "status": "success"}
    assert of_type("ack") == [answers[0][1]]
    assert last in of_type("status")
    assert {message["code"] for message in of_type("status")} == {"MESSAGES_MISSED", "GOING_AWAY"}


def commands(text):
    """What is typed, with its further lines, and what is printed: [(command, output), ...]."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.split("\n")
        further = next((i for i, line in enumerate(lines[1:], 1) if not line.startswith("> ")), len(lines))
        yield "\n".join([lines[0], *(line[2:] for line in lines[1:further])]), "\n".join(lines[further:])


def with_port(text, broker):
    assert "localhost:8000" in text
    return text.replace("localhost:8000", f"localhost:{broker.port}")


def test_the_commands_print_what_the_page_says(broker, tmp_path):
    expected = [pair for block in blocks("console", [PAGE]) for pair in commands(block.text)]
    assert len(expected) >= 6
    script = "".join(f"{command}\necho; echo '{OUTPUT_ENDS}'\n" for command, _ in expected)
    done = subprocess.run(["bash", "-c", with_port(script, broker)], capture_output=True, text=True, cwd=tmp_path,
                          timeout=60, check=False)

    printed = done.stdout.split(f"{OUTPUT_ENDS}\n")[:-1]
    assert len(printed) == len(expected), done.stderr
    for (command, output), real in zip(expected, printed):
        assert real.rstrip("\n") == output.rstrip("\n"), f"$ {command}"


@contextlib.contextmanager
def running(*command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(TIMEOUT, process.kill)  # so that a line that never comes ends the wait
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


async def drive(broker, places):
    """Sends positions of objects, each behind the ack of the one before."""
    async with websockets.connect(broker.ws_url) as socket:
        for message in [{"type": "client_register", "client_type": "omniverse_extension"}, *places]:
            await socket.send(json.dumps(message))
        await socket.send(json.dumps({"type": "client_register", "client_type": "omniverse_extension"}))
        for _ in range(2):
            assert json.loads(await asyncio.wait_for(socket.recv(), TIMEOUT))["type"] == "ack"


def place(prim_path, latitude, longitude):
    return {"type": "coordinate_update", "prim_path": prim_path, "latitude": latitude, "longitude": longitude, "height": 0}


@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_the_map_shows_its_view_and_what_leaves_it(broker, tmp_path):
    (program,) = [block.text for block in blocks("js", [PAGE])]
    file = tmp_path / "map.js"
    file.write_text("globalThis.WebSocket = require('/usr/share/nodejs/ws');\n" + with_port(program, broker)
                    + "socket.on('open', () => say({ type: 'nonsense' }));\n", encoding="utf-8")
    with running(NODE, str(file)) as process:
        assert process.stdout.readline() == "UNKNOWN_MESSAGE_TYPE Unknown message type: nonsense\n"  # so it has subscribed
        asyncio.run(drive(broker, [place("/far", 0, 0), place("/a", 37.5, 127.0), place("/b", 37.6, 127.1)]))
        assert process.stdout.readline() == "/a 37.5 127\n"
        assert process.stdout.readline() == "/b 37.6 127.1\n"
        asyncio.run(drive(broker, [place("/far", 1, 1), place("/a", 40, 127.0), place("/a", 41, 127.0)]))
        assert process.stdout.readline() == "/a has left\n"


@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_the_map_wraps_its_longitudes(tmp_path):
    (program,) = [block.text for block in blocks("js", [PAGE])]
    functions = re.search(r"^const wrapped = .*?(?=^const socket)", program, re.MULTILINE | re.DOTALL).group(0)
    views = [{"west": 170, "east": 190, "south": -95, "north": 95}, {"west": -550, "east": -530, "south": 0, "north": 1},
             {"west": -200, "east": 200, "south": 0, "north": 1}]
    file = tmp_path / "boxes.js"
    file.write_text(f"{functions}console.log(JSON.stringify({json.dumps(views)}.map(boxOf)));\n"
                    "console.log(isIn([170, 0, -170, 1], { latitude: 0, longitude: 175 }),\n"
                    "            isIn([170, 0, -170, 1], { latitude: 0, longitude: 0 }));\n", encoding="utf-8")
    done = subprocess.run([NODE, str(file)], capture_output=True, text=True, timeout=TIMEOUT, check=False)

    assert done.stdout.splitlines() == ["[[170,-90,-170,90],[170,0,-170,1],[-180,0,180,1]]", "true false"], done.stderr
