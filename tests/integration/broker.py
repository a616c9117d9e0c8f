"""The built broker as a test fixture: a real process on ports that the kernel chose.

    from broker import Broker, gateway_config

    def test_something():
        with Broker() as broker:                                    # configs/gateway.yaml, JSON log, port 0
            broker.port, broker.ws_url, broker.http_url, broker.pid
            broker.wait_for_log("Client registered", role="web_ui")

    with Broker(gateway_config(limits={"max_message": "1KiB"})) as broker: ...
    with Broker(serving=False, config_text="nonsense: 1") as broker:    # one that is expected not to start
        assert broker.wait() == 1

Leaving the block ends the process by SIGTERM and fails the test, with the whole log, if the process had died before, does
not leave with 0 in time, or printed a sanitizer's report. A test that ends the broker itself (`stop`) judges the exit status
itself. The program is the one that the environment variable OMNIBROKER_BIN names.
"""

import json
import os
import pathlib
import re
import signal as signals
import socket
import subprocess
import tempfile
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

START_TIMEOUT = 30.0  # seconds; generous, because a sanitizer on a busy machine is slow
STOP_TIMEOUT = 30.0
LOG_TIMEOUT = 15.0

_SANITIZER_REPORT = re.compile(
    r"(ERROR|WARNING): (Address|Leak|Thread|Memory)Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")


class BrokerFailure(AssertionError):
    """The broker did something that no test expects; the message ends with its log."""


def executable():
    """The program under test."""
    return os.environ.get("OMNIBROKER_BIN") or str(ROOT / "build/release/bin/omnibroker")


def merged(base, changes):
    """`base` with `changes` laid over it: maps are merged, None removes a key, everything else replaces."""
    result = dict(base)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def gateway_config(**changes):
    """configs/gateway.yaml on ports that the kernel chooses, logging JSON lines, with `changes` laid over it (`merged`).

    With the environment variable OMNIBROKER_TEST_ISOLATED, which lists message types, their handlers run isolated."""
    base = yaml.safe_load((ROOT / "configs/gateway.yaml").read_text(encoding="utf-8"))
    # How far behind a client may be is a test's to say: on a loaded machine one that reads may be two seconds behind.
    base = merged(base, {"listeners": {"public": {"address": "localhost:0"}}, "log": {"format": "json"},
                         "routes": {"coordinate_update": {"max_lag": "off"}}})
    for message_type in os.environ.get("OMNIBROKER_TEST_ISOLATED", "").split():
        route = base["routes"][message_type]
        route["handler"] = {"plugin": route["handler"], "isolation": "process"}
    return yaml.safe_dump(merged(base, changes), sort_keys=False, allow_unicode=True)


class LogLine:
    """One line of the broker's standard error. `fields` is the whole JSON object; `sentence` is None for other text."""

    def __init__(self, text):
        self.text = text
        self.fields = {}
        try:
            parsed = json.loads(text)
            if isinstance(parsed, dict):
                self.fields = parsed
        except ValueError:
            pass
        self.sentence = self.fields.get("sentence")
        self.level = self.fields.get("level")
        self.component = self.fields.get("component")

    def matches(self, sentence, fields):
        if self.sentence != sentence:
            return False
        return all(str(self.fields.get(key)) == str(value) for key, value in fields.items())

    def __getitem__(self, key):
        return self.fields[key]

    def __repr__(self):
        return self.text


class Broker:
    """Runs `omnibroker run FILE`; see the module's text. Not for use by several threads at once."""

    def __init__(self, config_text=None, args=(), env=None, serving=True):
        """`config_text`: the configuration, `gateway_config()` by default. `args`: more words behind the file. `env`: more
        variables; None as a value takes one away. `serving=False`: do not wait until it serves."""
        self.config_text = gateway_config() if config_text is None else config_text
        self.args = list(args)
        self.env = dict(env or {})
        self.serving = serving
        self.process = None
        self.folder = None
        self._lines = []
        self._output = []
        self._changed = threading.Condition()
        self._readers = []
        self._ended_by_test = False

    # ------------------------------------------------------------------------------------------------- the process's life

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="omnibroker-test-")
        self.config_file = os.path.join(self.folder.name, "broker.yaml")
        with open(self.config_file, "w", encoding="utf-8") as file:
            file.write(self.config_text)
        # What one broker leaves behind when it crashes is not the next one's, nor the user's.
        environment = {**os.environ, "XDG_STATE_HOME": os.path.join(self.folder.name, "state"), "STATE_DIRECTORY": "",
                       **self.env}
        environment = {name: value for name, value in environment.items() if value is not None}
        try:
            self.process = subprocess.Popen(
                [executable(), "run", self.config_file, *self.args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=environment, cwd=self.folder.name)
        except OSError as error:
            self.folder.cleanup()
            raise BrokerFailure(f"cannot start {executable()}: {error}") from error
        self._readers = [threading.Thread(target=self._read, args=(self.process.stderr, self._take_line), daemon=True),
                         threading.Thread(target=self._read, args=(self.process.stdout, self._output.append), daemon=True)]
        for reader in self._readers:
            reader.start()
        if self.serving:
            try:
                self.wait_for_log("Serving", timeout=START_TIMEOUT)
            except BaseException:
                self._end()
                raise
        return self

    def __exit__(self, kind, error, traceback):
        ended_before = self.process.poll() is not None
        forced = False
        if not ended_before:
            self.process.send_signal(signals.SIGTERM)
            forced = not self._exited_within(STOP_TIMEOUT)
        status = self._end()
        complaint = self._complaint(ended_before, forced, status)
        if error is not None:
            error.add_note(f"the broker's log:\n{self.log_text()}")
            if complaint:
                error.add_note(f"moreover: {complaint}")
        elif complaint:
            raise BrokerFailure(f"{complaint}; its log:\n{self.log_text()}")
        return False

    def _complaint(self, ended_before, forced, status):
        if _SANITIZER_REPORT.search(self.log_text()):
            return "a sanitizer reported a fault"
        if forced:
            return f"the broker did not end within {STOP_TIMEOUT:g} s of SIGTERM"
        if self._ended_by_test or not self.serving:
            if status < 0 and not self._ended_by_test:
                return f"the broker was ended by signal {-status}"
            return None
        if ended_before:
            return f"the broker ended by itself with status {status}"
        if status != 0:
            return f"the broker left with status {status} after SIGTERM"
        return None

    def stop(self, signal=signals.SIGTERM, timeout=STOP_TIMEOUT):
        """Sends `signal` and answers the exit status (negative: the number of the signal that ended it)."""
        self.signal(signal)
        return self.wait(timeout)

    def signal(self, signal):
        """Sends a signal without waiting."""
        self._ended_by_test = True
        self.process.send_signal(signal)

    def wait(self, timeout=STOP_TIMEOUT):
        """Waits until the process has ended, and answers its exit status."""
        self._ended_by_test = True
        if not self._exited_within(timeout):
            raise BrokerFailure(f"the broker did not end within {timeout:g} s; its log:\n{self.log_text()}")
        for reader in self._readers:
            reader.join(timeout=5)
        return self.process.returncode

    def alive(self):
        return self.process.poll() is None

    def _exited_within(self, timeout):
        try:
            self.process.wait(timeout)
            return True
        except subprocess.TimeoutExpired:
            return False

    def _end(self):
        """Makes sure that nothing is left: no process, no thread, no file."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(timeout=5)
        self.process.stdout.close()
        self.process.stderr.close()
        self.folder.cleanup()
        return self.process.returncode

    # -------------------------------------------------------------------------------------------------------------- the log

    def _read(self, stream, take):
        for line in stream:
            take(line.decode("utf-8", "replace").rstrip("\n"))
        with self._changed:
            self._changed.notify_all()

    def _take_line(self, text):
        with self._changed:
            self._lines.append(LogLine(text))
            self._changed.notify_all()

    @property
    def log(self):
        """The log so far, as a list of LogLine."""
        with self._changed:
            return list(self._lines)

    @property
    def output(self):
        """What it printed on standard output so far, as a list of lines."""
        return list(self._output)

    def log_text(self):
        return "\n".join(line.text for line in self.log)

    def find_log(self, sentence, **fields):
        """The lines so far with this sentence and these fields."""
        return [line for line in self.log if line.matches(sentence, fields)]

    def wait_for_log(self, sentence, timeout=LOG_TIMEOUT, count=1, **fields):
        """Waits for the `count`th line with this sentence and these fields, and answers it."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [line for line in self._lines if line.matches(sentence, fields)]
                if len(found) >= count:
                    return found[count - 1]
                if not any(reader.is_alive() for reader in self._readers):
                    break
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, 0.2))
        reason = "did not say" if self.alive() else f"ended (status {self.process.poll()}) without saying"
        raise BrokerFailure(f"the broker {reason} {sentence!r} {fields or ''} within {timeout:g} s; its log:\n{self.log_text()}")

    # ------------------------------------------------------------------------------------------------------ where it listens

    @property
    def pid(self):
        return self.process.pid

    def addresses(self, listener=None):
        """What it listens on, as logged: `127.0.0.1:40123`, `[::1]:40123`, `unix:/run/x.sock`."""
        return [line["address"] for line in self.find_log("Listening")
                if listener is None or line.fields.get("listener") == listener]

    def port_of(self, listener):
        """The TCP port of a listener."""
        for address in self.addresses(listener):
            if not address.startswith("unix:"):
                return int(address.rsplit(":", 1)[1])
        raise BrokerFailure(f"no TCP listener {listener!r} in {self.addresses()}; its log:\n{self.log_text()}")

    @property
    def port(self):
        """The port of the first TCP listener, on IPv4's loopback."""
        return self.port_of(None)

    @property
    def ws_url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def http_url(self):
        return f"http://127.0.0.1:{self.port}"

    def connect(self, timeout=10):
        """A plain TCP connection to it, for tests that speak bytes."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)
