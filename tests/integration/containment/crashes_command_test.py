"""`omnibroker crashes`: what has crashed, for people and for programs."""

import json
import re

import pytest
import yaml
from crashing import LIBRARY, CrashingBroker, config, crash, forge, only_report, private_folder, sha256
from program import omnibroker


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "crashes"


def test_a_crash_is_a_line(folder):
    crash(folder)
    report = only_report(folder)

    done = omnibroker("crashes", "--dir", folder)

    assert done.returncode == 0 and done.stderr == ""
    heading, line = done.stdout.splitlines()
    assert heading.split() == ["TIME", "SIGNAL", "COMPONENT", "GEN", "CALL", "PLUGIN", "HASH", "REPORT"]
    assert line.split() == [report["time"], "SIGSEGV", "handlers.crash", "1", "handle", "crashing", sha256(LIBRARY)[:12],
                            str(report.file)]


def test_a_program_gets_everything(folder):
    crash(folder)
    report = only_report(folder)

    [entry] = json.loads(omnibroker("crashes", "--dir", folder, "--json").stdout)["crashes"]

    assert entry == {"report": str(report.file), "time": report["time"], "signal": "SIGSEGV",
                     "process": report["process"], "thread": report["thread"], "version": "0.1.0",
                     "component": "handlers.crash", "generation": "1", "call": "handle", "plugin": "crashing",
                     "file": str(LIBRARY), "sha256": sha256(LIBRARY), "build_id": report["build-id"]}


def test_the_newest_stands_first(folder):
    for day in (2, 3, 1):
        forge(folder, f"2026-01-0{day}T00:00:00Z")

    lines = omnibroker("crashes", "--dir", folder).stdout.splitlines()

    assert [line.split()[0] for line in lines[1:]] == [f"2026-01-0{day}T00:00:00Z" for day in (3, 2, 1)]


def test_a_thread_without_a_mark_is_listed_with_the_plugin_on_its_stack(folder):
    file = forge(folder, "2026-01-01T00:00:00Z")
    text = re.sub(r"(component|call|plugin|sha256)( +)\S+", r"\1\2-", file.read_text())
    file.write_text(text + f"stack\n  0 crashing.so + 0x1\nlibraries\non the stack\nplugin      crashing\n"
                           f"sha256      {sha256(LIBRARY)}\nend\n")

    [entry] = json.loads(omnibroker("crashes", "--dir", folder, "--json").stdout)["crashes"]

    assert (entry["component"], entry["plugin"], entry["sha256"]) == ("", "crashing", sha256(LIBRARY))


def test_clearing_removes_reports_and_nothing_else(folder):
    for day in (1, 2):
        forge(folder, f"2026-01-0{day}T00:00:00Z")
    other = folder / "notes.txt"
    other.write_text("mine")

    assert omnibroker("crashes", "--dir", folder, "--clear").stdout == "2 crash reports are removed\n"
    assert list(folder.iterdir()) == [other]
    assert json.loads(omnibroker("crashes", "--dir", folder, "--clear", "--json").stdout) == {"removed": 0}
    assert omnibroker("crashes", "--dir", folder).stdout == f"No crash reports in {folder}\n"


def test_a_configuration_says_where_they_are(tmp_path, folder):
    forge(folder, "2026-01-01T00:00:00Z")
    file = tmp_path / "broker.yaml"
    file.write_text(yaml.safe_dump({"crashes": {"folder": "crashes"}}))

    assert "handlers.crash" in omnibroker("crashes", file, cwd="/").stdout


def test_without_a_word_they_are_the_users_own(tmp_path):
    environment = {"XDG_STATE_HOME": str(tmp_path), "STATE_DIRECTORY": None, "HOME": str(tmp_path / "home")}
    private_folder(tmp_path / "omnibroker")
    forge(tmp_path / "omnibroker/crashes", "2026-01-01T00:00:00Z")

    assert "handlers.crash" in omnibroker("crashes", env=environment).stdout


def test_what_cannot_be_looked_into_is_said(tmp_path, folder):
    done = omnibroker("crashes", "--dir", folder)
    assert done.returncode == 1
    assert done.stderr == f"omnibroker: {folder}: No such file or directory\n"

    private_folder(folder).chmod(0o777)
    assert omnibroker("crashes", "--dir", folder).stderr == \
        f"omnibroker: {folder} is not used: it is open to other users\n"
    assert omnibroker("crashes", tmp_path / "none.yaml").stderr == f"omnibroker: {tmp_path / 'none.yaml'} is not a file\n"
    assert omnibroker("crashes", "--dir", folder, tmp_path / "none.yaml").returncode == 2


def test_a_control_character_in_a_report_does_not_reach_the_terminal(folder):
    file = forge(folder, "2026-01-01T00:00:00Z")
    file.write_text(file.read_text().replace("handlers.crash", "handlers.\x1b[31mcrash"))

    assert "\x1b" not in omnibroker("crashes", "--dir", folder).stdout


def test_a_broker_that_stops_in_order_leaves_none(folder):
    with CrashingBroker(config(folder)) as broker:
        assert broker.stop() == 0
    assert omnibroker("crashes", "--dir", folder).stdout == f"No crash reports in {folder}\n"
