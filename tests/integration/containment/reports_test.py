"""What a crash of the built broker leaves behind: a report that says in whose code it was, and the same end as ever."""

import asyncio
import re
import signal
import subprocess

import pytest
from clients import connect, receive, run, send
from crashing import (CRASHES, LIBRARY, CrashingBroker, assert_ended_by, build_id, config, only_report, private_folder,
                      reports, sha256, tell)
from program import omnibroker
from running import another_build as another_websocket

CALLS = {"timer": "timer", "blocking": "run_blocking"}


@pytest.mark.parametrize("how", CRASHES)
def test_the_report_names_the_component_its_library_and_the_call(tmp_path, how):
    folder = tmp_path / "crashes"
    with CrashingBroker(config(folder)) as broker:
        tell(broker, how)
        assert_ended_by(broker, CRASHES[how])
        [sentence] = [line.text for line in broker.log if line.text.startswith("omnibroker: crashed")]
    report = only_report(folder)

    assert re.fullmatch(r"\d{8}T\d{6}Z-\d+\.crash", report.file.name)
    assert report.file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", report["time"])
    assert report["signal"].split(",")[0] == CRASHES[how]
    assert report["process"] == str(broker.pid)
    assert report["version"] == "0.1.0"
    assert report["component"] == "handlers.crash"
    assert report["generation"] == "1"
    assert report["call"] == CALLS.get(how, "handle")
    assert report["plugin"] == "crashing"
    assert report["file"] == str(LIBRARY)
    assert report["sha256"] == sha256(LIBRARY)
    assert report["build-id"] == build_id(LIBRARY)
    assert any(re.fullmatch(r"\d+ crashing\.so \+ 0x[0-9a-f]+", line) for line in report.parts["stack"]), report.text
    assert f"{LIBRARY} build-id {build_id(LIBRARY)}" in report.parts["libraries"]
    assert report.parts["end"] == []
    for part in (CRASHES[how], "handlers.crash", "crashing", sha256(LIBRARY)[:12], build_id(LIBRARY), str(broker.pid),
                 str(report.file)):
        assert part in sentence


def test_the_report_tells_the_calls_that_led_there(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes", workers=1)) as broker:
        tell(broker, "null")
        broker.wait()

    report = only_report(tmp_path / "crashes")

    assert report["inside"] == "handlers.crash g1 handle < the core < transports.realtime g1 receive"
    assert report["thread"].split(" ", 1)[1] == "worker 0"
    assert report["signal"] == "SIGSEGV, address 0x0, nothing is mapped there"


def test_what_is_in_the_stack_is_found_in_the_library(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes")) as broker:
        tell(broker, "null")
        broker.wait()

    first = only_report(tmp_path / "crashes").parts["stack"][0]

    offset = int(re.fullmatch(r"0 crashing\.so \+ (0x[0-9a-f]+)", first).group(1), 16)
    assert function_at(LIBRARY, offset) == "write_to_null"


def function_at(library, offset):
    lines = subprocess.run(["nm", "-C", "--defined-only", str(library)], capture_output=True, text=True, check=True).stdout
    functions = sorted((int(address, 16), name) for address, kind, name in
                       (line.split(" ", 2) for line in lines.splitlines()) if kind in "tT")
    return re.sub(r".*::|\(.*", "", [name for address, name in functions if address <= offset][-1])


def test_a_filter_is_named_as_a_filter(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes", filters=["crashing:filter"])) as broker:
        tell(broker, "null")
        assert_ended_by(broker, "SIGSEGV")

    report = only_report(tmp_path / "crashes")
    assert (report["component"], report["call"], report["plugin"]) == ("filters.crash.1", "filter", "crashing")


def test_a_crash_in_a_step_of_its_life_names_the_step(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes", handler={"in_prepare": "null"}), serving=False) as broker:
        assert_ended_by(broker, "SIGSEGV")

    report = only_report(tmp_path / "crashes")
    assert (report["component"], report["call"], report["plugin"]) == ("handlers.crash", "prepare", "crashing")


def test_a_thread_of_a_plugins_own_is_found_by_its_stack(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes")) as broker:
        tell(broker, "own_thread")
        assert_ended_by(broker, "SIGSEGV")

    report = only_report(tmp_path / "crashes")
    assert (report["component"], report["sha256"], report["inside"]) == ("-", "-", "no component")
    assert f"sha256      {sha256(LIBRARY)}" in report.parts["on the stack"]


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"])
def test_a_crash_outside_of_components_is_none_of_theirs(tmp_path, name):
    with CrashingBroker(config(tmp_path / "crashes")) as broker:
        broker.signal(getattr(signal, name))
        assert_ended_by(broker, name)

    report = only_report(tmp_path / "crashes")
    assert re.fullmatch(rf"{name}, sent by process \d+", report["signal"])
    assert report["inside"] == "no component"
    assert [report[word] for word in ("component", "call", "plugin", "file", "sha256", "build-id")] == ["-"] * 6
    assert "on the stack" not in report.parts
    assert report.parts["stack"] != []  # of whichever thread the system has chosen
    for line in report.parts["libraries"]:
        path, _, found = line.partition(" build-id ")
        assert found == build_id(path)


def test_an_exception_is_no_crash(tmp_path):
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="crash", how="throw")
        assert (await receive(web))["error_code"] == "INTERNAL_ERROR"

    with CrashingBroker(config(tmp_path / "crashes")) as broker:
        run(scenario(broker))
        assert broker.stop() == 0
    assert reports(tmp_path / "crashes") == []


def test_a_generation_is_told_by_its_number(tmp_path):
    """What a handler does for a client happens within the transport that the client came by."""
    control = tmp_path / "control.sock"
    with CrashingBroker(config(tmp_path / "crashes", control={"socket": str(control)})) as broker:
        plugin = another_websocket(tmp_path / "new")
        done = omnibroker("swap", "transports.realtime", "--plugin", plugin, "--control", control)
        assert done.returncode == 0, done.stderr
        tell(broker, "null")
        assert_ended_by(broker, "SIGSEGV")

    assert only_report(tmp_path / "crashes")["inside"].endswith("< transports.realtime g2 receive")


def test_without_a_folder_the_sentence_is_all(tmp_path):
    with CrashingBroker(config(tmp_path / "crashes", crashes={"folder": "off"})) as broker:
        tell(broker, "null")
        assert_ended_by(broker, "SIGSEGV")
        assert re.search(r"omnibroker: crashed with SIGSEGV.*inside handlers\.crash \(handle\) of plugin crashing",
                         broker.log_text())
        assert "the report is" not in broker.log_text()
    assert not (tmp_path / "crashes").exists()


@pytest.mark.parametrize("variable, place", [("STATE_DIRECTORY", "crashes"), ("XDG_STATE_HOME", "omnibroker/crashes")])
def test_the_folder_is_the_users_own_where_none_is_named(tmp_path, variable, place):
    environment = {"STATE_DIRECTORY": None, "XDG_STATE_HOME": None, variable: str(tmp_path)}
    with CrashingBroker(config("auto"), env=environment) as broker:
        broker.signal(signal.SIGSEGV)
        broker.wait()

    assert only_report(tmp_path / place)["component"] == "-"


def test_a_named_folder_that_others_can_look_into_is_refused(tmp_path):
    folder = private_folder(tmp_path / "crashes")
    folder.chmod(0o755)
    with CrashingBroker(config(folder), serving=False) as broker:
        assert broker.wait() == 3
        assert f"The folder for crash reports: {folder} is not used: it is open to other users" in broker.log_text()
    assert folder.stat().st_mode & 0o777 == 0o755


def test_two_threads_that_crash_at_once_leave_one_report(tmp_path):
    async def scenario(broker):
        webs = [await connect(broker.ws_url, "web_ui") for _ in range(8)]
        await asyncio.gather(*(send(web, type="crash", how="null") for web in webs))
        await asyncio.gather(*(asyncio.wait_for(web.wait_closed(), 60) for web in webs))

    with CrashingBroker(config(tmp_path / "crashes", workers=4)) as broker:
        run(scenario(broker), timeout=90)
        assert_ended_by(broker, "SIGSEGV")

    assert only_report(tmp_path / "crashes").parts["end"] == []
