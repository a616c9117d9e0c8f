"""Gateways for the tests of one file. Tests that need other options start their own."""

import pytest

from broker import Broker, gateway_config

# Tests of one file share a gateway, so a position that one has sent must not greet the web client of the next.
FORGETFUL = {"coordinate_update": {"latest_by": None, "slow_clients": None}}


@pytest.fixture(scope="module")
def gateway():
    with Broker(gateway_config(routes=FORGETFUL)) as broker:
        yield broker
