"""docs/operations.md against a running broker: its commands print what the page says."""

import asyncio
import re
import sys

from broker import ROOT
from clients import connect, run, send, update
from running import Gateway, Wire, another_build

sys.path.insert(0, str(ROOT / "tests/integration/docs"))

from pages import blocks  # noqa: E402

PAGE = ROOT / "docs/operations.md"
MASKS = [(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"), (r"\b[0-9a-f]{12}\b", "<hash>"),
         (r"/[\w./-]+", "<file>"), (r"\b\d+[smhd]( \d+[smhd])?\b", "<age>"), (r"\d+(\.\d+)*", "N"),
         (r"N workers?", "N workers"), (r"\(\[::N\]:N|\[::N\]:N", "[::N]:N")]


def commands():
    """What is typed and what is printed, of the page's console blocks: [(words, output), ...]."""
    found = []
    for block in blocks("console", [PAGE]):
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        assert parts[0] == "", "a console block begins with a command"
        found += [tuple(part.split("\n", 1)) for part in parts[1:]]
    return found


def plain(text):
    """Without what differs from run to run, the lines in no order, columns as wide as it comes."""
    for pattern, name in MASKS:
        text = re.sub(pattern, name, text)
    return sorted(re.sub(r" +", " ", line) for line in text.splitlines() if line)


def test_the_commands_print_what_the_page_says(tmp_path):
    pairs = commands()
    assert len(pairs) >= 8

    def look(gateway):
        for line, output in pairs:
            program, *words = line.split()
            assert program == "omnibroker"
            [client, *_] = gateway.result("sessions")["sessions"] or [{}]
            words = [client.get("client_id") if re.fullmatch(MASKS[0][0], word) else word for word in words]
            if words[0] == "plan":  # the file has been edited
                gateway.change(routes={"coordinate_update": {"max_rate": 200}},
                               transports={"realtime": {"ping_interval": "10s"}})
            done = gateway.command(*words, cwd=tmp_path / "build")
            assert plain(done.stdout + done.stderr) == plain(output), f"$ {line}\n{done.stdout}{done.stderr}"

    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        for _ in range(2):
            await connect(gateway.broker.ws_url, "web_ui")
        await send(robot, **update())
        await asyncio.to_thread(look, gateway)

    another_build(tmp_path / "build/new")
    (tmp_path / "build/bad").mkdir()
    with Gateway(tmp_path) as gateway:
        (tmp_path / "build/bad/websocket.so").write_bytes(b"no library")
        run(scenario(gateway))


def test_the_wire_is_as_the_page_says(tmp_path):
    [text] = [block.text for block in blocks("json", [PAGE])]
    request, progress, result, error = text.replace("\n ", " ").splitlines()
    plugin = another_build(tmp_path / "new")
    with Gateway(tmp_path) as gateway, Wire(gateway.socket) as wire:
        run(connect(gateway.broker.ws_url, "web_ui"))
        wire.send(request.replace("/opt/acme/websocket.so", str(plugin)) + "\n")
        answer = wire.read()
        while "progress" in answer:
            assert plain(str(sorted(answer["progress"]))) == ["['moved', 'of']"] and '"moved":' in progress
            answer = wire.read()
        for name in re.findall(r'"(\w+)":', result)[1:]:
            assert name in answer["result"], name
        wire.send('{"command":"rollback","name":"transports.none"}\n')
        assert list(wire.read()["error"]) == re.findall(r'"(\w+)":', error)[1:]
