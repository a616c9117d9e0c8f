"""These tests share the clients of the core's tests; see ../core/clients.py."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "core"))
