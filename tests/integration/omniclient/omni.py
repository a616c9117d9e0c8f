"""Runs `omni`, and what it prints."""

import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from broker import executable  # noqa: E402

OMNI = pathlib.Path(executable()).resolve().parent / "omni"
TIMEOUT = 120


class Done:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def objects(self):
        return [json.loads(line) for line in self.out.splitlines()]


def environment(folder, **more):
    """Settings of its own, and no proxy."""
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    return {**os.environ, "XDG_CONFIG_HOME": str(folder), "no_proxy": "127.0.0.1,localhost", **more}


class Omni:
    """`omni` in one folder, in which relative paths are."""

    def __init__(self, folder, **more):
        self.folder = pathlib.Path(folder)
        self.environment = environment(self.folder / "config", **more)

    def __call__(self, *words, stdin=None, text=True):
        return Done(subprocess.run([OMNI, *map(str, words)], cwd=self.folder, env=self.environment, input=stdin,
                                   stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True, text=text,
                                   timeout=TIMEOUT, check=False))

    def ok(self, *words, **options):
        """What was printed, without its last line end."""
        done = self(*words, **options)
        assert done.status == 0, done.err
        return done.out.rstrip("\n")

    def fails(self, *words, **options):
        """What the complaint says."""
        done = self(*words, **options)
        assert done.status == 1, done.out
        return done.err

    def begin(self, *words, stdin=False):
        return Running(self, words, stdin)


class Running:
    """One that goes on until it ends or is interrupted."""

    def __init__(self, omni, words, stdin):
        self.process = subprocess.Popen([OMNI, *map(str, words)], cwd=omni.folder, env=omni.environment,
                                        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self):
        """The next one it prints."""
        return self.process.stdout.readline().rstrip("\n")

    def error(self):
        """The next line it complains with."""
        return self.process.stderr.readline().rstrip("\n")

    def rest(self):
        """What else it prints, and its exit status."""
        out, _ = self.process.communicate(timeout=TIMEOUT)
        return out.splitlines(), self.process.returncode

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        return self.rest()
