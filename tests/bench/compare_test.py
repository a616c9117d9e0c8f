"""tools/bench/compare: its arithmetic on figures that are known, and a short run with real servers."""

import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPARE = ROOT / "tools/bench/compare"
sys.path.insert(0, str(ROOT / "tools/bench"))

from comparison import goals, picture, tables  # noqa: E402
from comparison.measurement import Figures  # noqa: E402


def run(scenario, name, number, cpu, p99=1000, **more):
    result = {"settings": {"clients": 100}, "deliveries_per_s": 1e6, "latency_us": {"p99": p99}, "received": 10, "lost": 0,
              "duplicated": 0, "reordered": 0, "strange": 0, "clients_ended": 0,
              "server": {"cpu_us_per_delivery": cpu, "cpu_us_per_message": cpu * 2}, **more}
    return {"scenario": scenario, "server": name, "round": number, "others_cpu_s": 0, "result": result}


def goal_of(runs, work, part):
    found = [goal for goal in goals.all_goals(Figures(runs)) if goal.work == work and part in goal.goal]
    assert len(found) == 1
    return found[0]


def test_a_ratio_is_taken_within_each_round():
    # In the second round the machine was three times as slow, for both.
    runs = [run("saturated", "omnibroker", 1, 0.06), run("saturated", "nats-server", 1, 0.20),
            run("saturated", "omnibroker", 2, 0.18), run("saturated", "nats-server", 2, 0.60)]

    assert Figures(runs).ratio(("saturated", "omnibroker", goals.CPU), ("saturated", "nats-server", goals.CPU)) == \
        pytest.approx(0.3)
    assert goal_of(runs, "saturated, 100 clients", "CPU").met is True


@pytest.mark.parametrize("cpu,met", [(2.9, True), (3.1, True), (3.4, False)])
def test_a_goal_is_met_up_to_its_bound(cpu, met):
    runs = [run("paced", "omnibroker", 1, cpu), run("paced", "bare sends", 1, 3.0)]

    assert goal_of(runs, "1,000 msg/s to 100 clients", "bare sends").met is met


def test_what_was_not_measured_is_not_called_met():
    found = goals.all_goals(Figures([]))

    assert {goal.met for goal in found} == {None}
    assert "not shown" in tables.goal_table(Figures([]))


def test_a_lost_message_of_the_broker_breaks_the_promise_and_one_of_a_peer_does_not():
    fine = [run("paced", "omnibroker", 1, 3.0), run("paced", "ws on Node", 1, 3.0, lost=5)]

    assert goal_of(fine, "every run above", "nothing lost").met is True
    assert goal_of([*fine, run("paced", "omnibroker", 2, 3.0, lost=1)], "every run above", "nothing lost").met is False


def idle(clients, kib, ended=0, lost=0):
    server = {"memory_kib_before": 10_000, "memory_kib_connected": 10_000 + kib}
    return [run("idle", "omnibroker", 1, 0, server=server, settings={"clients": clients}, clients_ended=ended, lost=lost)]


@pytest.mark.parametrize("runs,met", [(idle(50_000, 49_000), True), (idle(50_000, 51_000), False),
                                      (idle(10_000, 5_000), None), (idle(50_000, 49_000, ended=1), False),
                                      (idle(50_000, 49_000, lost=1), False)])
def test_idle_clients_must_be_small_and_many_and_all_get_the_message(runs, met):
    assert goal_of(runs, "idle WebSocket clients, registered", "1 KiB").met is met


@pytest.mark.parametrize("paused,met", [({"up_to_date": True, "up_to_date_after_s": 0.2}, True),
                                        ({"up_to_date": True, "up_to_date_after_s": 1.2}, False),
                                        ({"up_to_date": False, "up_to_date_after_s": 0.2}, False)])
def test_a_client_that_stopped_must_be_up_to_date_in_a_second(paused, met):
    memory = {"cpu_us_per_delivery": 1, "memory_kib_connected": 10_000, "memory_kib_measured": 12_000}
    runs = [run("stalled", "all read", 1, 1, server={**memory, "memory_kib_measured": 10_500}),
            run("stalled", "one does not", 1, 1, paused=paused, server=memory)]

    assert goal_of(runs, "one client of 100 stops reading", "newest values").met is met
    assert goal_of(runs, "one client of 100 stops reading", "memory").met is True


@pytest.mark.parametrize("with_it,met", [(1200, True), (1500, True), (1700, False)])
def test_the_others_are_unchanged_within_what_the_rounds_differ_by_anyway(with_it, met):
    runs = [run("stalled", "all read", number, 1, p99) for number, p99 in enumerate((1000, 1000, 1600))]
    runs += [run("stalled", "one does not", number, 1, with_it) for number in range(3)]

    assert goal_of(runs, "one client of 100 stops reading", "p99").met is met


def test_the_picture_has_a_bar_for_each_server_as_long_as_its_figure():
    runs = [run("paced", "omnibroker", 1, 1.0), run("paced", "nats-server", 1, 4.0), run("paced", "ws on Node", 1, 2.0)]

    root = xml.etree.ElementTree.fromstring(picture.svg(Figures(runs)))

    bars = [float(bar.get("width")) for bar in root.iter("{http://www.w3.org/2000/svg}rect") if bar.get("rx")]
    assert bars == pytest.approx([50.0, 200.0, 100.0])
    assert "4.00 µs" in "".join(root.itertext())


def test_a_page_gets_new_figures_between_its_marks_and_keeps_the_rest(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nbehind\n", encoding="utf-8")

    tables.renew(page, "new\n")

    assert page.read_text(encoding="utf-8") == "before\n<!-- figures -->\nnew\n<!-- end of figures -->\nbehind\n"
    page.write_text("no marks\n", encoding="utf-8")
    with pytest.raises(tables.NoPlace, match="page.md has no lines"):
        tables.renew(page, "new\n")
    assert page.read_text(encoding="utf-8") == "no marks\n"


def test_a_short_run_with_real_servers_fills_the_tables(tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.fail("server and generator need a core each")
    figures, drawing = tmp_path / "figures.json", tmp_path / "picture.svg"
    words = [COMPARE, "--quick", "--seconds", "0.5", "--only", "one", "stalled", "start", "--json", figures, "--picture", drawing,
             "--build", os.environ["OMNIBROKER_BUILD"]]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stderr
    comparison = json.loads(figures.read_text(encoding="utf-8"))
    assert {(one["scenario"], one["server"]) for one in comparison["runs"]} == {
        ("one", "bare sends"), ("one", "omnibroker"), ("one", "nats-server"), ("stalled", "all read"),
        ("stalled", "one does not"), ("start", "omnibroker")}
    for one in comparison["runs"]:
        if one["scenario"] != "start":
            assert one["result"]["deliveries"] > 0 and one["result"]["server"]["cpu_us_per_delivery"] > 0
            assert one["result"]["lost"] == 0
    assert "| one subscriber, saturated: CPU µs per message |" in done.stdout
    assert "| start | `omnibroker run configs/gateway.yaml` serves within 200 ms |" in done.stdout
    again = subprocess.run([str(COMPARE), "--from", str(figures)], capture_output=True, text=True, timeout=60, check=True)
    assert again.stdout == done.stdout
    xml.etree.ElementTree.fromstring(drawing.read_text(encoding="utf-8"))


def test_a_build_that_is_not_there_is_named(tmp_path):
    done = subprocess.run([str(COMPARE), "--quick", "--only", "flush", "--build", str(tmp_path)], capture_output=True, text=True,
                          timeout=60, check=False)

    assert done.returncode == 1
    assert "bin/omnibroker is not built: cmake --preset bench" in done.stderr
    assert "Traceback" not in done.stderr
