"""tools/new-plugin writes projects that build against the installed SDK, pass their tests, and run in the broker."""

import json
import pathlib
import subprocess

import pytest

import outside_project
from broker import Broker, gateway_config
from gateway_client import OMNIVERSE, WEB, asynchronous, connected

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools/new-plugin/new-plugin"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = outside_project.install_sdk(tmp_path_factory.mktemp("prefix"))
    if not (prefix / "include/omnibroker/testing").is_dir():
        pytest.fail("omnibroker::testing is not installed, and the templates' tests need it")
    return prefix


def write(*words):
    return subprocess.run([str(SCRIPT), *map(str, words)], text=True, capture_output=True, check=False)


def built_and_tested(kind, name, folder, prefix):
    """Writes a project, builds it, passes its tests, and answers the folder that the plugin is in."""
    done = write(kind, name, folder)
    assert done.returncode == 0, done.stderr
    plugins = outside_project.build(folder, folder / "build", prefix)
    outside_project.run("ctest", "--test-dir", folder / "build", "--output-on-failure", "--no-tests=error")
    assert (plugins / f"{name}.so").is_file()
    return plugins


@asynchronous
async def test_a_new_handler_is_green_and_serves_its_message_type(prefix, tmp_path):
    plugins = built_and_tested("handler", "work_order", tmp_path / "work_order", prefix)
    config = gateway_config(plugins={"path": [str(plugins)]},
                            routes={"work_order": {"from": WEB, "to": OMNIVERSE, "handler": "work_order"}})
    order = json.dumps({"type": "work_order", "text": "Inspect hall 3"})
    with Broker(config) as broker:
        async with connected(broker, WEB, OMNIVERSE) as (browser, robot):
            await browser.send(order)

            assert await robot.receive() == order
            assert (await robot.refused(order))[1] == "Only Web UI can send work order messages"


@pytest.mark.parametrize("kind", ["filter", "transport", "bridge"])
def test_a_new_project_is_green_from_the_start(prefix, tmp_path, kind):
    built_and_tested(kind, f"my_{kind}", tmp_path / "project", prefix)


@pytest.mark.parametrize("words,complaint", [
    (("handler", "work_order"), "three words are needed"),
    (("widget", "work_order", "x"), '"widget" is no kind of plugin'),
    (("handler", "WorkOrder", "x"), '"WorkOrder" is not snake_case'),
])
def test_a_mistaken_call_writes_nothing(tmp_path, words, complaint):
    done = write(*words[:2], *(tmp_path / word for word in words[2:]))

    assert done.returncode == 2 and complaint in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_written_over(tmp_path):
    (tmp_path / "work.txt").write_text("mine", encoding="utf-8")

    done = write("handler", "work_order", tmp_path)

    assert done.returncode == 2 and "not empty" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["work.txt"]
