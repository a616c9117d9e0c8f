"""These tests use the clients of the core's tests and the program of the command line's."""

import pathlib
import resource
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(FOLDER / "cli"), str(FOLDER / "core"), str(FOLDER / "control")]

# A crash is what these tests want, and nobody looks at its core dump.
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
