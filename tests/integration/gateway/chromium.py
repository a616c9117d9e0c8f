"""A real, headless Chromium that shows one page, driven over its DevTools WebSocket."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.request

import websockets

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
START_TIMEOUT = 60.0
STEP_TIMEOUT = 20.0


class Page:
    """A page in the browser: `evaluate` runs JavaScript in it."""

    def __init__(self, socket):
        self.socket = socket
        self.calls = 0

    async def call(self, method, **parameters):
        self.calls += 1
        number = self.calls
        await self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), STEP_TIMEOUT))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    async def evaluate(self, expression):
        """The value of `expression`, as JSON has it."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")


@contextlib.asynccontextmanager
async def showing(url):
    """Starts the browser with `url`, lends its page, and ends the browser and all its children."""
    with tempfile.TemporaryDirectory(prefix="omnibroker-chromium-", ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen([EXECUTABLE, *FLAGS, f"--user-data-dir={profile}", url], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            address = await asyncio.wait_for(devtools_of(browser, profile, url), START_TIMEOUT)
            async with websockets.connect(address, max_size=None, ping_interval=None) as socket:
                yield Page(socket)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(browser.pid, signal.SIGKILL)  # its own group: the browser and its children, nobody else
            browser.wait()


async def devtools_of(browser, profile, url):
    """Waits for the browser to show `url`, and answers the page's DevTools address."""
    while True:
        assert browser.poll() is None, f"the browser ended with {browser.returncode}"
        with contextlib.suppress(OSError, ValueError, StopIteration):
            with open(os.path.join(profile, "DevToolsActivePort"), encoding="ascii") as file:
                port = int(file.readline())
            listing = await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5).read())
            return next(page["webSocketDebuggerUrl"] for page in json.loads(listing) if page["url"].startswith(url))
        await asyncio.sleep(0.05)  # between two looks
