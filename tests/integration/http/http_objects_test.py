"""Where objects are now, over real sockets: one, all, page by page."""

import json
import urllib.parse

import pytest

from broker import Broker, gateway_config
from rest_client import OMNIVERSE, Session, Wire, ask, coordinate, eventually, head

KEPT = ["/World/Robots/R1", "/World/Robots/R2", "/World/Trees/둘 50%"]


@pytest.fixture(scope="module")
def remembering():
    """A gateway that knows the objects of KEPT, each moved to the latitude of its place in the list."""
    with Broker(gateway_config(workers=2)) as broker:
        robot = Session(broker, OMNIVERSE)
        for latitude in (80, 0):
            for number, key in enumerate(KEPT):
                assert robot.send(coordinate(key, latitude + number, 127.5)).status == 200
        eventually(lambda: latitudes(broker) == [0, 1, 2], "what was sent last is known")
        yield broker


def get(broker, target):
    return ask(broker, head(f"GET /api/objects{target}"))


def latitudes(broker, query=""):
    answer = get(broker, query)
    assert answer.status == 200, answer
    return [message["latitude"] for message in answer.json()["objects"]]


def test_all_come_as_they_were_delivered_in_the_order_of_their_keys(remembering):
    answer = get(remembering, "")

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert list(answer.json()) == ["objects"]
    assert [message["prim_path"] for message in answer.json()["objects"]] == KEPT
    first = json.dumps({"type": "coordinate_update", "prim_path": KEPT[0], "latitude": 0, "longitude": 127.5})
    assert answer.body.decode().startswith('{"objects":[' + first[:-1] + ',"height":0.0},')


def test_a_prefix_and_a_limit_narrow_them(remembering):
    assert latitudes(remembering, "?prefix=/World/Robots/") == [0, 1]
    assert latitudes(remembering, "?prefix=" + urllib.parse.quote("/World/Trees/둘 ", safe="")) == [2]
    assert latitudes(remembering, "?prefix=/nothing") == []
    page = get(remembering, "?limit=2").json()
    assert page["next"] == KEPT[1]
    assert latitudes(remembering, "?after=" + urllib.parse.quote(page["next"], safe="")) == [2]


def test_one_is_found_by_its_path_however_it_is_written(remembering):
    for path in ["/World/Robots/R2", "/%2FWorld%2FRobots%2FR2", "//World/Robots/R2", "/World%2FRobots/R2"]:
        answer = get(remembering, path)
        assert answer.status == 200 and answer.json()["latitude"] == 1, path
        assert "last-modified" in answer.headers and answer.headers["cache-control"] == "no-store"
    assert get(remembering, "/" + urllib.parse.quote(KEPT[2])).json()["latitude"] == 2


def test_every_worker_knows_them(remembering):
    with Wire(remembering) as one, Wire(remembering) as other:  # which are given to different workers
        for _ in range(3):
            for wire in (one, other):
                assert [m["prim_path"] for m in wire.ask(head("GET /api/objects")).json()["objects"]] == KEPT
                assert wire.ask(head("GET /api/objects/World/Robots/R1")).json()["prim_path"] == KEPT[0]


def test_head_answers_without_the_body(remembering):
    with Wire(remembering) as wire:
        for path in ["/api/objects", "/api/objects/World/Robots/R1"]:
            length = wire.ask(head(f"GET {path}")).headers["content-length"]
            answer = wire.ask(head(f"HEAD {path}"))
            assert answer.status == 200 and answer.headers["content-length"] == length
        assert wire.ask(head("GET /api/health")).status == 200


def test_what_is_not_there_is_404(remembering):
    for target in ["/World/Robots", "/World/Robots/R1/", "/World/Robots/r1", "/", "?type=select_object", "?type=nothing",
                   "/World/Robots/R1?type=nothing"]:
        answer = get(remembering, target)
        assert answer.status == 404 and answer.error() == "NOT_FOUND", target
    assert "object" in get(remembering, "/World/Robots").json()["error_message"]
    assert "not kept" in get(remembering, "?type=nothing").json()["error_message"]


@pytest.mark.parametrize("query, parameter", [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=many", "limit"),
                                              ("prefix=a&prefix=b", "prefix"), ("after=%25&after=", "after")])
def test_a_wrong_parameter_is_named(remembering, query, parameter):
    answer = get(remembering, f"?{query}")

    assert answer.status == 400 and answer.error() == "BAD_REQUEST"
    assert f"'{parameter}'" in answer.json()["error_message"]


def test_other_methods_are_405(remembering):
    for line in ["POST /api/objects", "DELETE /api/objects/World/Robots/R1", "PUT /api/objects/World/Robots/R1"]:
        answer = ask(remembering, head(line))
        assert answer.status == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS", line


def test_where_nothing_is_kept_it_says_so(gateway):
    answer = get(gateway, "")

    assert answer.status == 404 and answer.error() == "NOT_FOUND"


def test_thousands_are_read_page_by_page_each_once():
    keys = [f"/World/{number:04d}" for number in range(1500)]
    with Broker(gateway_config(limits={"messages_per_second": 0})) as broker, Wire(broker) as wire:
        robot = Session(broker, OMNIVERSE)
        for key in keys:
            body = coordinate(key, metadata={"fill": "x" * 1000}).encode()
            wire.send(head("POST /api/messages", ["Content-Type: application/json", f"Content-Length: {len(body)}",
                                                  robot.bearer]) + body)
            assert wire.answer().status == 200
        eventually(lambda: get(broker, keys[-1]).status == 200, "the last one is known")

        seen, after, pages = [], "", 0
        while after is not None:
            answer = get(broker, f"?limit=1000&after={after}")
            assert len(answer.body) < 300_000, "an answer is bounded in bytes too"
            seen += [message["prim_path"] for message in answer.json()["objects"]]
            after = answer.json().get("next")
            pages += 1
        assert seen == keys
        assert pages > 5


def test_it_answers_while_objects_move_and_each_answer_is_whole():
    with Broker(gateway_config(limits={"messages_per_second": 0})) as broker, Wire(broker) as robot_wire:
        robot = Session(broker, OMNIVERSE)
        for number in range(300):
            body = coordinate("/World/R", latitude=number / 10).encode()
            robot_wire.send(head("POST /api/messages", ["Content-Type: application/json", f"Content-Length: {len(body)}",
                                                        robot.bearer]) + body)
            assert robot_wire.answer().status == 200
            if number % 10 == 9:
                assert get(broker, "/World/R").json()["latitude"] <= number / 10
        eventually(lambda: get(broker, "/World/R").json()["latitude"] == 29.9, "the last position is known")
