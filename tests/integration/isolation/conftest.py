"""These tests share the clients of other folders: ../core/clients.py, ../http/rest_client.py, ../swap/control.py."""

import pathlib
import sys

for folder in ("core", "http", "swap"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))
