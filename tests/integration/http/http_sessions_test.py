"""A client without a WebSocket takes part: sessions, messages, and what crosses between the two."""

import asyncio
import json
import re
import uuid

import pytest
import websockets

from broker import Broker, gateway_config
from rest_client import (OMNIVERSE, TIMEOUT, WEB, Session, Wire, ask, coordinate, counts, eventually, head, post, registration,
                         selection)

UNKNOWN_TOKEN = "Authorization: Bearer " + str(uuid.uuid4()) + "." + "0" * 64


def refused(answer):
    """The answer if it says that the token is unknown: a session ends on its own worker, so a moment after the 204."""
    return answer if answer.status == 401 else None


def test_the_whole_life_of_a_session(gateway):
    before = counts(gateway)
    session = Session(gateway, WEB)
    during = counts(gateway)
    sent = session.send(selection())
    ended = session.end()
    ended_again = eventually(lambda: refused(session.end()), "the token opens nothing any more")
    sent_after = session.send(selection())

    assert str(uuid.UUID(session.client_id)) == session.client_id
    assert session.location == f"/api/sessions/{session.client_id}"
    assert during["total"] == before["total"] + 1 and during["web_clients"] == before["web_clients"] + 1
    assert sent.status == 200, sent
    assert ended.status == 204 and ended.body == b""
    assert ended_again.error() == "CLIENT_NOT_REGISTERED"
    assert sent_after.status == 401
    eventually(lambda: counts(gateway) == before, "the session is not counted any more")


def test_tokens_are_long_and_never_the_same(gateway):
    sessions = [Session(gateway) for _ in range(20)]
    secrets = {session.token.rsplit(".", 1)[1] for session in sessions}

    assert len(secrets) == 20
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in secrets)
    assert all(session.end().status == 204 for session in sessions)


def test_the_token_is_never_in_the_log(gateway):
    session = Session(gateway)
    session.send(selection())
    session.end()

    assert session.token.rsplit(".", 1)[1] not in gateway.log_text()


@pytest.mark.parametrize("message, status, code", [
    ("not json", 400, "INVALID_JSON"),
    ("[]", 400, "INVALID_MESSAGE_FORMAT"),
    ('{"type":"client_register"}', 400, "INVALID_MESSAGE_FORMAT"),
    (registration("toaster"), 400, "UNSUPPORTED_CLIENT_TYPE"),
    (selection(), 401, "CLIENT_NOT_REGISTERED"),
    ('{"type":"nonsense"}', 401, "CLIENT_NOT_REGISTERED")])
def test_a_session_whose_first_message_is_refused_does_not_stay(gateway, message, status, code):
    before = counts(gateway)

    answer = ask(gateway, post("/api/sessions", message))

    assert answer.status == status
    assert answer.error() == code
    eventually(lambda: counts(gateway) == before, "no session stays behind")


@pytest.mark.parametrize("role, message, status, code", [
    (WEB, "{", 400, "INVALID_JSON"),
    (WEB, '"x"', 400, "INVALID_MESSAGE_FORMAT"),
    (WEB, '{"type":"select_object"}', 400, "INVALID_MESSAGE_FORMAT"),
    (WEB, '{"type":"nonsense"}', 400, "UNKNOWN_MESSAGE_TYPE"),
    (WEB, coordinate(), 403, "UNAUTHORIZED"),
    (OMNIVERSE, selection(), 403, "UNAUTHORIZED"),
    (WEB, registration(OMNIVERSE), 409, "REGISTRATION_FAILED"),
    (WEB, registration("toaster"), 400, "UNSUPPORTED_CLIENT_TYPE")])
def test_a_message_is_refused_as_over_a_websocket_with_a_status(gateway, role, message, status, code):
    session = Session(gateway, role)

    answer = session.send(message)
    good = session.send(registration(role))

    assert answer.status == status and answer.error() == code
    assert good.status == 200
    assert good.body == b'{"type":"ack","original_type":"client_register","status":"success"}'
    assert session.end().status == 204


def test_a_failure_to_handle_is_422():
    with Broker(gateway_config(routes={"select_object": {"require_receiver": True}})) as broker:
        answer = Session(broker, WEB).send(selection())

    assert answer.status == 422
    assert answer.error() == "OBJECT_SELECTION_FAILED"


@pytest.mark.parametrize("role, message", [(WEB, selection()), (OMNIVERSE, coordinate())])
def test_a_message_is_acknowledged_where_a_websocket_would_hear_nothing(gateway, role, message):
    session = Session(gateway, role)

    answer = session.send(message)

    assert answer.status == 200
    assert answer.json() == {"type": "ack", "original_type": json.loads(message)["type"], "status": "success"}
    assert session.end().status == 204


@pytest.mark.parametrize("credentials", [
    [], [UNKNOWN_TOKEN], ["Authorization: Bearer"], ["Authorization: Bearer x"], ["Authorization: Basic dXNlcjpwYXNz"],
    [UNKNOWN_TOKEN, UNKNOWN_TOKEN]])
def test_requests_without_a_valid_token_are_401(gateway, credentials):
    for request in [post("/api/messages", selection(), credentials), head("GET /api/events", credentials),
                    head("DELETE /api/sessions/x", credentials)]:
        answer = ask(gateway, request)

        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.error() == "CLIENT_NOT_REGISTERED"


def test_the_token_of_another_session_ends_nothing(gateway):
    mine, other = Session(gateway), Session(gateway)

    answer = ask(gateway, head(f"DELETE {other.location}", [mine.bearer]))

    assert answer.status == 403 and answer.error() == "UNAUTHORIZED"
    assert mine.end().status == 204
    assert other.end().status == 204


def test_a_forged_id_reaches_no_other_session(gateway):
    mine, other = Session(gateway), Session(gateway)
    forged = other.client_id + "." + mine.token.rsplit(".", 1)[1]

    ask(gateway, head(f"DELETE {other.location}", [f"Authorization: Bearer {forged}"]))

    assert other.send(registration(WEB)).status == 200, "the other session lives"
    assert other.end().status == 204


def asynchronous(test):
    def run(gateway):
        asyncio.run(asyncio.wait_for(test(gateway), 120))
    run.__name__ = test.__name__
    return run


async def websocket(gateway, role):
    client = await websockets.connect(gateway.ws_url, ping_interval=None)
    await client.send(registration(role))
    assert json.loads(await client.recv())["type"] == "ack"
    return client


@asynchronous
async def test_a_position_goes_from_http_to_a_websocket(gateway):
    client = await websocket(gateway, WEB)
    session = await asyncio.to_thread(Session, gateway, OMNIVERSE)

    answer = await asyncio.to_thread(session.send, coordinate("/World/한", height=1.50, metadata={"a": [1, 2]}))
    received = await asyncio.wait_for(client.recv(), TIMEOUT)

    assert answer.status == 200
    assert json.loads(received) == json.loads(coordinate("/World/한", height=1.5, metadata={"a": [1, 2]}))
    await client.close()
    assert session.end().status == 204


@asynchronous
async def test_a_position_goes_from_a_websocket_to_http(gateway):
    client = await websocket(gateway, OMNIVERSE)
    session = await asyncio.to_thread(Session, gateway, WEB)
    with session.events() as events:
        await client.send(coordinate("/World/A", latitude=-1.25))
        received = await asyncio.to_thread(events.message)

    assert received == {**json.loads(coordinate("/World/A", latitude=-1.25)), "height": 0.0}
    await client.close()
    assert session.end().status == 204


@asynchronous
async def test_selections_go_both_ways_between_http_and_a_websocket(gateway):
    web_socket, kit_socket = await websocket(gateway, WEB), await websocket(gateway, OMNIVERSE)
    web_session = await asyncio.to_thread(Session, gateway, WEB)
    kit_session = await asyncio.to_thread(Session, gateway, OMNIVERSE)
    with kit_session.events() as events:
        await web_socket.send(selection("/World/FromSocket"))
        assert (await asyncio.to_thread(events.message))["prim_path"] == "/World/FromSocket"
        await asyncio.to_thread(web_session.send, selection("/World/FromHttp"))
        assert (await asyncio.to_thread(events.message))["prim_path"] == "/World/FromHttp"
    heard = [json.loads(await asyncio.wait_for(kit_socket.recv(), TIMEOUT))["prim_path"] for _ in range(2)]

    assert heard == ["/World/FromSocket", "/World/FromHttp"]
    await web_socket.close()
    await kit_socket.close()
    assert web_session.end().status == 204
    assert kit_session.end().status == 204


@asynchronous
async def test_a_burst_from_http_keeps_its_order(gateway):
    client = await websocket(gateway, WEB)
    session = await asyncio.to_thread(Session, gateway, OMNIVERSE)

    def send_all():
        with Wire(gateway) as wire:
            wire.send(b"".join(post("/api/messages", coordinate("/World/B", height=i), [session.bearer])
                               for i in range(200)))
            return [wire.answer().status for _ in range(200)]

    statuses = await asyncio.to_thread(send_all)
    heights = [json.loads(await asyncio.wait_for(client.recv(), TIMEOUT))["height"] for _ in range(200)]

    assert set(statuses) == {200}
    assert heights == list(range(200))
    await client.close()
    assert session.end().status == 204
