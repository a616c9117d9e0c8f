"""The commands that look at a running broker and change it, for people and for programs."""

import asyncio
import json
import os
import re
import signal

import pytest

from clients import connect, run, send, update
from program import omnibroker
from running import Gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("run")) as gateway:
        yield gateway


def with_clients(gateway, look):
    """Calls `look` while a robot and two maps are there."""
    async def scenario():
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        for _ in range(2):
            await connect(gateway.broker.ws_url, "web_ui")
        await send(robot, **update())
        await asyncio.to_thread(look)

    run(scenario())


def test_status_has_what_a_program_wants_to_know(gateway):
    def look():
        status = gateway.result("status")
        assert status["version"] == "0.1.0"
        assert status["pid"] == gateway.broker.pid
        assert status["configuration"] == gateway.broker.config_file
        assert status["control"] == str(gateway.socket)
        assert status["uptime_s"] >= 0
        assert status["workers"] == os.cpu_count()
        assert status["log_level"] == "info"
        assert {line["address"] for line in status["listeners"]} == set(gateway.broker.addresses())
        assert {"path": "/ws", "component": "transports.realtime"} in status["listeners"][0]["mounts"]
        components = {line["name"]: line for line in status["components"]}
        assert components["transports.realtime"] == {
            "name": "transports.realtime", "kind": "transport", "plugin": "websocket", "generation": 1}
        assert components["reply"] == {"name": "reply", "kind": "handler", "plugin": "reply", "generation": 1}
        assert len(components) == 10
        assert status["sessions"] == {"total": 3, "by_role": {"omniverse_extension": 1, "web_ui": 2}, "not_registered": 0}
        assert status["counters"]["connections"] == 3
        assert status["counters"]["messages_total"] >= 3

    with_clients(gateway, look)


def test_status_is_tables_for_people(gateway):
    text = gateway.command("status").stdout

    assert re.match(rf"omnibroker 0\.1\.0, process {gateway.broker.pid}, up \d+s, \d+ workers?, log level info\n", text)
    assert f"configuration  {gateway.broker.config_file}\n" in text
    assert f"control        {gateway.socket}\n" in text
    assert re.search(r"^public +127\.0\.0\.1:\d+ +no +/api transports\.rest, /ws transports\.realtime$", text, re.M)
    assert re.search(r"^transports\.realtime +transport +1 +websocket$", text, re.M)
    assert re.search(r"^messages_dropped_total +0$", text, re.M)


def test_generations_are_listed(gateway):
    listed = {one["name"]: one for one in gateway.result("generations")["generations"]}
    realtime = listed["transports.realtime"]
    text = gateway.command("generations").stdout

    assert (realtime["name"], realtime["generation"], realtime["state"]) == ("transports.realtime", 1, "current")
    assert (realtime["plugin"], realtime["version"], realtime["connections"]) == ("websocket", "1.0.0", 0)
    assert re.fullmatch(r"[0-9a-f]{64}", realtime["sha256"])
    assert {"transports.rest", "handlers.select_object", "reply", "notices"} < listed.keys()
    assert text.splitlines()[0].split() == ["NAME", "GEN", "STATE", "VERSION", "HASH", "CONNECTIONS", "AGE", "PLUGIN"]
    assert re.search(rf"^transports\.realtime +1 +current +1\.0\.0 +{realtime['sha256'][:12]} +0 +\d+s +websocket$", text,
                     re.M) or "m " in text


def test_sessions_are_listed_with_what_they_have_missed(gateway):
    def look():
        sessions = gateway.result("sessions")["sessions"]
        assert sorted(one["role"] for one in sessions) == ["omniverse_extension", "web_ui", "web_ui"]
        for one in sessions:
            assert (one["component"], one["generation"], one["dropped"]) == ("transports.realtime", 1, 0)
            assert one["peer"].startswith("127.0.0.1:")
            assert not one["catching_up"]
        lines = gateway.command("sessions").stdout.splitlines()
        assert lines[0].split() == ["CLIENT", "ROLE", "COMPONENT", "GEN", "PEER", "WORKER", "PENDING", "DROPPED", "AGE"]
        assert {line.split()[0] for line in lines[1:]} == {one["client_id"] for one in sessions}

    with_clients(gateway, look)


def test_disconnect_ends_one_client(gateway):
    async def scenario():
        gone = await connect(gateway.broker.ws_url, "web_ui")
        [client] = (await asyncio.to_thread(gateway.result, "sessions"))["sessions"]

        done = await asyncio.to_thread(gateway.command, "disconnect", client["client_id"])

        assert (done.returncode, done.stdout) == (0, f"{client['client_id']} is disconnected\n")
        await asyncio.wait_for(gone.wait_closed(), 20)

    run(scenario())
    assert gateway.broker.find_log("A command was carried out", command="disconnect")


def test_disconnect_of_nobody_says_so(gateway):
    assert gateway.refusal("disconnect", "nobody") == 'omnibroker: There is no client "nobody"\n'


def test_the_log_level_changes_at_once(tmp_path):
    with Gateway(tmp_path) as gateway:
        run(connect(gateway.broker.ws_url, "web_ui"))
        assert not gateway.broker.find_log("Client gone") or gateway.broker.log[-1].level != "debug"

        assert gateway.command("log-level", "debug").stdout == "The log's level is debug, it was info\n"
        run(connect(gateway.broker.ws_url, "web_ui"))

        assert gateway.broker.wait_for_log("Client gone").level == "debug"
        assert gateway.result("log-level", "error") == {"level": "error", "before": "debug"}
        assert gateway.result("status")["log_level"] == "error"


def test_a_level_that_there_is_not_names_those_that_there_are(gateway):
    assert gateway.refusal("log-level", "loud") == \
        'omnibroker: The level must be debug, info, warn or error, not "loud"\n'


def test_a_result_keeps_the_order_in_which_it_is_documented(gateway):
    assert list(gateway.result("status"))[:4] == ["version", "pid", "configuration", "control"]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_the_socket_can_be_named(tmp_path, how):
    socket = tmp_path / "named.sock"
    with Gateway(tmp_path, control={"socket": str(socket)}) as gateway:
        if how == "option":
            done = gateway.command("status", "--json", "--control", socket)
        else:
            done = gateway.command("status", "--json", env={"OMNIBROKER_CONTROL": str(socket)})
        assert json.loads(done.stdout)["pid"] == gateway.broker.pid


def test_nobody_on_the_named_socket_is_status_3(tmp_path):
    done = omnibroker("status", "--control", tmp_path / "none.sock")

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"omnibroker: No broker listens on {tmp_path}/none.sock\n"


def test_of_two_brokers_one_must_be_named(tmp_path):
    with Gateway(tmp_path) as one, Gateway(tmp_path) as other:
        sentence = one.refusal("status", status=3)

        assert sentence.startswith("omnibroker: 2 brokers are running, say which one with --control PATH:\n")
        for each in (one, other):
            assert f"  --control {each.socket}  pid {each.broker.pid}  {each.broker.config_file}\n" in sentence
            assert each.result("status", "--control", each.socket)["pid"] == each.broker.pid


def test_a_broker_that_hangs_is_listed_beside_the_others(tmp_path):
    with Gateway(tmp_path) as one, Gateway(tmp_path) as hanging:
        os.kill(hanging.broker.pid, signal.SIGSTOP)
        try:
            sentence = one.refusal("status", status=3)
        finally:
            os.kill(hanging.broker.pid, signal.SIGCONT)

        assert f"pid {one.broker.pid}  {one.broker.config_file}\n" in sentence
        assert f"pid {hanging.broker.pid}  (The broker does not answer)\n" in sentence
