"""What an isolated component knows goes to its successor, wherever that runs."""

import asyncio
import os
import pathlib
import re
import signal

import pytest

from clients import Broker, connect, gateway_config, receive, run, send
from control import Control, ControlError
from isolated import pid_of

CLIENTS = 3
BURST = 20
CHANGES = 12


def numbering(folder, run_number=1, isolation="process", **options):
    """A handler that puts its number into every message."""
    handler = {"plugin": "counting:numbering", "run": run_number, "isolation": isolation, **options}
    return gateway_config(workers=2, control={"socket": str(folder / "control.sock")},
                          limits={"messages_per_second": "off", "frames_per_second": "off"},
                          routes={"count": {"from": "web_ui", "to": "web_ui", "ack": False, "handler": handler}})


def apply(broker, folder, **options):
    pathlib.Path(broker.config_file).write_text(numbering(folder, **options), encoding="utf-8")
    return Control(folder / "control.sock").ask("apply")


def patiently(broker, folder, **options):
    """A slow machine may not come to a stand within a second; then nothing has changed, and one asks again."""
    while True:
        try:
            return apply(broker, folder, **options)
        except ControlError as error:
            assert error.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED"), error


def test_every_message_is_counted_once_while_generations_change(tmp_path):
    async def scenario(broker):
        clients = [await connect(broker.ws_url, "web_ui") for _ in range(CLIENTS)]
        numbers = [set() for _ in clients]
        changes = asyncio.ensure_future(asyncio.to_thread(change, broker))
        rounds = 0
        while not changes.done() or rounds == 0:
            rounds += 1
            await asyncio.gather(*(burst(client) for client in clients))
            for client, heard in zip(clients, numbers):
                for _ in range(BURST * CLIENTS):
                    heard.add((await receive(client))["number"])
        await changes
        for heard in numbers:
            assert heard == set(range(1, rounds * BURST * CLIENTS + 1))

    async def burst(client):
        for _ in range(BURST):
            await send(client, type="count")

    def change(broker):
        for number in range(2, CHANGES + 2):
            isolation = "none" if number % 3 == 0 else "process"
            report = patiently(broker, tmp_path, run_number=number, isolation=isolation)
            assert [swap["state"]["bytes"] > 0 for swap in report["swaps"]] == [True], report

    with Broker(numbering(tmp_path)) as broker:
        run(scenario(broker))


def test_a_process_that_dies_while_it_is_asked_changes_nothing(tmp_path):
    async def scenario(broker):
        client = await connect(broker.ws_url, "web_ui")
        await send(client, type="count")
        assert (await receive(client))["number"] == 1
        try:
            await asyncio.to_thread(apply, broker, tmp_path, run_number=2, step="state_import", mood="die")
        except ControlError as error:
            assert "handlers.count: plugin numbering: state_import failed: Its process has ended" in str(error)
        else:
            raise AssertionError("it has been applied")
        await send(client, type="count")
        assert (await receive(client))["number"] == 2

    with Broker(numbering(tmp_path)) as broker:
        run(scenario(broker))


async def count(client):
    """Its number, when the component is there."""
    await send(client, type="count")
    return (await receive(client))["number"]


async def refused(broker, folder, **options):
    """Why a change was not applied."""
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(apply, broker, folder, **options)
    return str(caught.value)


LATE = "did not return within 1 s"


@pytest.mark.parametrize(("mood", "why"), [("hang", LATE), ("far_too_much", f"more than 64 MiB|{LATE}")])
def test_an_export_that_fails_forgets_nothing(tmp_path, mood, why):
    """Where writing too much takes a slow machine too long, that is the reason."""
    async def scenario(broker):
        client = await connect(broker.ws_url, "web_ui")
        assert [await count(client) for _ in range(3)] == [1, 2, 3]
        assert re.search(why, await refused(broker, tmp_path, run_number=2))
        if mood == "hang":
            gate.write_text("x", encoding="ascii")  # it comes back late
        assert await count(client) == 4

    gate = tmp_path / "gate"
    os.mkfifo(gate)
    config = numbering(tmp_path, step="state_export", mood=mood)
    with Broker(config, env={"OMNIBROKER_TEST_GATE": str(gate)}) as broker:
        run(scenario(broker))


def test_a_process_that_hangs_in_a_message_is_asked_once(tmp_path):
    async def scenario(broker):
        client = await connect(broker.ws_url, "web_ui")
        assert await count(client) == 1
        pid = pid_of(broker, "handlers.count")
        os.kill(pid, signal.SIGSTOP)
        await send(client, type="count")
        assert "messages are still on their way through it: 1" in await refused(broker, tmp_path, run_number=2)
        os.kill(pid, signal.SIGCONT)
        assert (await receive(client))["number"] == 2
        assert await count(client) == 3

    with Broker(numbering(tmp_path)) as broker:
        run(scenario(broker))
