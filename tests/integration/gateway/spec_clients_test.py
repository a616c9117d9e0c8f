"""The specification's own example clients talk through the gateway: coordinates arrive at the web side, a selection at the
Omniverse side. spec_clients/ holds them as the specification has them, and only the port is rewritten here."""

import asyncio
import contextlib
import functools
import http.server
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading

import pytest

from broker import Broker
from chromium import EXECUTABLE, showing
from gateway_client import OMNIVERSE, TIMEOUT, WEB, asynchronous, connected, counts, eventually

EXAMPLES = pathlib.Path(__file__).parent / "spec_clients"
NODE = shutil.which("node")
HUSKY = "/World/Husky_01"

# Runs a file as a program, with the log of websockets on, which shows every frame that arrives.
WITH_FRAMES_SHOWN = "import logging,runpy,sys; logging.basicConfig(level=logging.DEBUG); runpy.run_path(sys.argv[1], run_name='__main__')"


@contextlib.contextmanager
def examples_for(broker):
    """A folder with the examples, with the broker's port in place of the specification's."""
    with tempfile.TemporaryDirectory(prefix="omnibroker-spec-") as folder:
        for example in EXAMPLES.iterdir():
            if example.is_file():
                text = example.read_text(encoding="utf-8").replace("ws://localhost:8000/ws", f"ws://localhost:{broker.port}/ws")
                (pathlib.Path(folder) / example.name).write_text(text, encoding="utf-8")
        yield pathlib.Path(folder)


@contextlib.asynccontextmanager
async def program(*command, **more):
    """A child process with pipes, which is ended when the block is left."""
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                                                   stderr=asyncio.subprocess.PIPE, **more)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def python_example(folder):
    """The specification's Omniverse extension, running."""
    async with program(sys.executable, "-c", WITH_FRAMES_SHOWN, str(folder / "omniverse_client.py")) as extension:
        yield extension


async def line_with(stream, text):
    """Waits for a line of a program's output that contains `text`."""
    while True:
        line = (await asyncio.wait_for(stream.readline(), TIMEOUT)).decode("utf-8", "replace")
        assert line, f"the program ended without saying {text!r}"
        if text in line:
            return line


@contextlib.contextmanager
def served(folder):
    """The folder over HTTP on loopback, as a developer would serve his page."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@asynchronous
async def test_the_python_example_sends_coordinates_and_hears_selections():
    with Broker() as broker, examples_for(broker) as folder:
        async with connected(broker, WEB) as web, python_example(folder) as extension:
            for step in range(2):
                assert json.loads(await web.receive()) == {
                    "type": "coordinate_update", "prim_path": HUSKY, "latitude": 37.5 + step / 1000,
                    "longitude": 127.25 + step / 1000, "height": step}
            await web.send(json.dumps({"type": "select_object", "prim_path": HUSKY}))

            assert HUSKY in await line_with(extension.stderr, '< TEXT \'{"type": "select_object"')


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
@asynchronous
async def test_the_javascript_example_in_node_shows_markers_and_selects():
    with Broker() as broker, examples_for(broker) as folder:
        async with python_example(folder) as extension, connected(broker, OMNIVERSE) as another, \
                program(NODE, str(folder / "in_node.js"), str(folder / "web_ui.js"), env=node_environment()) as web:
            path, latitude, longitude = json.loads(await line_with(web.stdout, HUSKY))
            assert path == HUSKY and 37.5 <= latitude < 38 and 127.25 <= longitude < 128

            web.stdin.write((HUSKY + "\n").encode())
            await web.stdin.drain()
            assert await another.receive() == '{"type":"select_object","prim_path":"%s"}' % HUSKY
            assert HUSKY in await line_with(extension.stderr, '< TEXT \'{"type":"select_object"')


@pytest.mark.skipif(not pathlib.Path(EXECUTABLE).exists(), reason="Chromium is not installed")
@asynchronous
async def test_the_javascript_example_in_a_real_browser_shows_markers_and_selects():
    with Broker() as broker, examples_for(broker) as folder, served(folder) as site:
        async with python_example(folder) as extension, connected(broker, OMNIVERSE) as another, \
                showing(f"{site}/page.html") as page:
            await eventually(lambda: counts(broker)["web_clients"] == 1, "the page has registered", timeout=30)

            async def marker():
                while True:
                    shown = await page.evaluate("markers")
                    if shown and HUSKY in shown:
                        return shown[HUSKY]
                    await asyncio.sleep(0.05)  # between two looks
            first = await asyncio.wait_for(marker(), TIMEOUT)
            assert 37.5 <= first[0] < 38 and 127.25 <= first[1] < 128

            async def moved():
                while await marker() == first:
                    await asyncio.sleep(0.05)
            await asyncio.wait_for(moved(), TIMEOUT)  # and it follows the robot

            await page.evaluate(f"selectObject('{HUSKY}')")
            assert await another.receive() == '{"type":"select_object","prim_path":"%s"}' % HUSKY
            assert HUSKY in await line_with(extension.stderr, '< TEXT \'{"type":"select_object"')


def node_environment():
    """Debian keeps the ws package where Node looks by itself; other systems say where with NODE_PATH."""
    return {**os.environ, "NODE_PATH": os.environ.get("NODE_PATH", "/usr/share/nodejs")}
