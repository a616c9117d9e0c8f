"""The process of an isolated component ends, and nothing else does."""

import asyncio
import os
import signal
import time

import pytest

from clients import Broker, connect, metric, receive, run, send, until, update
from isolated import ENDED, HANDLER, SERVES, acknowledged, ask, exists, fragile_config, gone, is_alive, pid_of

FAILED = {"type": "error", "error_code": "FRAGILE_FAILED",
          "error_message": "The message was not handled: the component that handles it has ended unexpectedly and is being "
                           "restarted"}
ACK = {"type": "ack", "original_type": "fragile", "status": "success"}


def scenario_test(scenario, **options):
    with Broker(fragile_config(**options)) as broker:
        run(scenario(broker), 120)


class Sender:
    """Sends numbered messages one after the other, and keeps what came back for each."""

    def __init__(self, name, client):
        self.name, self.client, self.answers, self.running = name, client, [], True
        self.acknowledged_at = []

    async def stream(self):
        while self.running:
            await send(self.client, type="fragile", sender=self.name, n=len(self.answers))
            self.answers.append((await receive(self.client))["type"])
            if self.answers[-1] == "ack":
                self.acknowledged_at.append(time.monotonic())


def test_a_killed_process_costs_exactly_what_was_in_flight_and_is_back_while_others_see_nothing():
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        robot = await connect(broker.ws_url, "omniverse_extension")
        senders = [Sender(name, await connect(broker.ws_url)) for name in range(4)]
        got, untouched = [], []

        async def watch():
            while True:
                message = await receive(web)
                if message["type"] == "fragile":
                    got.append((message["sender"], message["n"]))

        async def go_on():  # another route, in the broker itself
            while True:
                await send(robot, type="coordinate_update", prim_path="/World", latitude=1, longitude=1, height=0)
                await send(robot, type="nonsense")
                untouched.append((await receive(robot))["error_code"])

        watching = [asyncio.ensure_future(watch()), asyncio.ensure_future(go_on())]
        streams = [asyncio.ensure_future(sender.stream()) for sender in senders]
        back_after = []
        for kill in range(1, 4):
            pid = pid_of(broker, count=kill)
            enough = [len(sender.acknowledged_at) + 20 for sender in senders]
            await until(lambda: all(len(s.acknowledged_at) >= e for s, e in zip(senders, enough)), "messages flow")
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            assert await asyncio.to_thread(pid_of, broker, HANDLER, kill + 1) != pid
            serves = time.monotonic()
            await until(lambda: all(s.acknowledged_at[-1] > serves for s in senders), "acks come again")
            back_after.append(min(at for s in senders for at in s.acknowledged_at if at > serves) - killed)
        for sender in senders:
            sender.running = False
        await asyncio.gather(*streams)
        print("\nback after", ", ".join(f"{1000 * after:.0f} ms" for after in back_after))

        expected = [(s.name, n) for s in senders for n, answer in enumerate(s.answers) if answer == "ack"]
        await until(lambda: len(got) == len(expected), "what was acknowledged has been delivered")
        for sender in senders:
            numbers = [n for name, n in got if name == sender.name]
            assert numbers == [n for n, answer in enumerate(sender.answers) if answer == "ack"], "in order, each once"
        errors = sum(answer != "ack" for s in senders for answer in s.answers)
        assert errors == await asyncio.to_thread(metric, broker, "isolated_messages_failed_total", component=HANDLER)
        assert await asyncio.to_thread(metric, broker, "isolated_process_deaths_total", component=HANDLER) == 3
        assert set(untouched) == {"UNKNOWN_MESSAGE_TYPE"} and all(not task.done() for task in watching)
        for task in watching:
            task.cancel()

    scenario_test(scenario, limits={"messages_per_second": 0, "frames_per_second": 0})


def test_every_message_in_flight_gets_an_error_and_no_other_does():
    """The process stands still while they come, so that all of them are in flight when it ends."""
    async def scenario(broker):
        senders = [await connect(broker.ws_url) for _ in range(3)]
        for sender in senders:
            assert await ask(sender) == ACK
        pid = pid_of(broker)
        os.kill(pid, signal.SIGSTOP)
        before = await asyncio.to_thread(metric, broker, "messages_total")
        for sender in senders:
            for _ in range(5):
                await send(sender, type="fragile")
        await until(lambda: metric(broker, "messages_total") == before + 15, "the broker has them")
        os.kill(pid, signal.SIGKILL)
        for sender in senders:
            assert [await receive(sender) for _ in range(5)] == [FAILED] * 5
        ended = broker.wait_for_log(ENDED, component=HANDLER)
        assert (ended["pid"], ended["how"], ended["failed_messages"]) == (str(pid), "signal SIGKILL", "15")
        for sender in senders:
            await acknowledged(sender)

    scenario_test(scenario)


@pytest.mark.parametrize("how, ended", [
    ("abort", "signal SIGABRT"),
    ("exit", "exit status 7"),
    ("hang up", None),
    ("garbage", "signal SIGKILL"),
    ("wrong frame", "signal SIGKILL"),
])
def test_a_process_that_ends_or_says_what_it_may_not_is_replaced(how, ended):
    async def scenario(broker):
        client = await connect(broker.ws_url)
        assert await ask(client) == ACK
        assert await ask(client, how=how) == FAILED
        line = broker.wait_for_log(ENDED, component=HANDLER)
        assert ended is None or line["how"] == ended
        assert line["restart_ms"] == "0", "the first time, at once"
        assert (line["reason"] == "unexpected") == (how in ("abort", "exit", "hang up"))
        await acknowledged(client)
        assert not exists(int(line["pid"])), "nothing of it is left, no zombie either"

    scenario_test(scenario)


def test_a_component_that_dies_of_every_message_backs_off_and_the_broker_stays():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        client = await connect(broker.ws_url)
        for count in range(1, 5):
            await asyncio.to_thread(pid_of, broker, HANDLER, count)
            assert await ask(client, how="abort") == FAILED
            await asyncio.to_thread(broker.wait_for_log, ENDED, component=HANDLER, count=count)
        waits = [line["restart_ms"] for line in broker.find_log(ENDED, component=HANDLER)]
        assert waits == ["0", "100", "200", "400"]
        await send(robot, **update(1))
        assert (await receive(web))["metadata"]["n"] == 1
        await acknowledged(client)

    scenario_test(scenario)


def test_messages_that_come_while_it_is_away_are_answered_at_once(tmp_path):
    """It does not come up again, and is tried again and again."""
    async def scenario(broker):
        client = await connect(broker.ws_url)
        assert await ask(client, how="abort") == FAILED
        for count in range(1, 4):
            line = await asyncio.to_thread(broker.wait_for_log, ENDED, component=HANDLER, count=count)
            assert line["how"] == "signal SIGABRT"
            assert await ask(client) == FAILED
        assert len(broker.find_log(SERVES, component=HANDLER)) == 1
        assert await asyncio.to_thread(metric, broker, "isolated_process_running", component=HANDLER) == 0

    scenario_test(scenario, dies="restart", mark=str(tmp_path / "mark"))


def test_one_that_hangs_is_ended_and_replaced(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def scenario(broker):
        waiting, other = await connect(broker.ws_url), await connect(broker.ws_url)
        await send(waiting, type="fragile", how="wait")
        await asyncio.to_thread(broker.wait_for_log, "Waits", component=HANDLER)
        await send(other, type="fragile")  # behind it
        assert await receive(waiting) == FAILED
        assert await receive(other) == FAILED
        line = broker.wait_for_log(ENDED, component=HANDLER)
        assert line["reason"] == "It did not come back from a message within 2 s, so its process was ended"
        assert (line["how"], line["failed_messages"]) == ("signal SIGKILL", "2")
        await acknowledged(other)

    scenario_test(scenario, limits={"isolation_timeout": "2s"}, gate=str(gate))


def test_a_broker_that_is_killed_takes_the_process_along(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def scenario(broker):
        client = await connect(broker.ws_url)
        await send(client, type="fragile", how="wait")  # so that it is inside the plugin
        await asyncio.to_thread(broker.wait_for_log, "Waits", component=HANDLER)
        pid = pid_of(broker)
        assert is_alive(pid)
        broker.stop(signal.SIGKILL)
        await gone(pid)

    scenario_test(scenario, gate=str(gate))


def test_a_stop_ends_the_process_in_order():
    with Broker(fragile_config()) as broker:
        pid = pid_of(broker)
        assert broker.stop() == 0
        assert broker.find_log("Drained", component=HANDLER) and broker.find_log("Stopped", component=HANDLER)
        assert not exists(pid)
        assert not broker.find_log(ENDED)
        assert not broker.find_log("The process of an isolated component did not end cleanly")


def test_a_stop_does_not_wait_for_one_that_hangs(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async def scenario(broker):
        client = await connect(broker.ws_url)
        await send(client, type="fragile", how="wait")
        await asyncio.to_thread(broker.wait_for_log, "Waits", component=HANDLER)

    with Broker(fragile_config(gate=str(gate))) as broker:
        run(scenario(broker))
        pid = pid_of(broker)
        assert broker.stop() == 0
        assert not exists(pid)


def test_a_stop_does_not_wait_for_one_that_is_away(tmp_path):
    async def scenario(broker):
        assert await ask(await connect(broker.ws_url), how="abort") == FAILED
        await asyncio.to_thread(broker.wait_for_log, ENDED, component=HANDLER, count=3)

    with Broker(fragile_config(dies="restart", mark=str(tmp_path / "mark"))) as broker:
        run(scenario(broker))
        assert broker.stop() == 0


def test_a_process_that_does_not_end_cleanly_is_told_of():
    with Broker(fragile_config(dies="destroy")) as broker:
        pid = pid_of(broker)
        assert broker.stop() == 0
        assert not exists(pid)
        told = broker.find_log(ENDED, component=HANDLER)
        assert [line["how"] for line in told] == ["exit status 3"]


def test_signals_to_all_processes_leave_the_end_to_the_broker():
    async def scenario(broker):
        pid = pid_of(broker)
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(pid, one)
        assert await ask(await connect(broker.ws_url)) == ACK
        assert pid_of(broker) == pid and not broker.find_log(ENDED)

    scenario_test(scenario)


def test_the_process_has_nothing_of_the_brokers_but_one_socket_and_its_standard_error():
    async def scenario(broker):
        clients = [await connect(broker.ws_url, "web_ui") for _ in range(5)]
        old = pid_of(broker)
        os.kill(old, signal.SIGKILL)  # the next one is started in the middle of traffic
        await gone(old)
        pid = await asyncio.to_thread(pid_of, broker, HANDLER, 2)
        await acknowledged(clients[0])
        files = {int(name): os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
        assert sorted(files) == [0, 1, 2, 3], files
        assert files[0] == "/dev/null"
        assert files[1] == files[2] == os.readlink(f"/proc/{broker.pid}/fd/2")
        mine = {os.readlink(f"/proc/{broker.pid}/fd/{name}") for name in os.listdir(f"/proc/{broker.pid}/fd")}
        assert files[3].startswith("socket:") and files[3] not in mine
        assert os.getpgid(pid) == pid != os.getpgid(broker.pid)

    scenario_test(scenario)


def test_nobody_starts_such_a_process_by_hand():
    with Broker(fragile_config()) as broker:
        words = open(f"/proc/{pid_of(broker)}/cmdline", encoding="utf-8").read().split("\0")[:-1]
        assert words == ["omnibroker", "isolated-component", HANDLER]
