"""`omnibroker plugins`, `describe` and `schema`: what there is, and why something is not."""

import json
import re
import shutil

import jsonschema
import pytest
from program import CONFIGS, load_yaml, omnibroker, plugin_folder

GATEWAY_PLUGINS = {"websocket": "transport", "http": "transport", "client_register": "handler",
                   "coordinate_update": "handler", "select_object": "handler", "reply": "handler"}


@pytest.fixture
def folder_with_damage(tmp_path):
    """The built plugins, and beside them one that is cut short and one that is no library at all."""
    for file in plugin_folder().glob("*.so"):
        shutil.copy(file, tmp_path)
    whole = (plugin_folder() / "reply.so").read_bytes()
    (tmp_path / "damaged.so").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "nonsense.so").write_text("this is no library\n")
    return tmp_path


def test_every_plugin_is_listed_with_kind_version_abi_and_state():
    result = omnibroker("plugins", "--dir", plugin_folder())

    assert result.returncode == 0, result.stdout + result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["NAME", "KIND", "VERSION", "ABI", "STATE", "TYPES"]
    for name, kind in GATEWAY_PLUGINS.items():
        assert any(re.match(rf"{name} +{kind} +\d+\.\d+\.\d+ +1\.\d+ +loaded +.*\b{name}\b", line) for line in lines), \
            result.stdout


def test_a_damaged_file_is_refused_with_a_reason_and_the_others_are_listed(folder_with_damage):
    result = omnibroker("plugins", "--dir", folder_with_damage)

    assert result.returncode == 1
    lines = result.stdout.splitlines()
    for name in GATEWAY_PLUGINS:
        assert any(re.match(rf"{name} .* loaded ", line) for line in lines), result.stdout
    for name in ("damaged", "nonsense"):
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{name} "))
        assert " refused " in lines[at]
        assert re.match(r"    \w.{10,}", lines[at + 1]), result.stdout


def test_json_says_the_same_for_programs(folder_with_damage):
    result = omnibroker("plugins", "--json", "--dir", folder_with_damage)

    assert result.returncode == 1
    plugins = {plugin["name"]: plugin for plugin in json.loads(result.stdout)}
    assert {file.stem for file in folder_with_damage.glob("*.so")} == set(plugins)
    assert plugins["websocket"]["state"] == "loaded"
    assert {"name": "websocket", "kind": "transport"} in plugins["websocket"]["types"]
    assert len(plugins["websocket"]["sha256"]) == 64
    assert plugins["damaged"]["state"] == "refused"
    assert plugins["damaged"]["reasons"]


def test_plugins_are_found_beside_the_program_and_on_the_path_of_the_environment(tmp_path):
    shutil.copy(plugin_folder() / "reply.so", tmp_path / "renamed_reply.so")

    result = omnibroker("plugins", "--json", env={"OMNIBROKER_PLUGIN_PATH": f"/nowhere::{tmp_path}"})

    files = [plugin["file"] for plugin in json.loads(result.stdout)]
    assert str(tmp_path / "renamed_reply.so") in files
    assert any(file.endswith("/plugins/websocket.so") for file in files)


def test_a_folder_that_is_not_there_is_said():
    result = omnibroker("plugins", "--dir", "/no/such/folder")

    assert result.returncode == 1
    assert "/no/such/folder is not a folder" in result.stderr


def test_describe_lists_sections_and_types():
    result = omnibroker("describe")

    assert result.returncode == 0
    for name in ("listeners", "transports", "routes", "limits", "log", *GATEWAY_PLUGINS):
        assert re.search(rf"^  .*\b{name} ", result.stdout, re.M), name


@pytest.mark.parametrize("name,options", [("websocket", ["ping_interval", "allowed_origins"]),
                                          ("limits", ["max_message", "idle_timeout"]),
                                          ("routes", ["latest_by", "slow_clients"]),
                                          ("log", ["rotate_size"])])
def test_describe_explains_the_options_of_a_section_or_a_type(name, options):
    result = omnibroker("describe", name)

    assert result.returncode == 0, result.stderr
    for option in options:
        assert option in result.stdout
    assert "max_control_queue" in result.stdout or name != "limits"
    assert "max_control_queue" not in result.stdout or name == "limits"


def test_describe_of_an_unknown_name_suggests_one():
    result = omnibroker("describe", "websockt")

    assert result.returncode == 1
    assert "websocket" in result.stderr
    assert result.stdout == ""


def test_the_reference_in_markdown_has_everything():
    result = omnibroker("describe", "--markdown")

    assert result.returncode == 0
    assert "\n#" in "\n" + result.stdout
    for option in ("max_message", "latest_by", "ping_interval", "allowed_origins", "client_types"):
        assert option in result.stdout


def test_the_schema_takes_each_file_of_configs_and_refuses_a_misspelt_option():
    result = omnibroker("schema")
    assert result.returncode == 0
    schema = json.loads(result.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    for file in CONFIGS:
        assert list(validator.iter_errors(load_yaml(file.read_text()))) == [], file
    gateway = load_yaml((CONFIGS[0].parent / "gateway.yaml").read_text())
    gateway["transports"]["realtime"]["ping_intervall"] = "5s"
    assert list(validator.iter_errors(gateway)) != []
