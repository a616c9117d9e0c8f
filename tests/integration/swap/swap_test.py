"""Generations of a transport under live traffic: nobody is cut off, nothing is lost, doubled or out of order."""

import json
import os
import pathlib
import socket
import subprocess
import threading
import time

import pytest

from broker import executable
from clients import TIMEOUT, Broker, RawWebSocket, gateway_config, metric
from control import Control, ControlError, builds

SECONDS = float(os.environ.get("OMNIBROKER_SWAP_SECONDS", "20"))
BOTH_WAYS = os.environ["OMNIBROKER_BOTH_WAYS"]
PLUGINS = pathlib.Path(executable()).parents[1] / "plugins"
WEBSOCKET = PLUGINS / "websocket.so"


def config(folder, workers=2, **changes):
    base = {"workers": workers, "control": {"socket": str(folder / "control.sock")},
            "limits": {"messages_per_second": "off", "frames_per_second": "off", "max_connections_per_address": 60_000,
                       "max_control_queue": "16MiB", "max_backlog": "64MiB", **changes.pop("limits", {})},
            "routes": {"coordinate_update": {"max_lag": "off", **changes.pop("coordinate_update", {})},
                       "select_object": {"ack": False}}}
    return gateway_config(**base, **changes)


def both_ways(broker, maps, rate, seconds, *words):
    process = subprocess.Popen([BOTH_WAYS, str(broker.port), str(maps), str(rate), str(seconds), *words],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def nothing_happened(process):
    """What the clients saw; asserts that it is as if nothing had been swapped."""
    report = json.loads(process.stdout.readline())
    assert process.wait(TIMEOUT) == 0
    print(report)
    assert report["received"] > 0
    for name in ("lost", "missing", "twice", "disordered", "strange", "closed"):
        assert report[name] == 0, report
    return report


def swap_until_done(process, control, plugins, every):
    """Swaps between the plugins as long as the clients run; answers the reports."""
    reports = []
    deadline = time.monotonic() + every
    while process.poll() is None:
        time.sleep(max(0.0, min(0.1, deadline - time.monotonic())))
        if time.monotonic() < deadline:
            continue
        deadline += every
        reports.append(control.swap(plugin=str(plugins[(len(reports) + 1) % len(plugins)])))
    return reports[:-1]  # during the last one they may have left


@pytest.mark.parametrize("plugins", ["builds", "websocket_beast"])
def test_clients_that_send_fragments_do_not_notice_swaps(tmp_path, plugins):
    """Each message in two frames with a ping between; from one build to another, and to another implementation."""
    others = builds(tmp_path, WEBSOCKET) if plugins == "builds" else [WEBSOCKET, PLUGINS / "websocket_beast.so"]
    do_not_notice_swaps(tmp_path, 300, 10, max(10, SECONDS / 3), others, "fragments")


def test_a_thousand_clients_do_not_notice_swaps(tmp_path):
    do_not_notice_swaps(tmp_path, 1000, 20, SECONDS, builds(tmp_path, WEBSOCKET))


def do_not_notice_swaps(tmp_path, maps, rate, seconds, plugins, *words):
    with Broker(config(tmp_path)) as broker:
        control = Control(tmp_path / "control.sock")
        process = both_ways(broker, maps, rate, seconds, *words)
        reports = swap_until_done(process, control, plugins, min(2.0, seconds / 10))
        nothing_happened(process)
        while reports and reports[-1]["moved"] < maps + 1:  # they were leaving, with nothing left to send
            reports.pop()

        assert len(reports) >= 3
        for report in reports:
            assert report["staying"] == 0, report
        assert all(report["moved"] == maps + 1 for report in reports)
        worst = max(report["freeze_p99_us"] for report in reports)
        print(f"{len(reports)} swaps, freeze p50 {sorted(r['freeze_p50_us'] for r in reports)[len(reports) // 2]} us, "
              f"worst p99 {worst} us")


def test_connections_that_arrive_during_swaps_are_all_served(tmp_path):
    """As fast as they can be made, one after another on several threads."""
    with Broker(config(tmp_path)) as broker:
        control = Control(tmp_path / "control.sock")
        plugins = builds(tmp_path, WEBSOCKET)
        ended, made, failed = threading.Event(), [], []

        def connect():
            count = 0
            while not ended.is_set():
                try:
                    client = RawWebSocket(broker.port).register("web_ui")
                    client.close()
                    count += 1
                except Exception as error:  # noqa: BLE001  whatever it is, it must not happen
                    failed.append(repr(error))
                    return
            made.append(count)

        threads = [threading.Thread(target=connect) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(100):
            control.swap(plugin=str(plugins[(number + 1) % 2]))
        ended.set()
        for thread in threads:
            thread.join(TIMEOUT)

        assert not failed
        assert sum(made) > 100
        assert metric(broker, "connections_refused_total") == 0


def test_rollback_gives_everything_back(tmp_path):
    with Broker(config(tmp_path)) as broker:
        control = Control(tmp_path / "control.sock")
        process = both_ways(broker, 100, 20, 6)
        control.swap(plugin=str(builds(tmp_path, WEBSOCKET)[0]))
        report = control.ask("rollback", name="transports.realtime")
        assert (report["from"], report["to"], report["moved"]) == (2, 1, 101)
        nothing_happened(process)
        assert [(entry["generation"], entry["state"]) for entry in control.generations()] == \
            [(1, "current"), (2, "previous")]


def test_what_runs_already_is_not_swapped(tmp_path):
    with Broker(config(tmp_path)):
        control = Control(tmp_path / "control.sock")
        with pytest.raises(ControlError, match="runs exactly this already"):
            control.swap()
        with pytest.raises(ControlError, match="runs exactly this already"):
            control.swap(plugin=str(WEBSOCKET))
        assert len(control.generations()) == 1


def test_generations_end_when_their_time_is_over(tmp_path):
    """Memory and the number of generations stay where they are, whatever the number of swaps."""
    swaps = int(os.environ.get("OMNIBROKER_SWAPS", "200"))
    with Broker(config(tmp_path, limits={"rollback_window": "off"})) as broker:
        control = Control(tmp_path / "control.sock")
        plugins = builds(tmp_path, WEBSOCKET)
        client = RawWebSocket(broker.port).register("web_ui")
        sizes = []
        for number in range(swaps):
            control.swap(plugin=str(plugins[(number + 1) % 2]))
            client.send({"type": "select_object", "prim_path": "/World/Robot"})
            if number % (swaps // 4) == swaps // 4 - 1:
                until_one_generation(control)
                sizes.append(resident(broker))
        client.close()
        assert control.generations()[0]["generation"] == swaps + 1
        assert mapped(broker, "websocket") <= 3, "the first, and the two that were swapped"
        assert sizes[-1] - sizes[0] < 4 * 1024 * 1024 or "san" in maps_of(broker), sizes


def maps_of(broker):
    return pathlib.Path(f"/proc/{broker.pid}/maps").read_text(encoding="utf-8")


def mapped(broker, name):
    """How many libraries with this name in their own are mapped."""
    return len({line.split()[-1] for line in maps_of(broker).splitlines() if name in line and ".so" in line})


def resident(broker):
    status = pathlib.Path(f"/proc/{broker.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) * 1024


def test_a_half_closed_client_still_gets_what_is_pending(tmp_path):
    with Broker(config(tmp_path)) as broker:
        control = Control(tmp_path / "control.sock")
        web, robot = RawWebSocket(broker.port).register("web_ui"), RawWebSocket(broker.port).register(
            "omniverse_extension")
        for number in range(100):
            robot.send({"type": "coordinate_update", "prim_path": "/World/Robot", "latitude": 1, "longitude": 2,
                        "height": 0.0, "metadata": {"n": number}})
        robot.socket.shutdown(socket.SHUT_WR)
        control.swap(plugin=str(builds(tmp_path, WEBSOCKET)[0]))
        seen = [web.message()["metadata"]["n"] for _ in range(100)]
        assert seen == list(range(100))
        web.close()
        robot.close()


def test_the_last_of_its_role_on_a_worker_misses_nothing(tmp_path):
    """One robot and one map on different workers: whoever sends must not find the other gone for a moment."""
    messages = 60_000
    with Broker(config(tmp_path)) as broker:
        control = Control(tmp_path / "control.sock")
        plugins = builds(tmp_path, WEBSOCKET)
        robot, web = (RawWebSocket(broker.port).register(role) for role in ("omniverse_extension", "web_ui"))
        assert len({session["worker"] for session in control.ask("sessions")["sessions"]}) == 2
        sent = threading.Event()

        def select():
            for number in range(0, messages, 50):
                web.send(*({"type": "select_object", "prim_path": f"/{index}"} for index in range(number, number + 50)))
            sent.set()

        def swap():
            count = 0
            while not sent.is_set():
                count += 1
                control.swap(plugin=str(plugins[count % 2]))

        threads = [threading.Thread(target=select), threading.Thread(target=swap)]
        for thread in threads:
            thread.start()
        assert [int(robot.message()["prim_path"][1:]) for _ in range(messages)] == list(range(messages))
        for thread in threads:
            thread.join(TIMEOUT)
        robot.close()
        web.close()


def test_a_client_that_is_being_closed_is_moved_like_any_other(tmp_path):
    """It is too slow, and waits for its end, when its generation goes."""
    changes = {"coordinate_update": {"slow_clients": "disconnect", "max_backlog": "64KiB"},
               "limits": {"rollback_window": "off", "linger": "10m"}}
    with Broker(config(tmp_path, workers=1, **changes)) as broker:
        control = Control(tmp_path / "control.sock")
        slow, robot = RawWebSocket(broker.port, 4096).register("web_ui"), RawWebSocket(broker.port).register(
            "omniverse_extension")
        while metric(broker, "connections_closed_total", reason="max_stall") == 0:
            robot.send(*({"type": "coordinate_update", "prim_path": "/World/R", "latitude": 1, "longitude": 2,
                          "height": 0.0, "metadata": {"fill": "x" * 4000}} for _ in range(50)))
        for plugin in builds(tmp_path, WEBSOCKET, 3):
            control.swap(plugin=str(plugin))
            until_one_generation(control)
        robot.send({"type": "nonsense"})
        assert robot.message()["type"] == "error"
        slow.close()
        robot.close()


def until_one_generation(control):
    deadline = time.monotonic() + TIMEOUT
    while len(control.generations()) > 1:
        assert time.monotonic() < deadline, control.generations()
        time.sleep(0.05)
