"""Subscriptions of a session over HTTP: POST says them, the event stream follows them."""

import json
import pathlib
import sys

import pytest

from broker import Broker
from map_client import config

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))

from rest_client import OMNIVERSE, Session, coordinate  # noqa: E402  (its folder is put on the path above)


@pytest.fixture
def gateway():
    with Broker(config()) as broker:
        yield broker


def asked(session, **message):
    """The answer to a message of the session."""
    return session.send(json.dumps(message))


def acked(session, **message):
    answer = asked(session, **message)
    assert answer.status == 200 and answer.json() == {"type": "ack", "original_type": message["type"], "status": "success"}


def until(events, prim_path):
    seen = []
    while (message := events.message())["prim_path"] != prim_path:
        seen.append(message["prim_path"])
    return seen


def test_the_stream_follows_what_is_posted(gateway):
    robot, web = Session(gateway, OMNIVERSE), Session(gateway)
    with web.events() as events:
        acked(web, type="subscribe", message_type="coordinate_update", prim_path="/World/*")
        for key in ["/World/a", "/Other", "/World/end"]:
            assert robot.send(coordinate(key)).status == 200
        assert until(events, "/World/end") == ["/World/a"]

        acked(web, type="subscribe", id="other", message_type="coordinate_update", prim_path="/Other")
        acked(web, type="unsubscribe")
        for key in ["/World/a", "/Other"]:
            assert robot.send(coordinate(key)).status == 200
        assert events.message()["prim_path"] == "/Other", "the latest of what is new"
        assert events.message()["prim_path"] == "/Other"


def test_a_subscription_outlives_the_stream(gateway):
    robot, web = Session(gateway, OMNIVERSE), Session(gateway)
    with web.events():
        acked(web, type="subscribe", message_type="coordinate_update", prim_path="/World/*")
    for key in ["/Other", "/World/end"]:
        assert robot.send(coordinate(key)).status == 200

    with web.events() as events:
        assert until(events, "/World/end") == []


def test_a_snapshot_comes_over_the_stream(gateway):
    robot, web = Session(gateway, OMNIVERSE), Session(gateway)
    with web.events() as events:
        for key in ["/World/a", "/Other", "/ready"]:
            assert robot.send(coordinate(key)).status == 200
        until(events, "/ready")
        acked(web, type="snapshot", message_type="coordinate_update", prim_path="/World/*")
        assert robot.send(coordinate("/end")).status == 200
        assert until(events, "/end") == ["/World/a"]


def test_refusals_have_their_status(gateway):
    web = Session(gateway)

    malformed = asked(web, type="subscribe", message_type="coordinate_update", bbox=[1, 2, 3])
    assert (malformed.status, malformed.error()) == (400, "INVALID_MESSAGE_FORMAT")
    unknown = asked(web, type="subscribe", message_type="weather")
    assert (unknown.status, unknown.error()) == (422, "SUBSCRIPTION_FAILED")
    never = asked(web, type="unsubscribe", id="never")
    assert (never.status, never.error()) == (422, "SUBSCRIPTION_FAILED")
    forbidden = asked(Session(gateway, OMNIVERSE), type="subscribe", message_type="coordinate_update")
    assert (forbidden.status, forbidden.error()) == (403, "UNAUTHORIZED")
