"""`omnibroker swap --canary`: a share of what comes goes to the new generation, which has to do as well as the present one."""

import asyncio
import os
import pathlib
import threading

import pytest

from clients import connect, receive, run, send, update
from running import Gateway, Wire, another_build

TEST_PLUGINS = pathlib.Path(os.environ["OMNIBROKER_TEST_PLUGINS"])
MOODY = str(TEST_PLUGINS / "moody_transport.so")
BARE = {"transports": {"realtime": {"subprotocols": None}}}  # the moody transport has no options


async def exchanged(robot, web, number):
    await send(robot, **update(number))
    assert (await receive(web))["metadata"]["n"] == number


async def ask(gateway, **members):
    """Begins a swap; answers a future of all that it is answered."""
    def whole():
        with Wire(gateway.socket) as wire:
            return wire.ask("swap", name="transports.realtime", **members)
    return asyncio.get_running_loop().run_in_executor(None, whole)


async def until_state(gateway, wanted):
    while wanted not in [state for _, state in await asyncio.to_thread(gateway.generations)]:
        await asyncio.sleep(0.02)


async def comes_and_goes(gateway):
    try:
        client = await connect(gateway.broker.ws_url)
        await client.close()
    except Exception:  # noqa: BLE001  one that the canary does not take
        return


def test_a_new_generation_that_does_well_takes_over(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        swap = await ask(gateway, plugin=str(another_build(tmp_path / "new")), canary_percent=25, for_ms=3000)
        await until_state(gateway, "canary")
        for _ in range(40):
            await comes_and_goes(gateway)
        await exchanged(robot, web, 1)
        result = (await swap)[-1]["result"]

        canary = result["canary"]
        assert canary["failed"] == canary["present_failed"] == 0
        total = canary["opened"] + canary["present_opened"]
        assert abs(canary["opened"] - total / 4) <= 1, canary
        assert (result["from"], result["to"], result["staying"]) == (1, 2, 0) and result["moved"] >= 2
        assert await asyncio.to_thread(gateway.generations) == [(2, "current"), (1, "previous")]
        await exchanged(robot, web, 2)

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_one_that_fails_more_often_goes_back_by_itself(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        swap = await ask(gateway, plugin=MOODY, canary_percent=50, for_ms=600_000)
        await until_state(gateway, "canary")
        while not swap.done():
            await comes_and_goes(gateway)
        error = (await swap)[-1]["error"]

        assert error["code"] == "CONFLICT"
        assert error["message"].startswith("Nothing was changed: The new generation of transports.realtime had ")
        assert "its connections are back at the present one" in error["message"]
        while await asyncio.to_thread(gateway.generations) != [(1, "current")]:
            await asyncio.sleep(0.05)
        await exchanged(robot, web, 1)
        for _ in range(4):
            (await connect(gateway.broker.ws_url, "web_ui"))

    env = {"OMNIBROKER_TEST_STEP": "open", "OMNIBROKER_TEST_MOOD": "throw", "OMNIBROKER_TEST_WHERE": "parent"}
    with Gateway(tmp_path, env=env, **BARE) as gateway:
        run(scenario(gateway))


def test_a_stop_does_not_wait_for_the_time_of_a_canary(tmp_path):
    with Gateway(tmp_path) as gateway, Wire(gateway.socket) as wire:
        answers = []
        asking = threading.Thread(target=lambda: answers.extend(wire.ask(
            "swap", name="transports.realtime", plugin=str(another_build(tmp_path / "new")), canary_percent=10,
            for_ms=3_600_000)))
        asking.start()
        run(until_state(gateway, "canary"))
        assert "A change is going on" in gateway.refusal("plan")

        assert gateway.broker.stop() == 0
        asking.join()
        assert answers[-1]["error"]["code"] == "UNAVAILABLE"


@pytest.mark.parametrize("words, status, said", [
    (["transports.realtime", "--canary", "200%"], 2, "--canary takes a share from 0.1% to 100%, not 200%"),
    (["transports.realtime", "--canary", "ten"], 2, "--canary takes a share from 0.1% to 100%, not ten"),
    (["transports.realtime", "--canary", "10%", "--for", "soon"], 2, "--for takes a time like 60s, of at most a day, not soon"),
    (["transports.realtime", "--for", "10s"], 2, "--for goes with --canary"),
    (["reply", "--canary", "10%"], 1, "reply has no connections of which a share could go to a new generation"),
])
def test_what_cannot_be_is_refused(tmp_path, words, status, said):
    with Gateway(tmp_path) as gateway:
        assert said in gateway.refusal("swap", *words, status=status)
