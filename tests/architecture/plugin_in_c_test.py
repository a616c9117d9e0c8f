"""A plugin in plain C, from abi.h alone, in the broker: it answers `echo_c` to its sender."""

import json
import os
import pathlib

from broker import Broker, gateway_config
from gateway_client import OMNIVERSE, WEB, asynchronous, connected

PLUGINS = pathlib.Path(os.environ.get("OMNIBROKER_BUILD", "")) / "tests/plugins"


def echoing():
    return gateway_config(plugins={"path": [str(PLUGINS)]},
                          routes={"echo_c": {"from": WEB, "to": OMNIVERSE, "handler": "plain_c"}})


@asynchronous
async def test_a_message_comes_back_to_its_sender_and_goes_to_nobody_else():
    message = json.dumps({"type": "echo_c", "text": "안녕", "number": 1.50})
    with Broker(echoing()) as broker:
        async with connected(broker, WEB, OMNIVERSE) as (browser, robot):
            await browser.send(message)
            assert await browser.receive() == message

            await browser.send(json.dumps({"type": "select_object", "prim_path": "/World"}))
            assert json.loads(await robot.receive())["type"] == "select_object"


@asynchronous
async def test_the_routes_rules_hold_for_it():
    with Broker(echoing()) as broker:
        async with connected(broker, OMNIVERSE) as robot:
            assert await robot.refused('{"type":"echo_c"}') == ("UNAUTHORIZED", "Only Web UI can send echoes")
