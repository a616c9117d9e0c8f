"""A connection moves in whatever state it is: each state is a test, with several swaps on the way."""

import asyncio
import json
import os
import pathlib
import ssl
import struct
import sys

import pytest

from broker import executable
from clients import TIMEOUT, Broker, RawWebSocket, connect, gateway_config, metric, receive, run, send, update
from control import Control, builds
from listeners_test import certificate  # noqa: F401  (a fixture)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "http"))
from rest_client import OMNIVERSE, WEB, Session, Wire, coordinate, post  # noqa: E402

PLUGINS = pathlib.Path(executable()).parents[1] / "plugins"


def config(folder, **changes):
    base = {"workers": 2, "control": {"socket": str(folder / "control.sock")},
            "limits": {"messages_per_second": "off", "frames_per_second": "off", "max_backlog": "64MiB",
                       **changes.pop("limits", {})},
            "routes": {"coordinate_update": {"max_lag": "off"}, **changes.pop("routes", {})}}
    return gateway_config(**base, **changes)


class Swaps:
    """`next()` swaps to the other build of a plugin."""

    def __init__(self, folder, name="transports.realtime", plugin="websocket"):
        self.control = Control(folder / "control.sock")
        self.name = name
        self.builds = builds(folder, PLUGINS / f"{plugin}.so")
        self.count = 0

    def next(self):
        self.count += 1
        report = self.control.swap(self.name, plugin=str(self.builds[self.count % 2]))
        assert report["staying"] == 0, report
        return report

    async def next_async(self):
        return await asyncio.get_running_loop().run_in_executor(None, self.next)


def frame(opcode, payload, final=True):
    mask = os.urandom(4)
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return bytes([(0x80 if final else 0) | opcode]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


def selection(number, fill=0):
    return json.dumps({"type": "select_object", "prim_path": "/World/Robot", "number": number, "fill": "\u00e9" * fill},
                      ensure_ascii=False).encode()


def selected(robot):
    message = robot.message()
    assert message["type"] == "select_object", message
    return message["number"]


@pytest.fixture
def pair(tmp_path):
    """A broker, a robot and a map on raw sockets, and its swaps."""
    with Broker(config(tmp_path)) as broker:
        robot = RawWebSocket(broker.port).register("omniverse_extension")
        web = RawWebSocket(broker.port).register("web_ui")
        yield broker, robot, web, Swaps(tmp_path)
        robot.close()
        web.close()


def test_a_frame_of_which_a_part_has_come(pair):
    _, robot, web, swaps = pair
    whole = frame(1, selection(0, 40))
    for number, cut in enumerate(range(1, len(whole), 7)):
        whole = frame(1, selection(number, 40))
        web.socket.sendall(whole[:cut])
        swaps.next()
        web.socket.sendall(whole[cut:])
        assert selected(robot) == number


def test_a_fragmented_message_with_pings_inside(pair):
    _, robot, web, swaps = pair
    payload = selection(7, 30)
    web.socket.sendall(frame(1, payload[:60], final=False))
    swaps.next()
    web.socket.sendall(frame(9, b"one"))
    assert web.frame() == (10, b"one")
    half = frame(9, b"two")
    web.socket.sendall(frame(0, payload[60:61], final=False) + half[:4])
    swaps.next()
    web.socket.sendall(half[4:])
    assert web.frame() == (10, b"two")
    web.socket.sendall(frame(0, b"", final=False))
    swaps.next()
    web.socket.sendall(frame(0, payload[61:]))
    assert selected(robot) == 7


def test_a_message_that_is_larger_than_what_can_be_handed_over_is_waited_for(tmp_path):
    """Its fragments so far are more than 64 KiB: the connection is busy until it is whole."""
    with Broker(config(tmp_path, limits={"max_message": "1MiB"})) as broker:
        robot = RawWebSocket(broker.port).register("omniverse_extension")
        web = RawWebSocket(broker.port).register("web_ui")
        swaps = Swaps(tmp_path)
        payload = selection(1, 60_000)
        for at in range(0, 100_000, 50_000):
            web.socket.sendall(frame(1 if at == 0 else 0, payload[at:at + 50_000], final=False))
        web.socket.sendall(frame(9, b"heard"))
        assert web.frame() == (10, b"heard")
        report = swaps.control.swap(plugin=str(swaps.builds[0]))
        assert report["staying"] == 1, report
        web.socket.sendall(frame(0, payload[100_000:]))
        assert selected(robot) == 1
        while swaps.control.generations()[0]["connections"] < 2:
            pass  # it follows when it can
        web.socket.sendall(frame(1, selection(2)))
        assert selected(robot) == 2


def test_full_queues(tmp_path):
    """A map that does not read: what is pending for it, in the kernel and in the broker, comes whole and in order."""
    with Broker(config(tmp_path)) as broker:
        robot = RawWebSocket(broker.port).register("omniverse_extension")
        slow = RawWebSocket(broker.port, 16384).register("web_ui")
        swaps = Swaps(tmp_path)
        number = 0
        for _ in range(3):
            for number in range(number, number + 1500):
                robot.send(update(number, fill="x" * 4000))
            robot.send({"type": "nonsense"})
            assert robot.message()["type"] == "error"  # behind all that
            swaps.next()
            number += 1
        assert [slow.message()["metadata"]["n"] for _ in range(number)] == list(range(number))
        assert metric(broker, "messages_dropped_total") == 0
        slow.close()
        robot.close()


def test_a_client_that_has_fallen_behind(tmp_path):
    """It is between the streams, and goes on catching up with the next generation."""
    with Broker(config(tmp_path, routes={"coordinate_update": {"max_lag": "off", "max_backlog": "1MiB"}})) as broker:
        robot = RawWebSocket(broker.port).register("omniverse_extension")
        slow = RawWebSocket(broker.port, 16384).register("web_ui")
        swaps = Swaps(tmp_path)
        prims, rounds = 50, 100
        for number in range(rounds):
            for prim in range(prims):
                robot.send(update(number, prim=f"/World/{prim}", fill="x" * 4000))
            if number % 25 == 24:
                swaps.next()
        robot.send({"type": "nonsense"})
        assert robot.message()["type"] == "error"
        assert metric(broker, "messages_dropped_total", reason="conflated") > 0
        newest = {}
        while len(newest) < prims or set(newest.values()) != {rounds - 1}:
            message = slow.message()
            assert newest.get(message["prim_path"], -1) < message["metadata"]["n"]
            newest[message["prim_path"]] = message["metadata"]["n"]
        slow.close()
        robot.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_under_tls(tmp_path, certificate, version):  # noqa: F811
    context = ssl.create_default_context(cafile=certificate["certificate"])
    context.minimum_version = context.maximum_version = version

    async def scenario(broker):
        swaps = Swaps(tmp_path)
        url = f"wss://localhost:{broker.port}/ws"
        robot = await connect(url, "omniverse_extension", ssl=context)
        web = await connect(url, "web_ui", ssl=context)
        for turn in range(6):
            for number in range(100):
                await send(robot, **update(turn * 100 + number, fill="x" * 3000))
                await send(web, type="select_object", prim_path="/World/Robot", number=turn * 100 + number)
                if number == 50:
                    await swaps.next_async()
        assert [(await receive(web))["metadata"]["n"] for _ in range(600)] == list(range(600))
        assert [(await receive(robot))["number"] for _ in range(600)] == list(range(600))

    with Broker(config(tmp_path, listeners={"public": {"tls": certificate}})) as broker:
        run(scenario(broker))


def test_with_compression(tmp_path):
    async def scenario(broker):
        swaps = Swaps(tmp_path)
        robot = await connect(broker.ws_url, "omniverse_extension", compression="deflate")
        web = await connect(broker.ws_url, "web_ui", compression="deflate")
        plain = await connect(broker.ws_url, "web_ui", compression=None)
        for turn in range(6):
            for number in range(100):
                await send(robot, **update(turn * 100 + number, fill="x" * 3000))
                if number == 50:
                    await swaps.next_async()
        for member in (web, plain):
            assert [(await receive(member))["metadata"]["n"] for _ in range(600)] == list(range(600))
        assert metric(broker, "websocket_compressed_messages_total") >= 600

    compressing = {"transports": {"realtime": {"compression": "deflate"}}}
    with Broker(config(tmp_path, **compressing)) as broker:
        run(scenario(broker))


def test_event_streams_and_kept_alive_connections(tmp_path):
    """The other transport: streams move, requests between swaps go to whoever is current."""
    with Broker(config(tmp_path)) as broker:
        swaps = Swaps(tmp_path, "transports.rest", "http")
        kit, web, absent = Session(broker, OMNIVERSE), Session(broker, WEB), Session(broker, WEB)
        with web.events() as events, Wire(broker) as wire:
            for number in range(8):
                wire.send(post("/api/messages", coordinate("/World/R", height=number), [kit.bearer]))
                assert wire.answer().status == 200
                swaps.next()
                assert events.message()["height"] == number
        with absent.events() as events:  # it had no connection all the time
            assert [events.message()["height"] for _ in range(8)] == list(range(8))
        for session in (kit, web, absent):
            assert session.end().status in (200, 204)


def test_subscriptions_go_along(tmp_path):
    routes = {"subscribe": {"from": "web_ui", "handler": "subscriptions:subscribe"}}
    with Broker(config(tmp_path, routes=routes)) as broker:
        robot = RawWebSocket(broker.port).register("omniverse_extension")
        web = RawWebSocket(broker.port).register("web_ui")
        swaps = Swaps(tmp_path)
        web.send({"type": "subscribe", "message_type": "coordinate_update", "prim_path": "/World/A*"})
        assert web.message()["type"] == "ack"
        for number in range(10):
            robot.send(update(number, prim="/World/B"), update(number, prim="/World/A1"))
            assert web.message()["metadata"]["n"] == number
            swaps.next()
        assert swaps.control.ask("sessions")
        web.close()
        robot.close()
