"""Brokers that crash because they are told to, and the reports that they leave."""

import asyncio
import functools
import hashlib
import os
import pathlib
import re
import shutil
import signal as signals
import subprocess

from broker import Broker, executable, gateway_config, merged
from clients import connect, run, send

PLUGINS = pathlib.Path(os.environ.get("OMNIBROKER_TEST_PLUGINS") or
                       pathlib.Path(executable()).resolve().parent.parent / "tests/plugins")
LIBRARY = PLUGINS / "crashing.so"
CRASHES = {"null": "SIGSEGV", "call_null": "SIGSEGV", "abort": "SIGABRT", "overflow": "SIGSEGV", "illegal": "SIGILL",
           "timer": "SIGSEGV", "blocking": "SIGSEGV"}


@functools.cache
def sanitizer():
    """`asan`, `tsan` or None, by what the program under test is linked with."""
    needed = subprocess.run(["readelf", "-d", executable()], capture_output=True, text=True, check=True).stdout
    return next((name for name in ("asan", "tsan") if f"lib{name}.so" in needed), None)


def assert_ended_by(broker, name):
    """It ended by this signal, or as a sanitizer ends a process that gets it: with a report of its own."""
    status = broker.wait()
    if sanitizer() and name in ("SIGSEGV", "SIGBUS", "SIGFPE"):  # the others it leaves to the system
        kind = {"asan": "AddressSanitizer", "tsan": "ThreadSanitizer"}[sanitizer()]
        assert kind in broker.log_text(), broker.log_text()
        assert status != 0
    else:
        assert status == -getattr(signals, name), broker.log_text()


class CrashingBroker(Broker):
    """One that may end by a signal, with a sanitizer's report in its log."""

    def _complaint(self, ended_before, forced, status):
        return None if self._ended_by_test and not forced else super()._complaint(ended_before, forced, status)


def config(folder, library=LIBRARY, handler=None, filters=None, **changes):
    """The gateway with one more message type, `crash`, whose handler does what the message asks for."""
    route = {"from": "web_ui", "handler": {"plugin": str(library) if library != LIBRARY else "crashing", **(handler or {})}}
    if filters:
        route["filters"] = filters
    base = {"plugins": {"path": [str(PLUGINS)]}, "routes": {"crash": route}, "crashes": {"folder": str(folder)}}
    return gateway_config(**merged(base, changes))


def tell(broker, how, **more):
    """Sends the message that makes it crash, from a registered client."""
    async def scenario():
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="crash", how=how, **more)
        if how not in ("throw", "hang"):
            await asyncio.wait_for(web.wait_closed(), 60)

    run(scenario(), timeout=90)


def crash(folder, how="null", **options):
    """Runs a broker that crashes in its handler."""
    with CrashingBroker(config(folder, **options)) as broker:
        tell(broker, how)
        assert_ended_by(broker, CRASHES[how])


class Report:
    """A report as a person reads it: what stands behind each word, and the lines below `stack` and `libraries`."""

    def __init__(self, file):
        self.file = file
        self.text = file.read_text(encoding="utf-8")
        title, *lines = self.text.splitlines()
        assert title == "omnibroker crash report 1"
        self.head, self.parts, at = {}, {}, None
        for line in lines:
            if line in ("stack", "libraries", "on the stack", "end"):
                at = line
                self.parts[at] = []
            elif at is None:
                word, _, rest = line.partition(" ")
                self.head[word] = rest.strip()
            else:
                self.parts[at].append(line.strip())

    def __getitem__(self, word):
        return self.head[word]


def reports(folder):
    return [Report(file) for file in sorted(pathlib.Path(folder).glob("*.crash"))]


def only_report(folder):
    [report] = reports(folder)
    return report


def sha256(file):
    return hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest()


def build_id(file):
    """As binutils read it."""
    notes = subprocess.run(["readelf", "-n", str(file)], capture_output=True, text=True, check=True).stdout
    return re.search(r"Build ID: ([0-9a-f]+)", notes).group(1)


def private_folder(path):
    path.mkdir(mode=0o700)
    return path


def forge(folder, time, plugin="crashing", library=LIBRARY, process=1):
    """A report as a crash at this time would have left it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    compact = time.replace("-", "").replace(":", "")
    file = folder / f"{compact}-{process}.crash"
    file.write_text(f"omnibroker crash report 1\ntime        {time}\nsignal      SIGSEGV, address 0x0\n"
                    f"process     {process}\ncomponent   handlers.crash\ngeneration  -\ncall        handle\n"
                    f"plugin      {plugin}\nsha256      {sha256(library)}\nbuild-id    -\n", encoding="utf-8")
    return file


def another_build(folder, library=LIBRARY):
    """A copy of the library with other contents: what follows the tables of an ELF file is nobody's business."""
    copy = pathlib.Path(folder) / library.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(library, copy)
    with copy.open("ab") as file:
        file.write(b"another build")
    return copy
