"""Several event loops: clients spread over them, and nothing depends on which one a client is on."""

import asyncio
import contextlib
import json
import os
import signal
import tempfile

import pytest

from clients import Broker, RawWebSocket, connect, gateway_config, receive, run, send, until, update


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_web_client_gets_every_update_once_and_in_order_per_publisher(workers):
    messages, robots, webs = 200, 5, 12

    async def publish(url, index):
        robot = await connect(url, "omniverse_extension")
        for number in range(messages):
            await send(robot, **update(number, prim=f"/World/Robot_{index}"))
        return robot

    async def collect(web):
        seen = {}
        for _ in range(messages * robots):
            message = await receive(web)
            seen.setdefault(message["prim_path"], []).append(message["metadata"]["n"])
        return seen

    async def scenario(broker):
        clients = [await connect(broker.ws_url, "web_ui") for _ in range(webs)]
        collecting = [asyncio.create_task(collect(web)) for web in clients]
        publishers = await asyncio.gather(*(publish(broker.ws_url, index) for index in range(robots)))
        for seen in await asyncio.gather(*collecting):
            assert seen == {f"/World/Robot_{index}": list(range(messages)) for index in range(robots)}
        for robot in publishers:
            await robot.close()

    with Broker(gateway_config(workers=workers)) as broker:
        run(scenario(broker), 120)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_late_joiner_gets_the_newest_of_each_prim_whatever_its_worker(workers):
    async def scenario(broker):
        watcher = await connect(broker.ws_url, "web_ui")
        robot = await connect(broker.ws_url, "omniverse_extension")
        for number in range(3):
            for prim in range(100):
                await send(robot, **update(number, prim=f"/World/Robot_{prim}"))
        for _ in range(300):
            await receive(watcher)
        for _ in range(6):  # one on each worker, at least
            late = await connect(broker.ws_url, "web_ui")
            got = {}
            while len(got) < 100 or any(number != 2 for number in got.values()):
                message = await receive(late)
                got[message["prim_path"]] = message["metadata"]["n"]
            await late.close()

    with Broker(gateway_config(workers=workers)) as broker:
        run(scenario(broker), 120)


def test_joining_while_updates_flow_shows_no_gap_and_no_step_back():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        going = True

        async def publish():
            number = 0
            while going:
                await send(robot, **update(number))
                number += 1
                if number % 10 == 0:
                    await asyncio.sleep(0.005)

        publishing = asyncio.create_task(publish())
        for _ in range(40):
            late = await connect(broker.ws_url, "web_ui")
            numbers = [(await receive(late))["metadata"]["n"] for _ in range(30)]
            assert numbers == list(range(numbers[0], numbers[0] + 30))
            await late.close()
        going = False
        await publishing

    with Broker(gateway_config(workers=2, limits={"messages_per_second": 0})) as broker:
        run(scenario(broker), 120)


def test_a_reader_that_keeps_up_misses_nothing_of_a_burst_beyond_the_backlog():
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        robot = await connect(broker.ws_url, "omniverse_extension")
        for number in range(2000):
            await send(robot, **update(number))
        assert [(await receive(web))["metadata"]["n"] for _ in range(2000)] == list(range(2000))

    with Broker(gateway_config(workers=1, limits={"max_backlog": "64KiB", "messages_per_second": "off"})) as broker:
        run(scenario(broker), 120)


def test_clients_are_spread_and_cleaned_up():
    async def scenario(broker):
        clients = [await connect(broker.ws_url, "web_ui") for _ in range(40)]

        def total():
            import urllib.request
            return json.load(urllib.request.urlopen(broker.http_url + "/api/status", timeout=20))["clients"]["total"]

        assert await asyncio.get_running_loop().run_in_executor(None, total) == 40
        for client in clients:
            client.transport.abort()
        await until(lambda: total() == 0, "no session is left")

    with Broker(gateway_config(workers=4)) as broker:
        run(scenario(broker), 120)


@contextlib.contextmanager
def gate():
    """A named pipe and what opens it: until then, whoever opens it for reading waits."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as opened:
        path = os.path.join(folder, "gate")
        os.mkfifo(path)
        yield path, lambda: opened.callback(os.close, os.open(path, os.O_RDWR))


def blocking(path, **changes):
    """Two workers, and a message that holds up the one it comes to."""
    block = {"from": "omniverse_extension", "handler": {"plugin": "parts:blocks", "gate": path}}
    return gateway_config(workers=2, limits={"messages_per_second": "off", "max_backlog": "1GiB"},
                          routes={"block": block, **changes.pop("routes", {})}, **changes)


async def on_each_worker(broker, role):
    """Whoever comes goes to the worker with fewer clients, the first one at first."""
    return [await connect(broker.ws_url, role) for _ in range(2)]


async def in_the_log(broker, sentence):
    return await asyncio.get_running_loop().run_in_executor(None, broker.wait_for_log, sentence)


def test_of_two_publishers_of_one_key_the_same_value_stays_on_all_workers():
    async def scenario(broker, open_gate):
        robot = await connect(broker.ws_url, "omniverse_extension")
        other = RawWebSocket(broker.port).register("omniverse_extension")
        watchers = await on_each_worker(broker, "web_ui")
        # When the gate is open, the second of these comes before what the other worker has sent.
        other.send({"type": "block"}, update(2))
        await in_the_log(broker, "Blocks")
        await send(robot, **update(1))
        assert (await receive(watchers[0]))["metadata"]["n"] == 1
        open_gate()
        assert (await receive(watchers[0]))["metadata"]["n"] == 2
        assert sorted([(await receive(watchers[1]))["metadata"]["n"] for _ in range(2)]) == [1, 2], "nothing is lost"
        late = await on_each_worker(broker, "web_ui")
        assert [(await receive(web))["metadata"]["n"] for web in late] == [2, 2]
        other.close()

    with gate() as (path, open_gate), Broker(blocking(path)) as broker:
        run(scenario(broker, open_gate))


def flooding(path):
    """A bridge that publishes more than may be under way when a worker is held up."""
    flood = {"plugin": "parts:floods", "role": "twin", "messages": 16_000, "bytes": 16_384}
    return blocking(path, bridges={"flood": flood}, routes={
        "flood": {"from": "omniverse_extension", "to": "twin", "handler": "parts:forward"},
        "flooded": {"from": "twin", "to": "web_ui", "handler": "parts:forward"}})


async def flood(broker):
    """Holds up the second worker and lets the bridge publish. Answers a web client on each, and how much it published."""
    webs = await on_each_worker(broker, "web_ui")
    robots = await on_each_worker(broker, "omniverse_extension")
    await send(robots[1], type="block")
    await in_the_log(broker, "Blocks")
    await send(robots[0], type="flood")
    flooded = await in_the_log(broker, "Flooded")
    return webs, flooded


def test_what_a_bridge_publishes_waits_for_a_worker_that_takes_nothing():
    async def scenario(broker, open_gate):
        webs, flooded = await flood(broker)
        assert flooded["refused"] == "1", "it is told, rather than the memory filled"
        published = int(flooded["published"])
        assert published * 16_384 < 96 * 1024 * 1024
        open_gate()
        for web in webs:
            assert [(await receive(web))["n"] for _ in range(published)] == list(range(published))

    with gate() as (path, open_gate), Broker(flooding(path)) as broker:
        run(scenario(broker, open_gate), 120)


def test_the_broker_stops_while_messages_wait_for_a_worker():
    async def scenario(broker, open_gate):
        await flood(broker)
        broker.signal(signal.SIGTERM)
        await in_the_log(broker, "Stopping, a second signal leaves at once")
        open_gate()

    with gate() as (path, open_gate), Broker(flooding(path)) as broker:
        run(scenario(broker, open_gate), 120)
        assert broker.wait() == 0
