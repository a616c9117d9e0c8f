"""What a broker does at its start with a library that has crashed again and again."""

import datetime
import re

import pytest
from clients import connect, receive, run, send, update
from crashing import LIBRARY, CrashingBroker, another_build, config, crash, forge, private_folder, reports, sha256
from program import omnibroker, plugin_folder
from running import Gateway

WARNING = "Safe mode: what a plugin makes that has crashed again and again is left out"
YESTERDAY = "2026-01-01T10:00:{:02d}Z"


def crashed(folder, times=3, **options):
    """`times` reports, a second apart."""
    return [forge(folder, YESTERDAY.format(second), process=second + 1, **options) for second in range(times)]


def answer_to(broker):
    """The code that a client hears of a message whose handler throws; behind that, the rest must be served."""
    answers = []

    async def scenario():
        robot = await connect(broker.ws_url, "omniverse_extension")
        web = await connect(broker.ws_url, "web_ui")
        await send(web, type="crash", how="throw")
        answers.append(await receive(web))
        await send(robot, **update())
        assert (await receive(web))["type"] == "coordinate_update"

    run(scenario())
    return answers[0]["error_code"]


def test_after_three_crashes_the_plugin_is_left_out_and_the_rest_is_served(tmp_path):
    folder = tmp_path / "crashes"
    for _ in range(3):
        crash(folder)
    assert len(reports(folder)) == 3

    with CrashingBroker(config(folder)) as broker:
        [warning] = broker.find_log(WARNING)
        assert warning.level == "warn"
        assert warning["plugin"] == "crashing"
        assert warning["sha256"] == sha256(LIBRARY)
        assert warning["crashes"] == "3"
        assert warning["components"] == "handlers.crash"
        assert warning["reports"] == str(folder)
        assert "omnibroker crashes --clear" in warning["to_do"]
        assert broker.find_log("It runs in safe mode", left_out=1)
        assert answer_to(broker) == "UNKNOWN_MESSAGE_TYPE"


def test_after_two_it_is_loaded_still(tmp_path):
    crashed(tmp_path / "crashes", times=2)
    with CrashingBroker(config(tmp_path / "crashes")) as broker:
        assert broker.find_log(WARNING) == []
        assert answer_to(broker) == "INTERNAL_ERROR"


@pytest.mark.parametrize("crashes", [{"safe_mode_after": "off"}, {"safe_mode_window": "1s"}, {"folder": "off"}])
def test_options_say_when_it_begins(tmp_path, crashes):
    crashed(tmp_path / "crashes")
    with CrashingBroker(config(tmp_path / "crashes", crashes=crashes)) as broker:
        assert broker.find_log(WARNING) == []
        assert answer_to(broker) == "INTERNAL_ERROR"


def test_once_may_be_enough(tmp_path):
    crashed(tmp_path / "crashes", times=1)
    with CrashingBroker(config(tmp_path / "crashes", crashes={"safe_mode_after": 1})) as broker:
        assert answer_to(broker) == "UNKNOWN_MESSAGE_TYPE"


def test_another_build_is_loaded(tmp_path):
    crashed(tmp_path / "crashes")
    built = another_build(tmp_path / "new")
    with CrashingBroker(config(tmp_path / "crashes", library=built)) as broker:
        assert broker.find_log(WARNING) == []
        assert answer_to(broker) == "INTERNAL_ERROR"


def test_it_is_loaded_when_the_reports_are_gone(tmp_path):
    folder = tmp_path / "crashes"
    crashed(folder)

    assert omnibroker("crashes", "--dir", folder, "--clear").stdout == "3 crash reports are removed\n"

    with CrashingBroker(config(folder)) as broker:
        assert answer_to(broker) == "INTERNAL_ERROR"


def test_crashes_outside_of_plugins_leave_nothing_out(tmp_path):
    folder = private_folder(tmp_path / "crashes")
    for file in crashed(folder):
        file.write_text(file.read_text().replace(sha256(LIBRARY), "-"))
    with CrashingBroker(config(folder)) as broker:
        assert answer_to(broker) == "INTERNAL_ERROR"


def test_a_route_goes_with_a_filter_that_it_requires(tmp_path):
    crashed(tmp_path / "crashes")
    filtered = config(tmp_path / "crashes", routes={
        "select_object": {"filters": [{"plugin": "crashing:filter"}]}, "crash": None})
    with CrashingBroker(filtered) as broker:
        [warning] = broker.find_log(WARNING)
        assert warning["components"] == "filters.select_object.1, handlers.select_object"


def test_a_filter_that_is_not_required_goes_alone(tmp_path):
    crashed(tmp_path / "crashes")
    filtered = config(tmp_path / "crashes", routes={
        "select_object": {"filters": [{"plugin": "crashing:filter", "required": False}]}, "crash": None})
    with CrashingBroker(filtered) as broker:
        [warning] = broker.find_log(WARNING)
        assert warning["components"] == "filters.select_object.1"


def test_without_reply_nothing_is_served(tmp_path):
    crashed(tmp_path / "crashes", plugin="reply", library=plugin_folder() / "reply.so")
    with CrashingBroker(config(tmp_path / "crashes"), serving=False) as broker:
        assert broker.wait() == 3
        assert re.search(r"Could not start: reply: plugin reply \([0-9a-f]{12}\) has crashed 3 times, and nothing can be "
                         r"served without it", broker.log_text())


def test_a_transport_goes_and_the_other_serves(tmp_path):
    crashed(tmp_path / "crashes", plugin="websocket", library=plugin_folder() / "websocket.so")
    with Gateway(tmp_path, crashes={"folder": str(tmp_path / "crashes")}) as gateway:
        status = gateway.result("status")
        assert status["crash_reports"] == str(tmp_path / "crashes")
        assert status["safe_mode"] == [{"name": "transports.realtime", "plugin": "websocket",
                                        "sha256": sha256(plugin_folder() / "websocket.so"), "crashes": 3}]
        assert [component["name"] for component in status["components"]][:1] == ["transports.rest"]
        text = gateway.command("status").stdout
        assert f"safe mode      the reports are in {tmp_path / 'crashes'}\n" in text
        assert re.search(r"^LEFT OUT +PLUGIN +HASH +CRASHES\ntransports\.realtime +websocket +[0-9a-f]{12} +3$", text, re.M)
        assert "There is no component" in gateway.refusal("swap", "transports.realtime")


def test_a_broker_that_leaves_nothing_out_says_so_to_programs(tmp_path):
    with Gateway(tmp_path, crashes={"folder": str(tmp_path / "crashes")}) as gateway:
        assert gateway.result("status")["safe_mode"] == []
        assert "safe mode" not in gateway.command("status").stdout


def test_reports_of_others_and_what_is_no_report_count_for_nothing(tmp_path):
    folder = tmp_path / "crashes"
    first, second, third = crashed(folder)
    first.write_bytes(b"\x00" * 100_000)
    target = tmp_path / "elsewhere"
    target.write_text(second.read_text())
    second.unlink()
    second.symlink_to(target)
    with CrashingBroker(config(folder)) as broker:
        assert broker.find_log(WARNING) == []
    assert third.exists()


def test_the_newest_fifty_reports_are_kept(tmp_path):
    folder = tmp_path / "crashes"
    begin = datetime.datetime(2026, 1, 1, 10)
    files = [forge(folder, (begin + datetime.timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")) for hour in range(60)]
    with CrashingBroker(config(folder)):
        pass
    assert sorted(folder.iterdir()) == sorted(files[10:])


