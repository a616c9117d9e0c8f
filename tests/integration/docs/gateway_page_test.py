"""docs/gateway.md against a running gateway: its commands print what the page says, its clients do what they are for."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import threading
import urllib.request

import pytest

from broker import ROOT, Broker, gateway_config
from pages import blocks

PAGE = ROOT / "docs/gateway.md"
NODE = shutil.which("node")
TIMEOUT = 20
OUTPUT_ENDS = "--- that was a command ---"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECRET = re.compile(r"\b[0-9a-f]{64}\b")


def commands(text):
    """What is typed and what is printed, of a console block: [(command, output), ...]."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert parts[0] == "", "a console block begins with a command"
    return [tuple(part.split("\n", 1)) for part in parts[1:]]


def with_port(text, broker):
    assert "localhost:8000" in text
    return text.replace("localhost:8000", f"localhost:{broker.port}")


def plain(text):
    """Without what differs from run to run."""
    return SECRET.sub("<secret>", UUID.sub("<uuid>", text)).rstrip("\n")


def test_the_commands_print_what_the_page_says(tmp_path):
    expected = [pair for block in blocks("console", [PAGE]) for pair in commands(block.text)]
    assert len(expected) > 10
    with Broker() as broker:
        script = "".join(f"{command}\necho; echo '{OUTPUT_ENDS}'\n" for command, _ in expected)
        done = subprocess.run(["bash", "-c", with_port(script, broker)], capture_output=True, text=True, cwd=tmp_path,
                              timeout=120, check=False)
    printed = done.stdout.split(f"\n{OUTPUT_ENDS}\n")[:-1]
    assert len(printed) == len(expected), done.stderr
    for (command, output), real in zip(expected, printed):
        assert plain(real) == plain(output), f"$ {command}"


def sent(broker, message, token):
    request = urllib.request.Request(f"{broker.http_url}/api/messages", json.dumps(message).encode(),
                                     {"Content-Type": "application/json", "Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)


def session(broker, role):
    request = urllib.request.Request(f"{broker.http_url}/api/sessions",
                                     json.dumps({"type": "client_register", "client_type": role}).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return json.load(answer)["token"]


@contextlib.contextmanager
def running(*command):
    """A client of the page; its lines are read with `next_line`."""
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


def next_line(process):
    line = process.stdout.readline()
    assert line, "the client ended, or said nothing in time"
    return line.rstrip("\n")


def the_block(language, containing):
    found = [block for block in blocks(language, [PAGE]) if containing in block.text]
    assert len(found) == 1, f"{len(found)} blocks contain {containing!r}"
    return found[0].text


def test_the_python_client_hears_selections_and_sends_coordinates(tmp_path):
    file = tmp_path / "extension.py"
    with Broker() as broker:
        file.write_text(with_port(the_block("python", "websockets.connect"), broker), encoding="utf-8")
        with running(sys.executable, str(file)) as client:
            broker.wait_for_log("Client registered", role="omniverse_extension")
            assert sent(broker, {"type": "select_object", "prim_path": "/World/Chosen"}, session(broker, "web_ui"))["type"] == "ack"
            assert next_line(client) == "selected /World/Chosen"


@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_the_javascript_client_shows_coordinates_and_connects_again(tmp_path):
    file = tmp_path / "map.js"
    # A map that hears nothing for a second is closed here, so that it has a reason to come back.
    impatient = gateway_config(limits={"idle_timeout": "1s"}, transports={"realtime": {"ping_interval": "off"}})
    with Broker(impatient) as broker:
        file.write_text("globalThis.WebSocket = require('/usr/share/nodejs/ws');\n"
                        + with_port(the_block("js", "function connect()"), broker), encoding="utf-8")
        with running(NODE, str(file)) as client:
            broker.wait_for_log("Client registered", role="web_ui")
            sent(broker, {"type": "coordinate_update", "prim_path": "/World/A", "latitude": 1.5, "longitude": 2.5},
                 session(broker, "omniverse_extension"))
            assert next_line(client) == "/World/A 1.5 2.5 0"

            broker.wait_for_log("Client registered", role="web_ui", count=2)
            assert next_line(client) == "/World/A 1.5 2.5 0"  # the last value, right behind the ack


@pytest.mark.skipif(NODE is None, reason="there is no node")
def test_the_events_example_shows_coordinates_and_the_end(tmp_path):
    """`EventSource` is the browser's; a few lines stand in for it here, over the same HTTP."""
    source = """
globalThis.EventSource = class {
  constructor(url) { this.listeners = {}; this.read(url); }
  addEventListener(type, listener) { this.listeners[type] = listener; }
  async read(url) {
    let text = "";
    for await (const bytes of (await fetch(url)).body) {
      text += Buffer.from(bytes).toString();
      for (let end; (end = text.indexOf("\\n\\n")) >= 0; text = text.slice(end + 2)) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end)), type = /^event: (.*)$/m.exec(text.slice(0, end));
        if (data) (type ? this.listeners[type[1]] : this.onmessage)({ data: data[1] });
      }
    }
  }
};
(async () => {
%s
})();
"""
    file = tmp_path / "events.js"
    with Broker() as broker:
        file.write_text(source % with_port(the_block("js", "EventSource("), broker), encoding="utf-8")
        with running(NODE, str(file)) as client:
            broker.wait_for_log("Client registered", role="web_ui")
            sent(broker, {"type": "coordinate_update", "prim_path": "/World/A", "latitude": 1, "longitude": 2},
                 session(broker, "omniverse_extension"))
            assert "prim_path: '/World/A'" in next_line(client) + next_line(client) + next_line(client)
            assert broker.stop() == 0
            assert 'The broker ended the stream: {"reason":"going_away"' in client.stdout.read()


def test_the_limits_on_the_page_are_the_defaults():
    """Each option of `limits` that the page's table quotes, as docs/configuration.md (generated) has it."""
    reference = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    limits = reference.split("\n## limits\n", 1)[1].split("\n## ", 1)[0]
    defaults = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^`]*)` \|", limits, re.MULTILINE))
    quoted = {"max_message": "64KiB", "messages_per_second": "5000", "frames_per_second": "10000", "max_connections": "65536",
              "max_connections_per_address": "4096", "max_detached_sessions": "10000", "head_timeout": "10s",
              "register_timeout": "30s", "idle_timeout": "2m", "max_stall": "30s", "session_timeout": "1m"}
    assert {name: defaults.get(name) for name in quoted} == quoted, "docs/gateway.md quotes other limits than the broker has"
