"""Whole changes of the configuration under live traffic: nobody is cut off, nothing is lost, doubled or out of order."""

import os
import pathlib
import time

import yaml

from broker import executable
from clients import Broker
from control import Control, builds
from swap_test import both_ways, config, nothing_happened

ROUNDS = int(os.environ.get("OMNIBROKER_APPLIES", "20"))
MAPS = 200
PLUGINS = pathlib.Path(executable()).parents[1] / "plugins"
TEST_PLUGINS = pathlib.Path(os.environ["OMNIBROKER_TEST_PLUGINS"])


def changes(folder):
    """One after the other: what a team changes in a year, each from what the one before has left."""
    select, other = builds(folder, PLUGINS / "select_object.so")
    filtered = {"plugin": f"{TEST_PLUGINS / 'parts.so'}:only_where", "field": "type", "values": ["coordinate_update"]}
    return [
        {},
        {"coordinate_update": {"flush_interval": "2ms", "latest_max": 50}},
        {"limits": {"max_message": "128KiB"}},
        {"transports": {"realtime": {"plugin": "websocket_beast"}}},
        {"routes": {"select_object": {"handler": str(select), "ack": False}}},
        {"routes": {"select_object": {"handler": str(other), "ack": False}}},
        {"coordinate_update": {"filters": [filtered]}},
        {"coordinate_update": {"filters": [filtered], "latest_by": "metadata"}},
        {"transports": {"realtime": {"path": "/elsewhere", "ping_interval": "7s"}}},
        {"routes": {"more": {"from": "web_ui", "to": "web_ui", "handler": "select_object"}}},
        {"transports": {"second": {"plugin": "websocket", "listener": "public", "path": "/second"}}},
    ]


def config_of(folder, change):
    """`change` over what every one of them has."""
    change = dict(change)
    routes = change.pop("routes", {})
    whole = yaml.safe_load(config(folder, coordinate_update=change.pop("coordinate_update", {}),
                                  limits=change.pop("limits", {}), **change))
    for name, route in routes.items():
        whole["routes"][name] = {**whole["routes"].get(name, {}), **route}
    return yaml.safe_dump(whole, sort_keys=False)


def test_clients_do_not_notice_that_the_configuration_changes(tmp_path):
    variants = changes(tmp_path)
    with Broker(config(tmp_path)) as broker, both_ways(broker, MAPS, 20, ROUNDS * 0.75) as process:
        control = Control(tmp_path / "control.sock")
        rounds = moved = 0
        while process.poll() is None or rounds < len(variants):  # a slow broker comes to some when the clients have left
            variant = variants[rounds % len(variants)]
            pathlib.Path(broker.config_file).write_text(config_of(tmp_path, variant), encoding="utf-8")
            report = control.ask("apply")
            if rounds > 0:
                assert report["steps"], (rounds, variant)
            assert all(swap["staying"] == 0 for swap in report["swaps"]), report
            moved += sum(swap["moved"] for swap in report["swaps"])
            rounds += 1
            assert control.ask("plan")["steps"] == []
            time.sleep(0.5)
        nothing_happened(process)
        print(f"{rounds} changes, {moved} connections moved")
        assert moved >= MAPS
