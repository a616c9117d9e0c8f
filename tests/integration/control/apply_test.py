"""`omnibroker plan` and `apply`, and SIGHUP: what they say, what they leave alone, and that a mistake changes nothing."""

import asyncio
import os
import pathlib
import re
import signal
import ssl
import subprocess

import pytest

from broker import gateway_config
from clients import connect, receive, run, send, update
from running import Gateway, another_build

TEST_PLUGINS = pathlib.Path(os.environ["OMNIBROKER_TEST_PLUGINS"])
MOODY = str(TEST_PLUGINS / "moody_transport.so")

ONE_ROUTE = {"routes": {"coordinate_update": {"max_rate": 200}}}


def numbers(gateway):
    return {one["name"]: one["generation"] for one in gateway.result("generations")["generations"]
            if one["state"] == "current"}


def steps(result):
    return [(step["change"], step["name"], step["details"]) for step in result["steps"]]


async def exchanged(robot, web, number):
    await send(robot, **update(number))
    assert (await receive(web))["metadata"]["n"] == number
    await send(web, type="select_object", prim_path=f"/World/Robot_{number}")
    assert (await receive(robot))["prim_path"] == f"/World/Robot_{number}"


def test_a_file_without_a_change_plans_nothing(tmp_path):
    with Gateway(tmp_path) as gateway:
        assert gateway.command("plan").stdout == "Nothing to change; 10 components stay untouched\n"
        assert gateway.command("apply").stdout == "Nothing to change; 10 components stay untouched\n"
        assert steps(gateway.result("plan")) == []


def test_a_change_of_one_route_touches_nothing_else(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        before = await asyncio.to_thread(numbers, gateway)
        gateway.change(**ONE_ROUTE)

        planned = await asyncio.to_thread(gateway.result, "plan")
        applied = await asyncio.to_thread(gateway.result, "apply")

        assert steps(planned) == steps(applied) == [("change", "routes.coordinate_update", ["max_rate: off -> 200"])]
        assert planned["untouched"] == len(before) and applied["swaps"] == []
        assert await asyncio.to_thread(numbers, gateway) == before
        await exchanged(robot, web, 1)
        for number in range(400):
            await send(robot, **update(number))
        answer = await receive(robot)
        assert answer["error_code"] == "RATE_LIMIT_EXCEEDED", answer

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_apply_says_what_it_did_for_people(tmp_path):
    with Gateway(tmp_path) as gateway:
        gateway.change(transports={"realtime": {"path": "/map"}}, limits={"messages_per_second": 77},
                       routes={"select_object": None})
        planned = gateway.command("plan").stdout
        done = gateway.command("apply").stdout
        again = gateway.command("plan").stdout

    assert re.search(r"^CHANGE +NAME +DETAILS\nremove +routes\.select_object *\n"
                     r"change +limits +messages_per_second: \S+ -> 77\n", planned, re.M), planned
    assert re.search(r"^replace +transports\.realtime +path: /ws -> /map$", planned, re.M)
    assert re.search(r"^remove +handlers\.select_object", planned, re.M)
    assert planned.endswith("8 components stay untouched\n")
    assert done.startswith("DONE") and done.splitlines()[1:6] == planned.splitlines()[1:6]
    assert "transports.realtime: generation 2 has taken over from generation 1\n" in done
    assert again == "Nothing to change; 9 components stay untouched\n"


def test_sighup_applies_the_file_that_the_broker_was_started_with(tmp_path):
    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        await exchanged(robot, web, 1)
        gateway.change(routes={"coordinate_update": {"ack": True}})
        gateway.broker.signal(signal.SIGHUP)
        await asyncio.to_thread(gateway.broker.wait_for_log, "The configuration was applied", 60, changes="1")
        await send(robot, **update(2))
        assert (await receive(robot))["type"] == "ack"
        assert (await receive(web))["metadata"]["n"] == 2

        gateway.change(routes={"coordinate_update": {"acknowledge": True}})
        gateway.broker.signal(signal.SIGHUP)
        refusal = await asyncio.to_thread(gateway.broker.wait_for_log, "The configuration was not applied", 60)
        assert "acknowledge" in refusal.fields["reason"]
        await send(robot, **update(3))
        assert (await receive(robot))["type"] == "ack", "it goes on as it was"

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_another_file_may_be_given(tmp_path):
    with Gateway(tmp_path) as gateway:
        other = tmp_path / "other.yaml"
        other.write_text(gateway_config(**ONE_ROUTE), encoding="utf-8")
        listener = re.search(r"address: .*", pathlib.Path(gateway.broker.config_file).read_text(encoding="utf-8"))[0]
        other.write_text(re.sub(r"address: .*", listener, other.read_text(encoding="utf-8")), encoding="utf-8")

        assert steps(gateway.result("plan", "-c", other)) == [
            ("change", "routes.coordinate_update", ["max_rate: off -> 200"])]
        assert len(steps(gateway.result("apply", "--config", other))) == 1
        assert steps(gateway.result("plan")) == [("change", "routes.coordinate_update", ["max_rate: 200 -> off"])]


def test_a_handler_moves_into_a_process_of_its_own_and_back(tmp_path):
    isolated = {"routes": {"select_object": {"handler": {"plugin": "select_object", "isolation": "process"}}}}

    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        for number, change, expected in [(1, isolated, "isolation: none -> process"),
                                         (2, {**isolated, "limits": {"isolation_timeout": "5s"}},
                                          "limits.isolation_timeout: 10s -> 5s"),
                                         (3, {"limits": {"isolation_timeout": "5s"}}, "isolation: process -> none")]:
            gateway.change(**change)
            report = await asyncio.to_thread(gateway.result, "apply")
            assert ("replace", "handlers.select_object", [expected]) in steps(report)
            await exchanged(robot, web, number)

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_a_plugin_whose_file_has_been_built_again_gets_a_new_generation(tmp_path):
    folder = tmp_path / "plugins"
    plugin = another_build(folder)

    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        assert steps(await asyncio.to_thread(gateway.result, "plan")) == []
        with plugin.open("ab") as file:
            file.write(b"and again")
        report = await asyncio.to_thread(gateway.result, "apply")
        assert steps(report) == [
            ("replace", "transports.realtime", [f"plugin: the file of {plugin} has changed"])]
        assert (report["swaps"][0]["moved"], report["swaps"][0]["staying"]) == (2, 0)
        await exchanged(robot, web, 1)

    with Gateway(tmp_path, transports={"realtime": {"plugin": str(plugin)}}) as gateway:
        run(scenario(gateway))


@pytest.mark.parametrize("change, sentence", [
    ({"workers": 7}, r"Nothing was changed: Only a restart can change workers: \w+ -> 7$"),
    ({"routes": {"coordinate_update": {"max_lagg": "1s"}}}, r'max_lagg.*did you mean "max_lag"'),
    ({"transports": {"realtime": {"plugin": "no_such_plugin"}}}, r"no_such_plugin"),
    ({"listeners": {"more": {"address": "192.0.2.1:8000"}}, "limits": {"max_message": "1KiB"}},
     r"Nothing was changed: .*192\.0\.2\.1:8000"),  # an address of documentation: nobody has it
])
def test_what_cannot_be_changes_nothing_and_says_why(tmp_path, change, sentence):
    with Gateway(tmp_path) as gateway:
        before = numbers(gateway)
        gateway.change(**change)

        assert re.search(sentence, gateway.refusal("apply"), re.M | re.S)

        assert numbers(gateway) == before
        gateway.change()
        assert steps(gateway.result("plan")) == []


@pytest.mark.parametrize("step, mood, said", [
    ("configure", "fail", "not in the mood to configure"), ("prepare", "throw", "thrown out of prepare"),
    ("prepare", "crash", "SIGABRT"), ("configure", "hang", "configure did not return within 5 s")])
def test_a_new_component_that_misbehaves_is_found_in_a_process_of_its_own(tmp_path, step, mood, said):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    env = {"OMNIBROKER_TEST_STEP": step, "OMNIBROKER_TEST_MOOD": mood, "OMNIBROKER_TEST_GATE": str(gate)}

    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")
        before = await asyncio.to_thread(numbers, gateway)
        gateway.change(transports={"moody": {"plugin": MOODY, "listener": "public", "path": "/moody"}},
                       routes={"coordinate_update": {"ack": True}})
        refusal = await asyncio.to_thread(gateway.refusal, "apply")
        assert refusal.startswith("omnibroker: Nothing was changed: transports.moody: ") and said in refusal, refusal
        assert await asyncio.to_thread(numbers, gateway) == before
        await exchanged(robot, web, 1)

    with Gateway(tmp_path, env=env) as gateway:
        run(scenario(gateway))


def make_certificate(folder):
    """The paths of a certificate for localhost and its key."""
    folder.mkdir()
    files = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", files[1], "-out", files[0]],
                   check=True, capture_output=True)
    return files


def test_what_is_watched_is_applied_when_it_changes(tmp_path):
    plugin = another_build(tmp_path / "plugins", "select_object")
    included = tmp_path / "more.yaml"
    included.write_text("log: {level: info}\n", encoding="utf-8")
    watched = {"control": {"watch": True}, "include": [str(included)], "log": {"level": None},
               "routes": {"select_object": {"handler": str(plugin)}}}

    async def scenario(gateway):
        robot = await connect(gateway.broker.ws_url, "omniverse_extension")
        web = await connect(gateway.broker.ws_url, "web_ui")

        async def applied(count, name):
            await asyncio.to_thread(gateway.broker.wait_for_log, "The configuration was applied", 60, count, changes="1")
            await asyncio.to_thread(gateway.broker.wait_for_log, "The configuration has changed", 60, name=name)
            await exchanged(robot, web, count)

        with plugin.open("ab") as file:
            file.write(b"and again")
        await applied(1, "handlers.select_object")
        gateway.change(**watched, limits={"messages_per_second": 4321})
        await applied(2, "limits")
        included.write_text("log: {level: debug}\n", encoding="utf-8")
        await applied(3, "log")
        gateway.change(**watched, mistake=True)
        await asyncio.to_thread(gateway.broker.wait_for_log, "The configuration was not applied", 60)
        await exchanged(robot, web, 4)

    with Gateway(tmp_path, **watched) as gateway:
        run(scenario(gateway))


def test_a_certificate_that_was_renewed_is_taken_without_ending_a_connection(tmp_path):
    pairs = make_certificate(tmp_path / "first"), make_certificate(tmp_path / "second")
    used = tmp_path / "cert.pem", tmp_path / "key.pem"

    def use(pair):
        for source, target in zip(pair, used):
            target.write_bytes(source.read_bytes())

    def is_served(port, pair):
        served = ssl.get_server_certificate(("127.0.0.1", port), timeout=20)
        return ssl.PEM_cert_to_DER_cert(served) == ssl.PEM_cert_to_DER_cert(pair[0].read_text(encoding="ascii"))

    async def scenario(gateway):
        port = gateway.broker.port
        context = ssl.create_default_context(cafile=pairs[0][0])
        web = await connect(f"wss://localhost:{port}/ws", ssl=context)
        assert await asyncio.to_thread(is_served, port, pairs[0])
        use(pairs[1])
        assert await asyncio.to_thread(is_served, port, pairs[0]), "nothing changes before it is applied"

        report = await asyncio.to_thread(gateway.result, "apply")

        assert steps(report) == [("change", "listeners.public", ["tls: the files have changed"])]
        assert await asyncio.to_thread(is_served, port, pairs[1])
        await send(web, type="client_register", client_type="web_ui")
        assert (await receive(web))["type"] == "ack"

        used[1].write_text("no key", encoding="ascii")
        assert "The TLS files cannot be used" in await asyncio.to_thread(gateway.refusal, "apply")
        assert await asyncio.to_thread(is_served, port, pairs[1])

    use(pairs[0])
    tls = {"certificate": str(used[0]), "key": str(used[1])}
    with Gateway(tmp_path, listeners={"public": {"tls": tls}}) as gateway:
        run(scenario(gateway))
