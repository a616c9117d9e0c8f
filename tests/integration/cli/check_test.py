"""`omnibroker check`: all mistakes at once, each with its place."""

import re

import pytest
from program import CONFIGS, Terminal, load_yaml, omnibroker

FIVE_MISTAKES = """\
listeners:
  public: { address: "localhost:99999" }

transports:
  realtime: { plugin: websocket, listener: pubilc, path: /ws }
  rest:     { plugin: htpp,      listener: public, path: /api }

routes:
  client_register: { from: anyone, handler: client_register }
  coordinate_update:
    from: omniverse_extension
    to: web_ui
    handler: coordinate_update
    latest_bye: prim_path

limits:
  idle_timeout: 120 parsecs
"""


def test_five_mistakes_are_five_lines_with_positions(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text(FIVE_MISTAKES)

    result = omnibroker("check", file)

    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 5, result.stdout
    for line in lines:
        assert re.match(rf"{re.escape(str(file))}:\d+:\d+: [\w.]+: \S", line), line
    places = [line.removeprefix(f"{file}:").split(": ")[:2] for line in lines]
    assert [path for _, path in places] == [
        "listeners.public.address", "transports.realtime.listener", "transports.rest.plugin",
        "routes.coordinate_update.latest_bye", "limits.idle_timeout"]
    assert [int(place.split(":")[0]) for place, _ in places] == [2, 5, 6, 14, 17]
    assert "public" in lines[1] and "http" in lines[2] and "latest_by" in lines[3]  # what was probably meant


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.name)
def test_each_file_of_configs_is_good(file):
    result = omnibroker("check", file)

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == f"{file}: ok\n"


def test_several_files_are_each_checked(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("nonsense: 1\n")

    result = omnibroker("check", CONFIGS[0], broken, CONFIGS[1])

    assert result.returncode == 1
    assert f"{CONFIGS[0]}: ok" in result.stdout
    assert f"{CONFIGS[1]}: ok" in result.stdout
    assert f"{broken}:1:1: nonsense: " in result.stdout


def test_a_file_that_is_not_there_is_a_mistake(tmp_path):
    result = omnibroker("check", tmp_path / "absent.yaml")

    assert result.returncode == 1
    assert "absent.yaml" in result.stdout


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.name)
def test_a_dump_is_a_configuration_with_every_default_and_checks_again(file, tmp_path):
    dump = omnibroker("check", "--dump", file)
    assert dump.returncode == 0, dump.stdout
    effective = load_yaml(dump.stdout)

    copy = tmp_path / "copy.yaml"
    copy.write_text(dump.stdout)
    again = omnibroker("check", "--dump", copy)

    components = {**effective.get("transports", {}), **effective.get("services", {})}
    assert effective["limits"]["head_timeout"] == "10s"
    assert any("ping_interval" in component for component in components.values())
    assert again.returncode == 0, again.stdout
    assert load_yaml(again.stdout) == effective


def test_mistakes_are_red_on_a_terminal_only(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("nonsense: 1\n")

    with Terminal("check", str(file)) as terminal:
        assert terminal.wait() == 1
        assert "\033[31m" in terminal.text
    assert "\033" not in omnibroker("check", file).stdout
