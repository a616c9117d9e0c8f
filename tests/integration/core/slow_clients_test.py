"""A client that does not read costs a bounded amount, hurts nobody, and gets the newest values when it reads again."""

import asyncio
import threading

import pytest

from clients import Broker, RawWebSocket, connect, gateway_config, metric, receive, run, send, until, update

PRIMS = 20
ROUNDS = 400  # of 20 messages of 2 KB: 16 MB, beyond what the kernel's buffers and the bound hold


def config(policy, **limits):
    route = {"slow_clients": policy}
    return gateway_config(routes={"coordinate_update": route},
                          limits={"max_backlog": "1MiB", "messages_per_second": 0, **limits})


async def publish(robot, first, last):
    for number in range(first, last):
        for prim in range(PRIMS):
            await send(robot, **update(number, prim=f"/World/Robot_{prim}", fill="x" * 2000))


def memory(broker):
    with open(f"/proc/{broker.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) * 1024


def most_growth(broker):
    """What the broker may grow by; sanitizers keep freed memory for a while, so that only their own bound holds there."""
    with open(f"/proc/{broker.pid}/maps", encoding="utf-8") as maps:
        text = maps.read()
    watched = "libasan" in text or "libtsan" in text
    return (256 if watched else 16) * 1024 * 1024


class Reader(threading.Thread):
    """A healthy client on a thread of its own: the numbers it gets, by prim."""

    def __init__(self, broker):
        super().__init__(daemon=True)
        self.client = RawWebSocket(broker.port).register("web_ui")
        self.numbers = {f"/World/Robot_{prim}": [] for prim in range(PRIMS)}
        self.start()

    def run(self):
        try:
            while True:
                message = self.client.message()
                self.numbers[message["prim_path"]].append(message["metadata"]["n"])
        except (EOFError, OSError):
            pass

    def has_all(self):
        return all(numbers[-1:] == [ROUNDS - 1] for numbers in self.numbers.values())


def test_conflation_gives_the_newest_of_each_key_and_the_others_miss_nothing():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        frozen = RawWebSocket(broker.port, receive_buffer=16384).register("web_ui")
        healthy = Reader(broker)
        before = memory(broker)
        await publish(robot, 0, ROUNDS)
        await until(healthy.has_all, "the healthy client has everything")
        assert all(numbers == list(range(ROUNDS)) for numbers in healthy.numbers.values())
        assert memory(broker) - before < most_growth(broker)
        assert metric(broker, "messages_dropped_total", reason="conflated") > 0

        newest = {}
        while len(newest) < PRIMS or any(number != ROUNDS - 1 for number in newest.values()):
            message = frozen.message()
            number = message["metadata"]["n"]
            assert number >= newest.get(message["prim_path"], -1), "order of each prim is kept"
            newest[message["prim_path"]] = number
        frozen.close()
        healthy.client.close()

    with Broker(config("conflate")) as broker:
        run(scenario(broker), 120)


def test_drop_oldest_leaves_a_gap_and_whole_messages():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        frozen = RawWebSocket(broker.port, receive_buffer=16384).register("web_ui")
        await publish(robot, 0, ROUNDS)
        await until(lambda: metric(broker, "messages_total") >= ROUNDS * PRIMS, "everything is handled")
        seen = []
        while not seen or seen[-1] != ROUNDS - 1:
            message = frozen.message()
            if message["prim_path"] == "/World/Robot_0":
                seen.append(message["metadata"]["n"])
        assert seen == sorted(set(seen)), "nothing twice, nothing out of order"
        assert len(seen) < ROUNDS
        frozen.close()

    with Broker(config("drop_oldest")) as broker:
        run(scenario(broker), 120)


def test_disconnect_ends_the_slow_client_alone():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        frozen = RawWebSocket(broker.port, receive_buffer=16384).register("web_ui")
        healthy = Reader(broker)
        await publish(robot, 0, ROUNDS)
        await until(healthy.has_all, "the healthy client has everything")
        with pytest.raises((EOFError, OSError)):
            while True:
                frozen.message()
        assert healthy.is_alive()
        healthy.client.close()

    with Broker(config("disconnect", linger="500ms")) as broker:
        run(scenario(broker), 120)


def test_a_frozen_client_is_closed_after_the_stall_time():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        frozen = RawWebSocket(broker.port, receive_buffer=16384).register("web_ui")
        await publish(robot, 0, ROUNDS)
        await until(lambda: metric(broker, "connections_closed_total", reason="max_stall") == 1, "closed for stalling")
        await until(lambda: metric(broker, "sessions") == 1, "the robot alone is left")
        frozen.close()

    with Broker(config("conflate", max_stall="700ms")) as broker:
        run(scenario(broker), 120)


def test_answers_overtake_data():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        slow = RawWebSocket(broker.port, receive_buffer=16384).register("web_ui")
        await publish(robot, 0, ROUNDS)
        await until(lambda: metric(broker, "messages_total") >= ROUNDS * PRIMS, "everything is handled")
        slow.send({"type": "nonsense"})
        await until(lambda: metric(broker, "messages_refused_total") == 1, "the error is queued")
        before = 0
        while slow.message()["type"] != "error":
            before += 1
        assert before < ROUNDS * PRIMS, "the error came before all of the data"
        slow.close()

    with Broker(config("conflate", max_backlog="64MiB")) as broker:
        run(scenario(broker), 120)
