"""These tests share the clients of the core's tests and of HTTP's; see ../core/clients.py and ../http/rest_client.py."""

import pathlib
import sys

for folder in ("core", "http"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))
