"""The log of a running broker: text, JSON, file, colours."""

import json
import pathlib
import re
import signal

import pytest
from broker import Broker, gateway_config
from program import Running, Terminal


def config_file(tmp_path, **log):
    file = tmp_path / "broker.yaml"
    file.write_text(gateway_config(log={"format": None, **log}))
    return file


def test_text_lines_have_time_level_component_sentence_and_fields(tmp_path):
    with Running("run", config_file(tmp_path)) as run:
        run.wait_for("Serving")
        assert run.stop() == 0

        line = next(line for line in run.lines if "Serving" in line)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO  broker: Serving workers=\d+ components=\d+ "
                            r"version=[\d.]+ start_ms=\d+", line), line


def test_json_lines_are_objects_with_fields_as_strings():
    with Broker() as broker:
        line = broker.wait_for_log("Serving")

        assert list(line.fields)[:4] == ["time", "level", "component", "sentence"]
        assert line.level == "info"
        assert all(isinstance(value, str) for value in line.fields.values())
        assert all(isinstance(json.loads(each.text), dict) for each in broker.log)


def test_a_file_gets_the_log_and_standard_error_stays_quiet(tmp_path):
    log = tmp_path / "logs/broker.log"
    with Broker(gateway_config(log={"output": "file", "file": str(log), "format": None}), serving=False) as broker:
        while not (log.exists() and "Serving" in log.read_text()):
            assert broker.alive(), broker.log_text()
        assert broker.stop() == 0

        assert broker.log_text() == ""
        lines = log.read_text().splitlines()
        assert any("Listening listener=public" in line for line in lines)
        assert "Stopped" in lines[-1]


def test_a_log_that_cannot_be_opened_is_status_3_with_the_reason():
    with Broker(gateway_config(log={"output": "file", "file": "/proc/no/broker.log"}), serving=False) as broker:
        assert broker.wait() == 3
        assert "/proc/no" in broker.log_text()


def test_the_level_leaves_out_what_is_below(tmp_path):
    with Running("run", config_file(tmp_path, level="warn")) as run:
        run.wait_for("is serving")
        path = pathlib.Path(run.process.args[-1])
        path.write_text(path.read_text(encoding="utf-8") + "mistake: true\n", encoding="utf-8")
        run.process.send_signal(signal.SIGHUP)
        run.wait_for("ERROR broker: The configuration was not applied")

        assert run.stop() == 0
        assert "INFO" not in run.text()


def test_a_terminal_gets_colours(tmp_path):
    with Terminal("run", config_file(tmp_path)) as terminal:
        terminal.wait_for(r"Serving")
        terminal.wait_for(r"Try next")
        terminal.type("\x03")  # Ctrl-C
        assert terminal.wait() == 0

        assert re.search(r"Z \033\[32mINFO \033\[0m broker: Serving \033\[2mworkers=\033\[0m", terminal.text)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(tmp_path, env):
    with Terminal("run", config_file(tmp_path), env=env) as terminal:
        terminal.wait_for(r"Serving")
        terminal.type("\x03")
        assert terminal.wait() == 0

        assert "\033" not in terminal.text
