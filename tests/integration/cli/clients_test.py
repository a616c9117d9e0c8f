"""`sim` and `listen` against the broker: the main job in three terminals."""

import json
import re
import signal
import socket
import subprocess

from broker import Broker, gateway_config
from program import Running, Terminal, omnibroker


def sim(broker, *words, **options):
    return Running("sim", "--url", broker.ws_url, *words, **options)


def test_a_listener_sees_the_fleet_move():
    with Broker() as broker, sim(broker, "--robots", 4, "--rate", 20) as fleet:
        fleet.wait_for("Registered at ")

        result = omnibroker("listen", "--url", broker.ws_url, "--json", "--count", 60, "--seconds", 20)

        assert result.returncode == 0
        updates = [json.loads(line) for line in result.stdout.splitlines()]
        assert len(updates) == 60
        assert {update["prim_path"] for update in updates} == \
            {"/World/Husky_01", "/World/Jackal_01", "/World/Carter_01", "/World/Spot_01"}
        for update in updates:
            assert update["type"] == "coordinate_update"
            assert 37 < update["latitude"] < 38 and 126 < update["longitude"] < 128 and 20 < update["height"] < 40
            assert 0 <= update["metadata"]["speed"] <= 2.5
            assert 0 <= update["metadata"]["heading"] <= 360
            assert 0 <= update["metadata"]["battery"] <= 100
        track = [update for update in updates if update["prim_path"] == "/World/Spot_01"]
        assert len({(update["latitude"], update["longitude"]) for update in track}) > 1
        assert fleet.stop() == 0
        assert re.search(r"\d+ updates of 4 robots in [\d.]+ s, 0 selections heard, 0 errors", fleet.lines[-1])


def test_a_selection_reaches_the_fleet():
    with Broker() as broker, sim(broker) as fleet:
        fleet.wait_for("Registered at ")

        result = omnibroker("listen", "--url", broker.ws_url, "--select", "/World/Husky_02", "--count", 1)

        assert result.returncode == 0
        fleet.wait_for(r"^Selected: /World/Husky_02$")


def test_lines_on_standard_input_are_selections():
    with Broker() as broker, sim(broker) as fleet:
        fleet.wait_for("Registered at ")
        with Running("listen", "--url", broker.ws_url, stdin=subprocess.PIPE) as listener:
            listener.wait_for("Registered at ")

            listener.type("/World/Spot_01\n\nSpot\n  /World/Carter_02  \n")

            fleet.wait_for(r"^Selected: /World/Spot_01$")
            fleet.wait_for(r"^Selected: /World/Carter_02$")
            listener.wait_for(r"Type the path of a prim to select it")
            listener.type("q\n")
            assert listener.wait() == 0


def test_plain_lines_say_who_is_where():
    with Broker() as broker, sim(broker, "--robots", 1):
        with Running("listen", "--url", broker.ws_url, "--count", 5) as listener:
            assert listener.wait() == 0

            line = next(line for line in listener.lines if "Husky_01" in line)
            assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} /World/Husky_01  37\.\d{9} 126\.\d{9} \d\d\.\d\d m battery=\d+ "
                                r"heading=[\d.]+ speed=[\d.]+", line), line


def test_a_terminal_gets_a_table_in_place_and_its_line_selects():
    with Broker() as broker, sim(broker, "--robots", 3) as fleet:
        fleet.wait_for("Registered at ")
        with Terminal("listen", "--url", broker.ws_url) as terminal:
            terminal.wait_for(r"\033\[\?1049h")
            terminal.wait_for(r"/World/Husky_01 +37\.\d{7} +126\.\d{7}")
            terminal.wait_for(r"3 objects, \d+ updates/s")

            terminal.type("/World/Jackal_01\n")
            fleet.wait_for(r"^Selected: /World/Jackal_01$")
            terminal.type("q\n")

            assert terminal.wait() == 0
            assert "\033[?1049l" in terminal.text


def test_the_fleet_connects_again_after_the_broker_came_back():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = gateway_config(listeners={"public": {"address": f"127.0.0.1:{port}"}})
    with Running("sim", "--url", f"ws://127.0.0.1:{port}/ws", "--robots", 2) as fleet:
        fleet.wait_for(r"nobody listens there; trying again in 0\.5 s")
        with Broker(config):
            fleet.wait_for("Registered at ")
        fleet.wait_for(r"Connection lost: the broker closed the connection with 1001.*; trying again")
        with Broker(config):
            fleet.wait_for("Registered at ", count=2)
            assert fleet.stop() == 0


def test_a_listener_connects_again_after_the_broker_came_back():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = gateway_config(listeners={"public": {"address": f"127.0.0.1:{port}"}})
    with Broker(config) as broker, Running("listen", "--url", broker.ws_url) as listener:
        listener.wait_for("Registered at ")
        assert broker.stop() == 0
        listener.wait_for(r"Connection lost: .*; trying again")
        with Broker(config):
            listener.wait_for("Registered at ", count=2)
            assert listener.stop(signal.SIGTERM) == 0


def test_no_broker_at_all_is_status_3_when_the_time_is_over():
    for command in ("sim", "listen"):
        result = omnibroker(command, "--url", "ws://127.0.0.1:1/ws", "--seconds", "0.2")

        assert result.returncode == 3
        assert "No connection to ws://127.0.0.1:1/ws: nobody listens there" in result.stderr


def test_what_is_no_url_is_refused_at_once():
    for url in ("http://localhost:8000/ws", "localhost:8000", "ws://"):
        result = omnibroker("sim", "--url", url)

        assert result.returncode == 1
        assert "ws://" in result.stderr


def test_a_role_that_the_broker_does_not_know_is_refused_at_once():
    routes = {"client_register": {"handler": {"plugin": "client_register", "client_types": ["web_ui"]}}}
    with Broker(gateway_config(routes=routes)) as broker:
        result = omnibroker("sim", "--url", broker.ws_url, "--seconds", 10)

        assert result.returncode == 1
        assert "UNSUPPORTED_CLIENT_TYPE" in result.stderr


def test_a_path_that_is_no_websocket_is_said():
    with Broker() as broker:
        result = omnibroker("listen", "--url", broker.ws_url.replace("/ws", "/nowhere"), "--seconds", "0.2")

        assert result.returncode == 3
        assert "No connection to " in result.stderr


def test_the_same_seed_is_the_same_fleet():
    first = []
    for _ in range(2):
        with Broker() as broker, sim(broker, "--robots", 2, "--seed", 7, "--rate", 5):
            result = omnibroker("listen", "--url", broker.ws_url, "--json", "--count", 1, "--seconds", 10)
            update = json.loads(result.stdout.splitlines()[0])
            first.append((update["prim_path"], round(update["latitude"], 4), round(update["longitude"], 4)))

    assert first[0] == first[1]


def test_the_fleet_keeps_its_rate():
    with Broker() as broker:
        result = omnibroker("sim", "--url", broker.ws_url, "--robots", 10, "--rate", 10, "--seconds", 3)

        assert result.returncode == 0
        sent = int(re.search(r"^(\d+) updates of 10 robots", result.stdout, re.M).group(1))
        assert 150 <= sent <= 310  # 300 on a quiet machine
