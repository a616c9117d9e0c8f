"""Gateways for the tests of one file. Tests that need another one start their own."""

import pytest

from broker import Broker, gateway_config


@pytest.fixture(scope="module")
def gateway():
    """As configs/gateway.yaml has it: for tests that send no coordinates, which it would remember."""
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def plain_gateway():
    """Without last values, so that a client that registers hears nothing of the test before."""
    with Broker(gateway_config(routes={"coordinate_update": {"latest_by": None, "slow_clients": None}})) as broker:
        yield broker
