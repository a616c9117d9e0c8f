"""Every block of code in the documents is code: C++ and C compile against the SDK, whole plugins load, YAML is accepted.

A ```cpp block with an #include is a file of its own; any other is compiled behind PRELUDE, so it is declarations at file
scope. A block with OMNIBROKER_PLUGIN is built as a plugin, which the host must load. A ```yaml block is laid over MINIMAL,
with those plugins at hand; one that has listeners is a whole configuration and is checked alone.
"""

import json
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml

from broker import ROOT, Broker, executable, gateway_config, merged
from client import Client
from pages import Block, blocks, compile_command, plugin_folder, run

PRELUDE = """\
#include <gtest/gtest.h>
#include <omnibroker/fields.hpp>
#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_call.hpp>
#include <omnibroker/testing/fake_connection.hpp>
#include <omnibroker/testing/fake_host.hpp>
using namespace omnibroker;
using namespace std::chrono_literals;
"""
MINIMAL = ROOT / "configs/minimal.yaml"
OMNIVERSE, WEB = "omniverse_extension", "web_ui"
CPP = blocks("cpp")
PLUGINS = [block for block in CPP if "OMNIBROKER_PLUGIN(" in block.text]
FRAGMENTS = [block for block in CPP if block not in PLUGINS]


def compiled(block, folder, *more):
    """Runs the compiler of this build over a block; errors come with the line of the page."""
    in_c = block.language == "c"
    source = folder / ("block.c" if in_c else "block.cpp")
    whole = in_c or re.search(r"^#include", block.text, re.MULTILINE)
    place = f'#line {block.line} "{block.name.rsplit(":", 1)[0]}"\n'
    source.write_text(("" if whole else PRELUDE) + place + block.text, encoding="utf-8")
    command = compile_command("OMNIBROKER_CC", "cc", "c11") if in_c else compile_command("OMNIBROKER_CXX", "c++", "c++20")
    return run(*command, *("" if whole else ("-Wno-unused",)), *more, source)


def plugin_name(block):
    return re.search(r'OMNIBROKER_PLUGIN\("(\w+)"', block.text).group(1)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with every whole plugin of the documents."""
    folder = tmp_path_factory.mktemp("plugins")
    for block in PLUGINS:
        work = tmp_path_factory.mktemp(plugin_name(block))
        done = compiled(block, work, "-shared", "-o", folder / f"{plugin_name(block)}.so")
        assert done.returncode == 0, f"{block.name} does not compile:\n{done.stderr}"
    return folder


def test_no_two_plugins_have_one_name():
    names = [plugin_name(block) for block in PLUGINS]
    assert len(PLUGINS) >= 5 and len(set(names)) == len(names), names


def test_whole_plugins_are_loaded(built):
    done = run(executable(), "plugins", "--dir", built)
    assert done.returncode == 0, done.stdout + done.stderr
    for block in PLUGINS:
        assert re.search(rf"^{plugin_name(block)} .* loaded ", done.stdout, re.MULTILINE), done.stdout


def test_the_host_refuses_in_the_words_of_the_guide(tmp_path):
    whole = (plugin_folder() / "reply.so").read_bytes()
    (tmp_path / "text.so").write_text("hello\n", encoding="utf-8")
    (tmp_path / "cut.so").write_bytes(whole[:5000])
    (tmp_path / "other_name.so").write_bytes(whole)
    done = run(executable(), "plugins", "--dir", tmp_path)
    guide = (ROOT / "docs/plugin-guide.md").read_text(encoding="utf-8")
    reasons = [line.strip() for line in done.stdout.splitlines() if line.startswith("    ")]
    assert done.returncode == 1 and len(reasons) == 3, done.stdout
    for reason in reasons:
        assert reason in guide or reason.split(":")[0] + ": …" in guide, reason


@pytest.mark.parametrize("block", FRAGMENTS + blocks("c"), ids=lambda block: block.name)
def test_a_fragment_compiles(block, tmp_path):
    done = compiled(block, tmp_path, "-fsyntax-only")
    assert done.returncode == 0, done.stderr


def test_a_mistake_in_a_block_is_found_and_its_line_named(tmp_path):
    wrong = Block(ROOT / "README.md", 70, "cpp", "int first = 1;\nint second = nothing_of_this_name;\n")
    done = compiled(wrong, tmp_path, "-fsyntax-only")
    assert done.returncode != 0 and "README.md:71:" in done.stderr, done.stderr


def checked(block, folder, plugins):
    """`omnibroker check` on a block, which lies where configs/ would be."""
    shutil.copytree(ROOT / "configs", folder, dirs_exist_ok=True)
    file = folder / "block.yaml"
    given = yaml.safe_load(block.text)
    if "listeners" not in given and "include" not in given:
        given = merged(yaml.safe_load(MINIMAL.read_text(encoding="utf-8")), given)
        file.write_text(yaml.safe_dump(given, sort_keys=False), encoding="utf-8")
    else:
        file.write_text(block.text, encoding="utf-8")
    return run(executable(), "check", file, env={"OMNIBROKER_PLUGIN_PATH": f"{plugins}:{plugin_folder()}"})


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.name)
def test_a_configuration_is_accepted(block, built, tmp_path):
    done = checked(block, tmp_path, built)
    assert done.returncode == 0, f"{block.name}:\n{done.stdout}{done.stderr}"


def test_the_build_file_is_that_of_new_plugins():
    shown = blocks("cmake")
    template = (ROOT / "tools/new-plugin/handler/CMakeLists.txt").read_text(encoding="utf-8").replace("sample", "robot_status")
    assert shown, "the guide shows a build file"
    for block in shown:
        for line in block.text.splitlines():
            assert line in template.splitlines(), f"{block.name}: {line!r} is not in tools/new-plugin/handler/CMakeLists.txt"


# ------------------------------------------------------------------------------- the guide's plugins in the running broker

def serving(built, **changes):
    return Broker(gateway_config(plugins={"path": [str(built)]}, **changes))


def test_the_handler_passes_on_answers_and_refuses(built):
    state = {"type": "robot_status", "prim_path": "/World/A", "battery": 12}
    route = {"from": OMNIVERSE, "to": WEB, "handler": {"plugin": "robot_status", "low": 15}}
    with serving(built, routes={"robot_status": route}) as broker, Client(broker, WEB) as web, Client(broker, OMNIVERSE) as robot:
        robot.send(state)
        assert web.receive() == state
        assert robot.receive() == {"type": "battery_low"}

        robot.send({**state, "battery": None})
        assert robot.receive()["error_message"] == "Field 'battery' must be a number from 0 to 100"
        web.send(state)
        assert web.receive()["error_message"] == "Only Omniverse Extension can send robot states"


def test_work_that_takes_time_is_decided_every_time(built, tmp_path):
    (tmp_path / "here.e57").touch()
    route = {"from": OMNIVERSE, "ack": True, "handler": {"plugin": "scan_ready", "folder": str(tmp_path)}}
    with serving(built, routes={"scan_ready": route}) as broker, Client(broker, OMNIVERSE) as robot:
        for _ in range(200):
            robot.send({"type": "scan_ready", "file": "here.e57"})
            assert robot.receive() == {"type": "ack", "original_type": "scan_ready", "status": "success"}
        robot.send({"type": "scan_ready", "file": "elsewhere.e57"})
        assert robot.receive()["error_code"] == "SCAN_READY_FAILED"


def test_the_filter_lets_changes_through(built, tmp_path):
    def position(latitude):
        return {"type": "coordinate_update", "prim_path": "/World/A", "latitude": latitude, "longitude": 0, "height": 0}

    changes = {"coordinate_update": {"filters": ["only_changes"]}}
    control = {"socket": str(tmp_path / "control.sock")}
    with serving(built, control=control, routes=changes) as broker, Client(broker, WEB) as web, Client(broker, OMNIVERSE) as robot:
        for latitude in (1, 1, 1, 2, 2, 1):
            robot.send(position(latitude))
        assert [web.receive()["latitude"] for _ in range(3)] == [1, 2, 1]

        changes["coordinate_update"]["filters"] = [{"plugin": "only_changes", "most": 50}]
        pathlib.Path(broker.config_file).write_text(
            gateway_config(plugins={"path": [str(built)]}, control=control, routes=changes), encoding="utf-8")
        done = subprocess.run([executable(), "apply", "--control", control["socket"]], capture_output=True, text=True,
                              check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        for latitude in (1, 3):
            robot.send(position(latitude))
        assert web.receive()["latitude"] == 3, "another generation knows what the first one knew"


def test_the_transport_speaks_lines_and_the_service_counts(built):
    transports = {"lines": {"plugin": "lines", "listener": "public", "path": "/lines"}}
    services = {"headcount": {"plugin": "headcount", "listener": "public", "path": "/headcount"}}
    with serving(built, transports=transports, services=services) as broker, broker.connect(timeout=20) as connection:
        connection.sendall(b"POST /lines HTTP/1.1\r\nHost: x\r\n\r\n" + b'{"type":"client_register","client_type":"web_ui"}\n')
        answer = connection.makefile("rb")
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        while answer.readline() != b"\r\n":
            pass
        assert answer.readline() == b'{"type":"ack","original_type":"client_register","status":"success"}\n'
        with urllib.request.urlopen(f"{broker.http_url}/headcount", timeout=20) as count:
            assert count.read() == b"1\n"


def test_a_map_follows_one_robot_and_the_service_says_where_it_is(built):
    def position(path, latitude):
        return {"type": "coordinate_update", "prim_path": path, "latitude": latitude, "longitude": 0, "height": 0}

    changes = {"notices": "follow:notices", "transports": {"realtime": {"subprotocols": ["follow.v1"]}},
               "services": {"where": {"plugin": "where", "listener": "public", "path": "/where"}},
               "routes": {"follow": {"from": WEB, "handler": "follow", "ack": True}}}
    with serving(built, **changes) as broker, Client(broker, WEB, "follow.v1") as web, Client(broker, OMNIVERSE) as robot:
        assert web.welcome["type"] == "hello" and web.welcome["client_id"]
        web.send({"type": "follow", "prim_path": "/World/B"})
        assert web.receive() == {"type": "ack", "original_type": "follow", "status": "success"}

        robot.send(position("/World/A", 1))
        robot.send(position("/World/B", 2))
        assert web.receive() == position("/World/B", 2)

        with urllib.request.urlopen(f"{broker.http_url}/where/World/A", timeout=20) as answer:
            assert json.load(answer) == position("/World/A", 1)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{broker.http_url}/where/World/C", timeout=20)
        web.send({"type": "follow", "prim_path": "not a path"})
        assert web.receive()["type"] == "error"


def test_the_bridge_publishes_until_it_stops(built):
    bridges = {"mast": {"plugin": "beacon", "role": OMNIVERSE, "every": "10ms"}}
    with serving(built, bridges=bridges) as broker, Client(broker, WEB) as web:
        assert [web.receive()["prim_path"] for _ in range(3)] == ["/World/Mast"] * 3
        assert broker.stop() == 0
