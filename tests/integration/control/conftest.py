"""These tests share the program of the command line's tests, and the clients of the core's."""

import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(FOLDER / "cli"), str(FOLDER / "core")]
