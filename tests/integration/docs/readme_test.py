"""README.md against the program: what `tools/run` prints, the three terminals, the commands."""

import contextlib
import re
import subprocess
import threading

from broker import ROOT, Broker, executable
from pages import blocks

PAGE = ROOT / "README.md"
TIMEOUT = 20


def shown(containing, language=""):
    found = [block.text for block in blocks(language, [PAGE]) if containing in block.text]
    assert len(found) == 1, f"{len(found)} blocks with {containing!r}"
    return found[0]


def test_tools_run_prints_what_the_readme_shows():
    with Broker() as broker:
        broker_port = broker.port
        assert broker.stop() == 0  # then everything that it printed has been read
        printed = "\n".join(broker.output).strip("\n") + "\n"
    printed = printed.replace(f" --url ws://localhost:{broker_port}/ws", "")  # left out where it is the usual one
    printed = printed.replace(f"localhost:{broker_port}", "localhost:8000")
    printed = re.sub(r"\S*bin/omnibroker", "build/release/bin/omnibroker", printed)
    assert printed == shown("is serving (Ctrl-C stops it)")


def test_the_health_is_what_the_readme_shows():
    (command, output), = [block.text.split("\n", 1) for block in blocks("console", [PAGE])]
    assert command == "$ curl -s localhost:8000/api/health"
    with Broker() as broker:
        done = subprocess.run(["curl", "-s", f"localhost:{broker.port}/api/health"], capture_output=True, text=True,
                              timeout=TIMEOUT, check=True)
    assert done.stdout == output.rstrip("\n")


@contextlib.contextmanager
def terminal(command, broker):
    """A command of the README, with this build's program and this broker's port."""
    words = command.split("#")[0].split()
    assert words[0] == "build/release/bin/omnibroker", command
    process = subprocess.Popen([executable(), *words[1:], "--url", broker.ws_url], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(TIMEOUT, process.kill)  # so that a line that never comes ends the wait
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def line_with(process, text):
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"the program ended without saying {text!r}")


def test_the_three_terminals_do_what_the_readme_says():
    run, listen, sim = shown("omnibroker listen", "sh").splitlines()
    assert run.startswith("tools/run ")
    with Broker() as broker, terminal(listen, broker) as web, terminal(sim, broker) as fleet:
        line_with(web, "/World/Husky_03")  # it moves
        web.stdin.write("/World/Husky_03\n")
        web.stdin.flush()
        assert line_with(fleet, "Selected") == "Selected: /World/Husky_03\n"


def test_what_the_readme_runs_is_there():
    for block in blocks("sh", [PAGE]):
        for line in block.text.splitlines():
            word = line.split()[0]
            assert (ROOT / word).is_file() or word.startswith("build/release/"), line
    assert (ROOT / re.search(r"`(tools/new-plugin/\S+) ", PAGE.read_text(encoding="utf-8")).group(1)).is_file()
