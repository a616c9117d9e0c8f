"""A new message type from outside the tree: a plugin built against the installed SDK, and one more route, in the broker."""

import json
import pathlib
import shutil

import pytest

import outside_project
from broker import Broker, gateway_config
from gateway_client import OMNIVERSE, WEB, asynchronous, connected

HERE = pathlib.Path(__file__).resolve().parent
SDK = HERE.parents[1] / "sdk"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    return outside_project.install_sdk(tmp_path_factory.mktemp("prefix"))


@pytest.fixture(scope="module")
def plugins(prefix, tmp_path_factory):
    return outside_project.build(HERE / "outside_plugin", tmp_path_factory.mktemp("outside"), prefix)


def alert(percent, **more):
    return json.dumps({"type": "battery_alert", "prim_path": "/World/Robot_1", "percent": percent, **more})


def gateway_with_alerts(plugins, **route):
    return gateway_config(plugins={"path": [str(plugins)]}, routes={
        "battery_alert": {"from": OMNIVERSE, "to": WEB, "handler": "battery_alert", **route}})


def test_every_header_is_installed(prefix):
    for include in (SDK / "include", SDK / "testing/include"):
        for header in include.rglob("*.h*"):
            assert (prefix / "include" / header.relative_to(include)).is_file(), header


def test_the_plugin_is_short():
    lines = (HERE / "outside_plugin/battery_alert.cpp").read_text(encoding="utf-8").splitlines()

    assert len(lines) < 60


@asynchronous
async def test_a_new_message_type_reaches_its_audience(plugins):
    with Broker(gateway_with_alerts(plugins)) as broker:
        async with connected(broker, OMNIVERSE, WEB) as (robot, browser):
            await robot.send(alert(12.5, robot="Spot"))

            assert await browser.receive() == alert(12.5, robot="Spot")


@asynchronous
async def test_the_new_type_is_checked_like_any_other(plugins):
    with Broker(gateway_with_alerts(plugins)) as broker:
        async with connected(broker, OMNIVERSE, WEB) as (robot, browser):
            assert await robot.refused(alert("low")) == (
                "INVALID_MESSAGE_FORMAT", "Field 'percent' must be a number from 0 to 100")
            assert await browser.refused(alert(1)) == (
                "UNAUTHORIZED", "Only Omniverse Extension can send battery alerts")


@asynchronous
async def test_its_options_are_the_configurations(plugins):
    route = {"handler": {"plugin": "battery_alert", "below": 50}}
    with Broker(gateway_with_alerts(plugins, **route)) as broker:
        async with connected(broker, OMNIVERSE, WEB) as (robot, browser):
            await robot.send(alert(90))
            await robot.send(alert(40))

            assert await browser.receive() == alert(40)


def test_a_version_that_was_never_made_is_not_found(prefix, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(HERE / "outside_plugin", project)
    listing = project / "CMakeLists.txt"
    listing.write_text(listing.read_text(encoding="utf-8").replace("omnibroker 0.1", "omnibroker 9.9"), encoding="utf-8")

    with pytest.raises(AssertionError, match='compatible with requested version "9.9"'):
        outside_project.configure(project, tmp_path / "build", prefix)


MISTAKES = [
    ("EXTRA x KIND handler SOURCES battery_alert.cpp", "unknown arguments: EXTRA x"),
    ("KIND handler SOURCES battery_alert.cpp LINKS Threads::Threads", "unknown arguments: LINKS"),
    ("KIND widget SOURCES battery_alert.cpp", "KIND is 'widget'"),
    ("KIND handler", "SOURCES is missing"),
]


@pytest.mark.parametrize("arguments,complaint", MISTAKES)
def test_a_mistaken_call_stops_the_configuration(prefix, tmp_path, arguments, complaint):
    project = tmp_path / "project"
    shutil.copytree(HERE / "outside_plugin", project)
    listing = project / "CMakeLists.txt"
    text = listing.read_text(encoding="utf-8").replace("KIND handler SOURCES battery_alert.cpp", arguments)
    listing.write_text(text, encoding="utf-8")

    with pytest.raises(AssertionError, match=complaint):
        outside_project.configure(project, tmp_path / "build", prefix)


def test_a_library_that_exports_more_does_not_survive_its_build(prefix, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(HERE / "outside_plugin", project)
    (project / "battery_alert.cpp").write_text("int nothing_at_all() { return 0; }\n", encoding="utf-8")

    with pytest.raises(AssertionError, match="does not export"):
        outside_project.build(project, tmp_path / "build", prefix)
    assert not (tmp_path / "build/plugins/battery_alert.so").exists()
