"""docs/nucleus.md, "A tour": every command against a fresh server prints what the page says. An API token stands for the
password, which would take the server a while to check for each of them."""

import asyncio
import os
import pathlib
import re
import subprocess
import sys

import yaml
from omni import OMNI, TIMEOUT, environment

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/integration" / folder) for folder in (".", "docs", "nucleus")]

from broker import Broker, merged  # noqa: E402
from nucleus import Sows  # noqa: E402
from pages import blocks_of  # noqa: E402

PAGE = ROOT / "docs/nucleus.md"
USER = "omniverse"
# What the page says to differ from run to run.
MASKS = [(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>"), (r"(_ns\":)\d+", r"\1<time>"), (r"\b[0-9a-f]{64}\b", "<hash>"),
         (r"\b[A-Z0-9]{16}\b", "<member>")]


def commands():
    """What is typed and what is printed, of the console blocks behind the heading: [(line, output), ...]."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = lines.index("## A tour") + 1
    end = next(number for number, line in enumerate(lines[begin:], begin) if line.startswith("## "))
    found = []
    for block in blocks_of(PAGE):
        if block.language != "console" or not begin < block.line <= end:
            continue
        parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        assert parts[0] == "", "a console block begins with a command"
        found += [tuple(part.split("\n", 1)) for part in parts[1:]]
    return found


def masked(text):
    for pattern, name in MASKS:
        text = re.sub(pattern, name, text)
    return text.rstrip("\n")


def config(folder):
    """configs/nucleus.yaml on ports that the kernel chooses."""
    base = yaml.safe_load((ROOT / "configs/nucleus.yaml").read_text(encoding="utf-8"))
    return yaml.safe_dump(merged(base, {
        "log": {"format": "json"}, "control": {"socket": "off"},
        "listeners": {name: {"address": "127.0.0.1:0"} for name in base["listeners"]},
        "services": {name: {"data": str(folder / "data")} for name, service in base["services"].items() if "data" in service}}))


async def api_token(port, password):
    async with Sows(f"ws://127.0.0.1:{port}/omni/auth") as auth:
        login = await auth.call("Credentials.auth", username=USER, password=password)
        made = await auth.call("Tokens.create_api_token", access_token=login["access_token"], name="tour")
        return made["api_token"]


class Shell:
    """Types the commands of the page: `omni` is the one under test, and the address that of the server."""

    def __init__(self, folder, port):
        self.server = f"omniverse://127.0.0.1:{port}"
        self.folder = folder / "home"
        self.folder.mkdir()
        password = (folder / "data/first-password").read_text(encoding="utf-8").strip()
        programs = folder / "programs"
        programs.mkdir()
        os.symlink(OMNI, programs / "omni")
        self.environment = environment(folder / "config", OMNI_USER="$omni-api-token",
                                       OMNI_PASS=asyncio.run(api_token(port, password)), PATH=f"{programs}:{os.environ['PATH']}")
        self.behind = None

    def started(self, line, **options):
        line = line.replace("omniverse://localhost", self.server)
        return subprocess.Popen(["bash", "-c", line], cwd=self.folder, env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)

    def type(self, line):
        """What it prints. Of a command behind which `&` stands, the first line; the rest comes with `wait`."""
        if line == "wait":
            printed, _ = self.behind.communicate(timeout=TIMEOUT)
            assert self.behind.returncode == 0, printed
            self.behind = None
        elif line.endswith(" &"):
            self.behind = self.started("exec " + line[:-2])
            printed = self.behind.stdout.readline()
        else:
            printed, _ = self.started(line).communicate(timeout=TIMEOUT)
        return printed.replace(self.server, "omniverse://localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.behind is not None:
            self.behind.kill()
            self.behind.communicate()


def test_the_commands_print_what_the_page_says(tmp_path):
    pairs = commands()
    assert len(pairs) >= 20
    with Broker(config(tmp_path)) as broker, Shell(tmp_path, broker.port_of("web")) as shell:
        for line, output in pairs:
            printed = shell.type(line)
            assert masked(printed) == masked(output), f"$ {line}\n{printed}"
