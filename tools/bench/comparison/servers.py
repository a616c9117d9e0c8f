"""The servers that are compared, each as a context manager: a process of its own, on a free port of the loopback, on cores
of its own. `url` is where its WebSocket listens, `pid` whose CPU and memory are measured."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
START_TIMEOUT = 30.0


class Missing(Exception):
    """A server that is not installed or not built; the message says what to do."""


def first_line(*command):
    """What a program says of its version; empty where it says nothing."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        output = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        return (output.stdout or output.stderr).strip().split("\n")[0]
    return ""


def before_all_others():
    """Runs in a child before it becomes a server or the generator: nothing of ordinary priority interrupts it."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


class Server:
    """One server from start to end. Subclasses say what is started (`command`) and how its address is learnt (`find_url`)."""

    dialect = "gateway"
    environment = {}
    first_in_line = False  # of all servers, and of the generator

    def __init__(self, cores):
        self.cores = ",".join(map(str, cores))
        self.folder = None
        self.process = None
        self.url = None

    def command(self):
        raise NotImplementedError

    def find_url(self):
        """The first line of standard output that holds a WebSocket URL."""
        for text in self.process.stdout:
            if "ws://" in text:
                return text.strip()
        return None

    @staticmethod
    def precedence():
        """More arguments for Popen."""
        return {"preexec_fn": before_all_others} if Server.first_in_line else {}

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return pathlib.Path(self.folder.name, "stderr").read_text(encoding="utf-8", errors="replace")

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="omnibroker-compare-")
        try:
            command = [str(word) for word in self.command()]
            if shutil.which(command[0]) is None:
                raise Missing(f"{command[0]} is not there; tools/setup installs what the comparison needs")
            with open(os.path.join(self.folder.name, "stderr"), "w", encoding="utf-8") as errors:
                # taskset becomes the server: the process number stays
                self.process = subprocess.Popen(
                    ["taskset", "-c", self.cores, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=errors, text=True, env={**os.environ, **self.environment}, **self.precedence())
            watchdog = threading.Timer(START_TIMEOUT, self.process.kill)
            watchdog.start()
            self.url = self.find_url()
            watchdog.cancel()
            if self.url is None:
                raise Missing(f"{command[0]} did not start:\n{self.log()}")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *error):
        self.end()

    def end(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
        self.folder.cleanup()


class Omnibroker(Server):
    def __init__(self, cores, build, workers=1, flush_interval="off"):
        super().__init__(cores)
        self.build, self.workers, self.flush_interval = pathlib.Path(build), workers, flush_interval

    def command(self):
        program = self.build / "bin/omnibroker"
        if not program.exists():
            raise Missing(f"{program} is not built: cmake --preset bench && cmake --build build/bench")
        text = (HERE / "broker.yaml.in").read_text(encoding="utf-8")
        text = text.replace("@WORKERS@", str(self.workers)).replace("@FLUSH_INTERVAL@", self.flush_interval)
        config = pathlib.Path(self.folder.name, "broker.yaml")
        config.write_text(text, encoding="utf-8")
        return [program, "run", config]

    def version(self):
        return first_line(str(self.build / "bin/omnibroker"), "version")


class Nats(Server):
    dialect = "nats"

    def command(self):
        config = pathlib.Path(self.folder.name, "nats.conf")
        config.write_text('listen: "127.0.0.1:-1"\nwebsocket { listen: "127.0.0.1:-1", no_tls: true }\n'
                          f'max_connections: 1000000\nports_file_dir: "{self.folder.name}"\n', encoding="utf-8")
        return ["nats-server", "-c", config]

    def find_url(self):
        while self.process.poll() is None:
            for file in pathlib.Path(self.folder.name).glob("*.ports"):
                with contextlib.suppress(ValueError, KeyError):  # half written
                    return json.loads(file.read_text(encoding="utf-8"))["websocket"][0]
            time.sleep(0.01)
        return None

    def version(self):
        return first_line("nats-server", "--version")


class Ws(Server):
    """Node's ws: Debian keeps the package where its Node looks by itself, other Nodes are told."""

    environment = {"NODE_PATH": os.environ.get("NODE_PATH", "/usr/share/nodejs")}

    def command(self):
        return ["node", HERE / "peers/ws_server.js"]

    def version(self):
        package = "console.log('ws ' + require('ws/package.json').version + ' on Node ' + process.version)"
        with contextlib.suppress(OSError):
            return subprocess.run(["node", "-e", package], capture_output=True, text=True, check=False,
                                  env={**os.environ, **self.environment}).stdout.strip()
        return ""


class Websockets(Server):
    def command(self):
        return ["/usr/bin/python3", HERE / "peers/websockets_server.py"]

    def version(self):
        text = "import sys, websockets; print('websockets', websockets.__version__, 'on Python', sys.version.split()[0])"
        return first_line("/usr/bin/python3", "-c", text)


class BareSends(Server):
    """No server at all: the same bytes by one send for each message and client. `rate` 0: the kernel's limit."""

    dialect = "repeater"

    def __init__(self, cores, build, rate=0):
        super().__init__(cores)
        self.build, self.rate = pathlib.Path(build), rate

    def command(self):
        program = self.build / "bin/omnibroker_bare_sends"
        if not program.exists():
            raise Missing(f"{program} is not built: cmake --build build/bench --target omnibroker_bare_sends")
        return [program, "--rate", self.rate]

    def version(self):
        return "a send loop of this tree"


class Start:
    """How long `omnibroker run configs/gateway.yaml` takes until its health can be asked; on another port."""

    def __init__(self, cores, build, port):
        self.cores, self.port = ",".join(map(str, cores)), port
        self.program = pathlib.Path(build) / "bin/omnibroker"

    def milliseconds(self):
        config = (ROOT / "configs/gateway.yaml").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory(prefix="omnibroker-compare-") as folder:
            file = pathlib.Path(folder, "gateway.yaml")
            file.write_text(config.replace("localhost:8000", f"127.0.0.1:{self.port}"), encoding="utf-8")
            begun = time.monotonic()
            process = subprocess.Popen(["taskset", "-c", self.cores, str(self.program), "run", str(file)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                while time.monotonic() - begun < START_TIMEOUT:
                    with contextlib.suppress(OSError):
                        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/health", timeout=5) as answer:
                            assert answer.status == 200
                            return (time.monotonic() - begun) * 1000
                    if process.poll() is not None:
                        break
                    time.sleep(0.0005)
                raise Missing(f"omnibroker did not serve {file.name} (status {process.poll()})")
            finally:
                process.terminate()
                process.wait(30)
