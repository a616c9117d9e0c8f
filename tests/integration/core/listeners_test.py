"""Where the broker listens: IPv4, IPv6, Unix sockets and TLS, several transports on one listener and one on several."""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import urllib.request

import pytest
import websockets

from clients import Broker, gateway_config, receive, run, send, update


async def talk(robot, web):
    await send(robot, type="client_register", client_type="omniverse_extension")
    await receive(robot)
    await send(web, type="client_register", client_type="web_ui")
    await receive(web)
    for number in range(100):
        await send(robot, **update(number, fill="x" * 1000))
    assert [(await receive(web))["metadata"]["n"] for _ in range(100)] == list(range(100))


def test_localhost_serves_both_families():
    async def scenario(broker):
        async with websockets.connect(f"ws://127.0.0.1:{broker.port}/ws") as robot:
            async with websockets.connect(f"ws://[::1]:{broker.port}/ws") as web:
                await talk(robot, web)

    with Broker() as broker:
        run(scenario(broker))


def test_a_unix_socket_serves_like_a_port():
    async def scenario(path):
        async with websockets.unix_connect(path, "ws://localhost/ws") as robot:
            async with websockets.unix_connect(path, "ws://localhost/ws") as web:
                await talk(robot, web)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "broker.sock")
        with Broker(gateway_config(listeners={"public": {"address": f"unix:{path}"}})):
            run(scenario(path))
        assert not os.path.exists(path)


def test_clients_of_a_unix_socket_have_no_address_to_be_limited_by():
    async def scenario(path):
        clients = [await websockets.unix_connect(path, "ws://localhost/ws") for _ in range(5)]
        for client in clients:
            await send(client, type="client_register", client_type="web_ui")
            assert (await receive(client))["type"] == "ack"
        for client in clients:
            await client.close()

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "broker.sock")
        config = gateway_config(listeners={"public": {"address": f"unix:{path}"}},
                                limits={"max_connections_per_address": 2})
        with Broker(config):
            run(scenario(path))


@pytest.fixture(scope="module")
def certificate():
    with tempfile.TemporaryDirectory() as folder:
        files = {"certificate": os.path.join(folder, "cert.pem"), "key": os.path.join(folder, "key.pem")}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", files["key"], "-out",
                        files["certificate"]], check=True, capture_output=True)
        yield files


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_wss_and_https_on_one_listener(certificate, version):
    context = ssl.create_default_context(cafile=certificate["certificate"])
    context.minimum_version = context.maximum_version = version

    async def scenario(broker):
        url = f"wss://localhost:{broker.port}/ws"
        async with websockets.connect(url, ssl=context) as robot, websockets.connect(url, ssl=context) as web:
            await talk(robot, web)

    with Broker(gateway_config(listeners={"public": {"tls": certificate}})) as broker:
        run(scenario(broker))
        answer = urllib.request.urlopen(f"https://localhost:{broker.port}/api/health", context=context, timeout=20)
        assert json.load(answer)["status"] == "healthy"


def test_a_plain_client_on_a_tls_listener_is_closed_and_others_are_served(certificate):
    context = ssl.create_default_context(cafile=certificate["certificate"])
    with Broker(gateway_config(listeners={"public": {"tls": certificate}})) as broker:
        with broker.connect() as plain:
            plain.sendall(b"GET /api/health HTTP/1.1\r\nHost: h\r\n\r\n")
            try:
                assert not plain.recv(100).startswith(b"HTTP/1.1 200")
            except ConnectionError:
                pass
        answer = urllib.request.urlopen(f"https://localhost:{broker.port}/api/health", context=context, timeout=20)
        assert answer.status == 200


def test_a_client_that_never_finishes_its_tls_handshake_is_closed(certificate):
    with Broker(gateway_config(listeners={"public": {"tls": certificate}}, limits={"head_timeout": "300ms"})) as broker:
        with broker.connect() as silent:
            assert silent.recv(10) == b""


def test_each_listener_serves_what_is_mounted_on_it():
    config = gateway_config(listeners={"inner": {"address": "127.0.0.1:0"}},
                            transports={"rest": {"listener": "inner"}})
    with Broker(config) as broker:
        inner = broker.port_of("inner")
        assert urllib.request.urlopen(f"http://127.0.0.1:{inner}/api/health", timeout=20).status == 200
        with socket.create_connection(("127.0.0.1", broker.port_of("public"))) as public:
            public.sendall(b"GET /api/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert public.recv(1000).startswith(b"HTTP/1.1 404 ")
