"""The program as a person or a script calls it: with words, on a pipe or on a terminal."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal as signals
import struct
import subprocess
import termios
import threading
import time

import yaml
from broker import ROOT, executable

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
COMMANDS = ["run", "check", "status", "sessions", "generations", "swap", "rollback", "drain", "disconnect", "log-level",
            "crashes", "plugins", "describe", "schema", "sim", "listen", "bench", "nucleus", "version"]


def plugin_folder():
    """The plugins that were built with the program under test."""
    return pathlib.Path(executable()).resolve().parent.parent / "plugins"


class _Yaml12(yaml.SafeLoader):
    """As the broker and editors read: only true and false are booleans, `off` is a word."""


_Yaml12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def load_yaml(text):
    return yaml.load(text, Loader=_Yaml12)


def environment(changes=None):
    result = {**os.environ, **(changes or {})}
    return {name: value for name, value in result.items() if value is not None}


def omnibroker(*words, env=None, stdin=None, timeout=60, cwd=None):
    """Runs the program to its end, and answers its status, standard output and standard error (both text)."""
    return subprocess.run([executable(), *map(str, words)], env=environment(env), input=stdin, capture_output=True,
                          text=True, timeout=timeout, cwd=cwd, check=False)


class Running:
    """The program while it runs, with its lines as facts to wait for."""

    def __init__(self, *words, stdin=subprocess.DEVNULL, env=None, cwd=None):
        self.process = subprocess.Popen([executable(), *map(str, words)], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment(env), cwd=cwd, text=True)
        self.lines = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(timeout=5)
        self.process.stdout.close()
        if self.process.stdin:
            self.process.stdin.close()

    def text(self):
        with self._changed:
            return "\n".join(self.lines)

    def wait_for(self, pattern, timeout=20, count=1):
        """Waits for the `count`th line that matches `pattern`, and answers the match."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [match for match in (re.search(pattern, line) for line in self.lines) if match]
                if len(found) >= count:
                    return found[count - 1]
                left = deadline - time.monotonic()
                assert left > 0 and (self._reader.is_alive() or self.process.poll() is None), \
                    f"{pattern!r} did not come; what came:\n" + "\n".join(self.lines)
                self._changed.wait(min(left, 0.2))

    def type(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def stop(self, signal=signals.SIGINT, timeout=20):
        self.process.send_signal(signal)
        return self.wait(timeout)

    def wait(self, timeout=20):
        status = self.process.wait(timeout)
        self._reader.join(timeout=5)
        return status


class Terminal:
    """The program on a terminal of its own: standard input, output and error are all one."""

    def __init__(self, *words, env=None, rows=30, columns=120):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        settings = environment({"TERM": "xterm-256color", "NO_COLOR": None, **(env or {})})
        self.process = subprocess.Popen([executable(), *map(str, words)], stdin=slave, stdout=slave, stderr=slave,
                                        env=settings, start_new_session=True, close_fds=True,
                                        # its controlling terminal, so that Ctrl-C becomes a signal
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def _read_some(self, timeout):
        ready, _, _ = select.select([self.master], [], [], timeout)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side is closed
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, pattern, timeout=20):
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            left = deadline - time.monotonic()
            assert left > 0, f"{pattern!r} did not come; what came:\n{self.text!r}"
            if not self._read_some(min(left, 0.2)):
                assert re.search(pattern, self.text), f"{pattern!r} did not come; what came:\n{self.text!r}"
        return re.search(pattern, self.text)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, timeout=20):
        """Reads to the end, and answers the exit status."""
        deadline = time.monotonic() + timeout
        while self._read_some(0.2):
            assert time.monotonic() < deadline, f"it did not end; what came:\n{self.text!r}"
        return self.process.wait(max(0.1, deadline - time.monotonic()))
