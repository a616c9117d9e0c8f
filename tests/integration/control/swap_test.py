"""`omnibroker swap` and `rollback`: what they take from where, what they refuse, and that nothing changes then."""

import asyncio
import os
import pathlib
import re
import shutil
import threading

import pytest

from clients import connect, receive, run, send, update
from program import Terminal, omnibroker
from running import Gateway, Wire, another_build

TEST_PLUGINS = pathlib.Path(os.environ["OMNIBROKER_TEST_PLUGINS"])
MOODY = str(TEST_PLUGINS / "moody_transport.so")
BARE = {"transports": {"realtime": {"subprotocols": None}}}  # the moody transport has no options


async def exchanged(robot, maps, number):
    """One message from the robot to every map, and a selection back."""
    await send(robot, **update(number))
    for each in maps:
        assert (await receive(each))["metadata"]["n"] == number
    await send(maps[0], type="select_object", prim_path=f"/World/Robot_{number}")
    assert (await receive(robot))["prim_path"] == f"/World/Robot_{number}"


def test_clients_keep_exchanging_messages_across_a_swap_and_a_rollback(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        maps = [await connect(gateway.broker.ws_url, "web_ui") for _ in range(3)]
        await exchanged(robot, maps, 1)
        plugin = another_build(tmp_path / "new")

        report = await asyncio.to_thread(gateway.result, "swap", "transports.realtime", "--plugin", plugin)

        assert (report["name"], report["from"], report["to"]) == ("transports.realtime", 1, 2)
        assert (report["plugin"], report["moved"], report["staying"], report["refusal"]) == (str(plugin), 4, 0, "")
        assert 0 <= report["freeze_p50_us"] <= report["freeze_p99_us"] <= report["freeze_max_us"] <= report["took_us"]
        await exchanged(robot, maps, 2)
        assert await asyncio.to_thread(gateway.generations) == [(2, "current"), (1, "previous")]

        text = (await asyncio.to_thread(gateway.command, "rollback", "transports.realtime")).stdout

        assert text.startswith("transports.realtime: generation 1 has taken over from generation 2\n")
        assert re.search(r"^  moved    4 connections in \d+\.\d\d ms$", text, re.M)
        await exchanged(robot, maps, 3)
        assert await asyncio.to_thread(gateway.generations) == [(1, "current"), (2, "previous")]

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_messages_flow_while_it_is_swapped(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        maps = [await connect(gateway.broker.ws_url, "web_ui") for _ in range(3)]
        plugin = another_build(tmp_path / "new")
        swapping = asyncio.create_task(
            asyncio.to_thread(gateway.result, "swap", "transports.realtime", "--plugin", plugin))
        number = 0
        while not swapping.done():
            number += 1
            await exchanged(robot, maps, number)
        assert (await swapping)["moved"] == 4
        await exchanged(robot, maps, number + 1)

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_options_come_from_the_file_as_it_is_now(tmp_path):
    with Gateway(tmp_path) as gateway:
        gateway.change(transports={"realtime": {"ping_interval": "7s"}})

        report = gateway.result("swap", "transports.realtime")

        assert (report["to"], report["plugin"]) == (2, "websocket")
        assert "runs exactly this already, as generation 2" in gateway.refusal("swap", "transports.realtime")


def test_a_plugin_that_was_replaced_on_the_disk_is_taken(tmp_path):
    with Gateway(tmp_path, plugins={"path": [str(tmp_path)]}) as gateway:
        assert "runs exactly this already" in gateway.refusal("swap", "transports.realtime")
        another_build(tmp_path)

        assert gateway.result("swap", "transports.realtime")["plugin"] == "websocket"
        assert gateway.generations() == [(2, "current"), (1, "previous")]


def test_a_file_is_meant_from_where_the_command_runs(tmp_path):
    another_build(tmp_path / "here")
    with Gateway(tmp_path) as gateway:
        for given in ("websocket.so", "./websocket.so"):
            done = gateway.command("swap", "transports.realtime", "--plugin", given, cwd=tmp_path / "here")
            assert done.returncode == 0 or "runs exactly this already" in done.stderr, done.stderr
        assert len(gateway.generations()) == 2


def test_a_service_or_second_transport_can_be_swapped_too(tmp_path):
    with Gateway(tmp_path) as gateway:
        report = gateway.result("swap", "transports.rest", "--plugin", another_build(tmp_path / "new", "http"))

        assert (report["from"], report["to"]) == (1, 2)


def test_every_mistake_in_the_file_is_told_and_nothing_is_changed(tmp_path):
    with Gateway(tmp_path) as gateway:
        file = gateway.broker.config_file
        gateway.change(transports={"realtime": {"ping_interval": "often", "colour": "blue"}}, nonsense=1)

        sentences = gateway.refusal("swap", "transports.realtime").splitlines()

        assert sentences[0] == "omnibroker: Nothing was changed:"
        assert len(sentences) == 4
        for sentence in sentences[1:]:
            assert re.match(rf"{re.escape(file)}:\d+:\d+: \S", sentence), sentence
        for path in ("transports.realtime.ping_interval", "transports.realtime.colour", "nonsense"):
            assert any(f": {path}: " in sentence for sentence in sentences), path
        assert gateway.generations() == [(1, "current")]


def test_the_options_are_checked_by_the_plugin_that_is_given(tmp_path):
    with Gateway(tmp_path) as gateway:  # which gives `subprotocols`
        sentence = gateway.refusal("swap", "transports.realtime", "--plugin", MOODY)

        assert "transports.realtime.subprotocols: unknown key" in sentence
        assert gateway.generations() == [(1, "current")]


@pytest.mark.parametrize("name,hint", [("transports.realtme", '(did you mean "transports.realtime"?)'),
                                       ("map", "there is transports.realtime, transports.rest, handlers.client_register")])
def test_what_cannot_be_swapped_names_what_can(tmp_path, name, hint):
    with Gateway(tmp_path) as gateway:
        for command in ("swap", "rollback"):
            sentence = gateway.refusal(command, name)
            assert sentence.startswith(f'omnibroker: Nothing was changed: There is no component "{name}"')
            assert hint in sentence


def test_another_path_is_for_apply(tmp_path):
    with Gateway(tmp_path) as gateway:
        gateway.change(transports={"realtime": {"path": "/socket"}})

        assert "`apply` changes these" in gateway.refusal("swap", "transports.realtime")
        assert gateway.generations() == [(1, "current")]


def test_one_that_is_gone_from_the_file_is_named(tmp_path):
    with Gateway(tmp_path) as gateway:
        gateway.change(transports={"realtime": None})

        assert 'has no component "transports.realtime"' in gateway.refusal("swap", "transports.realtime")


def test_a_rollback_without_a_swap_is_refused(tmp_path):
    with Gateway(tmp_path) as gateway:
        assert "has no generation to go back to" in gateway.refusal("rollback", "transports.realtime")


@pytest.mark.parametrize("plugin,reason", [
    ("crashes_on_load", "The plugin crashed while it was tried in a process of its own: SIGSEGV"),
    ("exits_on_load", "The plugin ended the process that it was tried in (exit status 7)"),
    ("wrong_major", "is refused: "), ("moody", "moody is a handler, expected a transport"),
    ("absent", "There is no plugin file ")])
def test_a_plugin_that_is_no_good_changes_nothing(tmp_path, plugin, reason):
    spare = {"spare": {"address": "localhost:0"}}  # nobody uses it, which is worth a warning, and none here
    with Gateway(tmp_path, listeners=spare, **BARE) as gateway:
        sentence = gateway.refusal("swap", "transports.realtime", "--plugin", TEST_PLUGINS / f"{plugin}.so")

        assert sentence.startswith("omnibroker: Nothing was changed: ")
        assert len(sentence.splitlines()) == 1
        assert reason in sentence
        assert gateway.generations() == [(1, "current")]
        gateway.broker.wait_for_log("A command was refused", command="swap")


@pytest.mark.parametrize("step,mood,reason", [
    ("configure", "crash", "The plugin crashed while it was tried in a process of its own: SIGABRT"),
    ("prepare", "crash", "The plugin crashed while it was tried in a process of its own: SIGABRT"),
    ("configure", "throw", "thrown out of configure"), ("configure", "fail", "not in the mood to configure"),
    ("prepare", "throw", "thrown out of prepare"), ("prepare", "fail", "not in the mood to prepare"),
    ("prepare", "hang", "The plugin did not come back within 15 s while it was tried in a process of its own")])
def test_one_that_fails_in_its_trial_changes_nothing(tmp_path, step, mood, reason):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    env = {"OMNIBROKER_TEST_STEP": step, "OMNIBROKER_TEST_MOOD": mood, "OMNIBROKER_TEST_WHERE": "child",
           "OMNIBROKER_TEST_GATE": str(gate)}
    with Gateway(tmp_path, env=env, **BARE) as gateway:
        sentence = gateway.refusal("swap", "transports.realtime", "--plugin", MOODY)

        assert sentence.startswith("omnibroker: Nothing was changed: ")
        assert reason in sentence
        assert gateway.generations() == [(1, "current")]


def test_a_stop_does_not_wait_for_a_trial_and_a_second_swap_is_refused_meanwhile(tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    env = {"OMNIBROKER_TEST_STEP": "prepare", "OMNIBROKER_TEST_MOOD": "hang", "OMNIBROKER_TEST_WHERE": "child",
           "OMNIBROKER_TEST_GATE": str(gate)}
    with Gateway(tmp_path, env=env, **BARE) as gateway, Wire(gateway.socket) as wire:
        answers = []
        trial = threading.Thread(target=lambda: answers.extend(wire.ask("swap", name="transports.realtime", plugin=MOODY)))
        trial.start()
        while "Another change is going on" not in gateway.refusal("rollback", "transports.realtime"):
            pass

        assert gateway.broker.stop() == 0
        trial.join()
        assert answers[-1]["error"] == {"code": "UNAVAILABLE", "message": "Nothing was changed: The broker is stopping"}


def test_a_plugin_that_cannot_take_connections_over_leaves_them_where_they_are(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        maps = [await connect(gateway.broker.ws_url, "web_ui")]

        done = await asyncio.to_thread(gateway.command, "swap", "transports.realtime", "--plugin", MOODY)

        assert done.returncode == 0, done.stderr
        assert re.search(r"^  staying  2 with an older generation until they end or can move: \S", done.stdout, re.M)
        await exchanged(robot, maps, 1)
        back = await asyncio.to_thread(gateway.result, "rollback", "transports.realtime")
        assert (back["to"], back["staying"]) == (1, 0)
        await exchanged(robot, maps, 2)

    with Gateway(tmp_path, **BARE) as gateway:
        run(scenario(gateway))


def test_check_tries_a_component_as_a_swap_does(tmp_path):
    file = tmp_path / "broker.yaml"
    with Gateway(tmp_path) as gateway:
        shutil.copy(gateway.broker.config_file, file)

    good = omnibroker("check", "--try", "transports.realtime", file)
    crash = omnibroker("check", "--try", "transports.realtime", "--plugin", TEST_PLUGINS / "crashes_on_load.so", file)
    unknown = omnibroker("check", "--try", "transports.realtme", file)

    assert (good.returncode, good.stdout) == (0, "transports.realtime: ok\n")
    assert crash.returncode == -11
    assert unknown.returncode == 1
    assert unknown.stdout == f'{file} has no component "transports.realtme" (did you mean "transports.realtime"?)\n'


@pytest.mark.parametrize("words,reason", [
    (["--try", "reply", "a.yaml", "b.yaml"], "--try takes one file"),
    (["--try", "reply", "--dump", "a.yaml"], "--try and --dump do not go together"),
    (["--plugin", "x", "a.yaml"], "--plugin needs --try")])
def test_check_says_what_does_not_go_together(words, reason):
    done = omnibroker("check", *words)

    assert done.returncode == 2
    assert reason in done.stderr


def test_progress_is_for_terminals(tmp_path):
    async def scenario(gateway):
        for _ in range(3):
            await connect(gateway.broker.ws_url, "web_ui")

        def swap():
            with Terminal("swap", "transports.realtime", "--plugin", another_build(tmp_path / "new"),
                          env=gateway.env) as terminal:
                assert terminal.wait() == 0
                return terminal.text

        text = await asyncio.to_thread(swap)
        assert re.search(r"\rmoved \d of 3 connections", text)
        assert "generation 2 has taken over" in text

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))
