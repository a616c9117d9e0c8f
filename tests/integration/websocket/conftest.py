"""Which transport is tested: the component type named by OMNIBROKER_WEBSOCKET_PLUGIN, `websocket` where it is not set.

Another implementation of the protocol passes the same suite: its options must have the same names.
"""

import contextlib
import os
import pathlib
import sys

import pytest

from broker import Broker, gateway_config

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "gateway"))  # the browser

PLUGIN = os.environ.get("OMNIBROKER_WEBSOCKET_PLUGIN", "websocket")


def websocket_broker(options=None, **changes):
    """A broker whose WebSocket transport has these options; `changes` as of gateway_config."""
    realtime = {"plugin": PLUGIN, **(options or {})}
    return Broker(gateway_config(**{"transports": {"realtime": realtime}, **changes}))


@pytest.fixture(scope="session")
def broker():
    """The one broker that most cases share: none of them may disturb another."""
    with websocket_broker() as running:
        yield running


@pytest.fixture
def stopping():
    """A broker that the test itself stops."""
    with websocket_broker() as running:
        yield running


@pytest.fixture(scope="session")
def special():
    """`special(options, **changes)`: a broker of its own kind, kept for those that ask for the same."""
    with contextlib.ExitStack() as stack:
        kept = {}

        def get(options=None, **changes):
            key = repr((options, changes))
            if key not in kept:
                kept[key] = stack.enter_context(websocket_broker(options, **changes))
            return kept[key]

        yield get


def pytest_terminal_summary(terminalreporter):
    count = sum(len(terminalreporter.stats.get(outcome, [])) for outcome in ("passed", "failed"))
    failed = len(terminalreporter.stats.get("failed", []))
    terminalreporter.write_line(f"WebSocket cases ({PLUGIN}): {count} run, {failed} failed")
