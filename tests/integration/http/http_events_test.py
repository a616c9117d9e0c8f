"""Server-Sent Events against the running broker."""

import json
import signal
import subprocess

from broker import Broker, gateway_config
from rest_client import OMNIVERSE, WEB, Events, Session, Wire, ask, coordinate, counts, eventually, head, post, selection


def test_the_stream_begins_with_what_browsers_and_proxies_need(gateway):
    session = Session(gateway)
    with session.events() as events:
        assert events.answered.headers["content-type"] == "text/event-stream"
        assert events.answered.headers["cache-control"] == "no-store"
        assert events.answered.headers["x-accel-buffering"] == "no"
        assert events.answered.headers["access-control-allow-origin"] == "*"
        assert "content-length" not in events.answered.headers
        assert events.answered.closes()
        assert events.retry == 2000
    session.end()


def test_a_thousand_messages_arrive_in_order(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    with web.events() as events, Wire(gateway) as wire:
        for start in range(0, 1000, 50):
            wire.send(b"".join(post("/api/messages", coordinate(f"/World/R{i % 7}", height=i), [kit.bearer])
                               for i in range(start, start + 50)))
            assert {wire.answer().status for _ in range(50)} == {200}
        assert [events.message()["height"] for _ in range(1000)] == list(range(1000))
    kit.end(), web.end()


def test_a_message_of_several_lines_arrives_as_one(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    message = json.dumps(json.loads(coordinate("/World/Lines", metadata={"a": 1})), indent=2)
    with web.events() as events:
        for line_end in ("\n", "\r\n", "\r"):
            assert kit.send(message.replace("\n", line_end)).status == 200
            kind, data = events.event()
            assert kind == "message"
            assert json.loads(data)["metadata"] == {"a": 1}
            assert data.count("\n") >= 5
    kit.end(), web.end()


def test_the_token_may_be_in_the_query(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    with Events(gateway, query=f"?token={web.token}") as events:
        kit.send(coordinate("/World/Query"))
        assert events.message()["prim_path"] == "/World/Query"
    kit.end(), web.end()


def test_http_1_0_clients_are_served(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    with Events(gateway, [web.bearer], version="1.0") as events:
        kit.send(coordinate("/World/Old"))
        assert events.message()["prim_path"] == "/World/Old"
    kit.end(), web.end()


def test_head_does_not_take_the_stream_over(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    with web.events() as events:
        with Wire(gateway) as wire:
            answer = wire.ask(head("HEAD /api/events", [web.bearer]))
            assert answer.status == 200 and answer.headers["content-type"] == "text/event-stream"
            assert wire.ended()
        kit.send(coordinate("/World/Head"))
        assert events.message()["prim_path"] == "/World/Head"
    kit.end(), web.end()


def test_a_second_stream_takes_over(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    with web.events() as earlier, web.events() as later:
        assert earlier.bye() == "restart"
        kit.send(coordinate("/World/Later"))
        assert later.message()["prim_path"] == "/World/Later"
    kit.end(), web.end()


def test_a_session_outlives_its_streams_and_hears_what_came_between(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    with web.events() as events:
        kit.send(coordinate("/World/First"))
        assert events.message()["prim_path"] == "/World/First"
    kit.send(coordinate("/World/Between"))
    with web.events() as events:
        received = [events.message()["prim_path"]]
        kit.send(coordinate("/World/Second"))
        while received[-1] != "/World/Second":
            received.append(events.message()["prim_path"])
    # What was sent while the loss of the first stream was being noticed may be gone with it.
    assert received in (["/World/Between", "/World/Second"], ["/World/Second"])
    kit.end(), web.end()


def test_the_stream_ends_with_its_session(gateway):
    web = Session(gateway)
    with web.events() as events:
        assert web.end().status == 204
        assert events.bye() == "going_away"


def test_a_new_web_client_hears_the_latest_positions_on_its_stream():
    with Broker() as broker:
        kit = Session(broker, OMNIVERSE)
        for i in range(30):
            assert kit.send(coordinate(f"/World/R{i % 3}", height=i)).status == 200
        web = Session(broker, WEB)
        with web.events() as events:
            latest = {message["prim_path"]: message["height"] for message in (events.message() for _ in range(3))}

    assert latest == {"/World/R0": 27, "/World/R1": 28, "/World/R2": 29}


def test_a_quiet_stream_is_kept_alive_and_its_session_too():
    config = gateway_config(transports={"rest": {"events_keep_alive": "50ms"}}, limits={"session_timeout": "1s"})
    with Broker(config) as broker:
        web = Session(broker, WEB)
        with web.events() as events:
            while events.comments < 50:  # two and a half seconds of nothing
                events.block()
            assert web.send(selection()).status == 200


def test_a_session_that_nobody_uses_ends():
    with Broker(gateway_config(limits={"session_timeout": "1s"})) as broker:
        web = Session(broker, WEB)
        assert counts(broker)["web_clients"] == 1
        eventually(lambda: counts(broker)["web_clients"] == 0, "the session has ended by itself")

        answer = web.send(selection())
        assert answer.status == 401 and answer.headers["www-authenticate"] == "Bearer"


def test_the_broker_says_bye_when_it_stops():
    with Broker() as broker:
        sessions = [Session(broker, WEB) for _ in range(20)]
        streams = [Events(broker, [session.bearer]) for session in sessions]
        broker.signal(signal.SIGTERM)
        reasons = {stream.bye() for stream in streams}
        assert broker.wait() == 0

    assert reasons == {"going_away"}


def test_clients_that_leave_are_forgotten(gateway):
    def open_streams():
        body = ask(gateway, head("GET /api/metrics")).body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in body.splitlines()
                   if "http_event_streams" in line and line[0] != "#")

    eventually(lambda: open_streams() == 0, "streams of earlier tests are closed")
    session = Session(gateway)
    with session.events():
        assert open_streams() == 1
    eventually(lambda: open_streams() == 0, "the stream has been noticed to be closed")
    session.end()


def test_curl_reads_the_stream(gateway):
    kit, web = Session(gateway, OMNIVERSE), Session(gateway, WEB)
    reader = subprocess.Popen(["curl", "-sSN", "--max-time", "60", "-H", web.bearer, f"{gateway.http_url}/api/events"],
                              stdout=subprocess.PIPE)
    try:
        assert reader.stdout.readline() == b"retry: 2000\n"
        kit.send(coordinate("/World/Curl"))
        assert reader.stdout.readline() == b"\n"
        line = reader.stdout.readline()
        assert line.startswith(b"data: ") and json.loads(line[6:])["prim_path"] == "/World/Curl"
        web.end()
        assert b"event: bye" in reader.stdout.read()
        assert reader.wait(15) == 0
    finally:
        reader.kill()
        reader.wait()
        reader.stdout.close()
    kit.end()
