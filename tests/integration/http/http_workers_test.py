"""Two workers: a session lives on one of them, and its requests come in on both."""

import concurrent.futures

import pytest

from broker import Broker, gateway_config
from rest_client import OMNIVERSE, WEB, Events, Session, Wire, ask, coordinate, counts, eventually, head, post, registration, selection

MANY = 24  # connections at once: both workers have some


@pytest.fixture(scope="module")
def gateway():
    routes = {"coordinate_update": {"latest_by": None, "slow_clients": None}}
    with Broker(gateway_config(workers=2, routes=routes)) as broker:
        yield broker


def test_messages_of_one_session_are_taken_on_every_connection(gateway):
    session = Session(gateway, OMNIVERSE)
    wires = [Wire(gateway) for _ in range(MANY)]
    for _ in range(5):
        for wire in wires:
            wire.send(post("/api/messages", coordinate(), [session.bearer]))
        assert {wire.answer().status for wire in wires} == {200}
        for wire in wires:
            wire.send(post("/api/messages", registration(WEB), [session.bearer]) + head("GET /api/health"))
        for wire in wires:
            assert wire.answer().error() == "REGISTRATION_FAILED"
            assert wire.answer().status == 200
    for wire in wires:
        wire.socket.close()
    assert session.end().status == 204


def test_streams_find_their_sessions(gateway):
    sessions = [Session(gateway, WEB) for _ in range(MANY)]
    streams = [Events(gateway, [session.bearer]) for session in sessions]
    kits = [Session(gateway, OMNIVERSE) for _ in range(4)]
    for number, kit in enumerate(kits):
        assert kit.send(coordinate(f"/World/W{number}")).status == 200

    for stream in streams:
        assert sorted(stream.message()["prim_path"] for _ in kits) == [f"/World/W{number}" for number in range(4)]
    for session, stream in zip(sessions, streams):
        assert session.end().status == 204
        assert stream.bye() == "going_away"
        stream.socket.close()
    assert all(kit.end().status == 204 for kit in kits)


def test_selections_cross_between_workers(gateway):
    kits = [Session(gateway, OMNIVERSE) for _ in range(6)]
    streams = [Events(gateway, [kit.bearer]) for kit in kits]
    webs = [Session(gateway, WEB) for _ in range(6)]
    for number, web in enumerate(webs):
        assert web.send(selection(f"/World/S{number}")).status == 200

    for stream in streams:
        assert sorted(stream.message()["prim_path"] for _ in webs) == [f"/World/S{number}" for number in range(6)]
        stream.socket.close()
    assert all(session.end().status == 204 for session in kits + webs)


def test_a_session_ends_from_any_connection_once(gateway):
    for _ in range(5):
        session = Session(gateway)
        wires = [Wire(gateway) for _ in range(8)]
        for wire in wires:
            wire.send(head(f"DELETE {session.location}", [session.bearer]))
        statuses = sorted(wire.answer().status for wire in wires)
        for wire in wires:
            wire.socket.close()
        assert statuses[0] == 204 and set(statuses) <= {204, 401}, statuses
        eventually(lambda: session.send(registration(WEB)).status == 401, "the session has ended")


def test_an_ended_session_answers_401_wherever_it_is_asked_for(gateway):
    session = Session(gateway)
    assert session.end().status == 204
    eventually(lambda: session.send(selection()).status == 401, "the session has ended")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: session.send(selection()), range(MANY)))

    assert {answer.status for answer in answers} == {401}
    assert {answer.error() for answer in answers} == {"CLIENT_NOT_REGISTERED"}


def test_many_clients_register_at_once(gateway):
    before = counts(gateway)["total"]

    def whole_life(number):
        session = Session(gateway, WEB if number % 2 else OMNIVERSE)
        with session.events():
            for _ in range(5):
                assert session.send(registration(WEB if number % 2 else OMNIVERSE)).status == 200
        assert session.end().status == 204
        return session.client_id

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(whole_life, range(128)))

    assert len(set(ids)) == 128
    assert ask(gateway, head("GET /api/health")).status == 200
    eventually(lambda: counts(gateway)["total"] == before, "every session has ended")


def test_a_client_that_leaves_in_the_middle_hurts_nobody(gateway):
    session = Session(gateway, OMNIVERSE)
    for number in range(60):
        with Wire(gateway) as wire:
            wire.send(post("/api/messages", coordinate(), [session.bearer]) * (number % 4 + 1))
            if number % 3 == 0:
                wire.send(post("/api/sessions", registration(WEB))[:-3])
    assert session.send(coordinate()).status == 200
    assert session.end().status == 204
