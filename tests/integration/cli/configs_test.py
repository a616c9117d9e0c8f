"""Each file in configs/ serves."""

import json
import socket

import pytest
import yaml
from broker import Broker
from program import CONFIGS, load_yaml


def with_free_ports(file):
    """The file as it is, but for its ports, which the kernel chooses, and its log, which the test reads."""
    config = load_yaml(file.read_text())
    for listener in config["listeners"].values():
        if not listener["address"].startswith("unix:"):
            listener["address"] = "localhost:0"
    config["log"] = {"format": "json"}
    return yaml.safe_dump(config, sort_keys=False)


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.name)
def test_it_serves_every_listener(file, tmp_path):
    with Broker(with_free_ports(file), env={"OMNIBROKER_RUNTIME": str(tmp_path)}) as broker:
        listeners = load_yaml(file.read_text())["listeners"]
        for name in listeners:
            address = broker.addresses(name)[0]
            if address.startswith("unix:"):
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(address.removeprefix("unix:"))
            else:
                connection = socket.create_connection(("127.0.0.1", broker.port_of(name)), 10)
            with connection:
                connection.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert connection.recv(4096).startswith(b"HTTP/1.1 404 ")


def test_the_gateway_answers_its_health():
    import urllib.request
    gateway = next(file for file in CONFIGS if file.name == "gateway.yaml")
    with Broker(with_free_ports(gateway)) as broker:
        with urllib.request.urlopen(f"{broker.http_url}/api/health", timeout=10) as answer:
            body = answer.read().decode()
    assert body == '{"status":"healthy","service":"Omni Web Gateway","version":"1.0.0"}'
    assert json.loads(body)["version"] == "1.0.0"
