"""What is over a limit gets the protocol's own refusal and a count, and disturbs nobody else."""

import asyncio
import json
import socket
import time

import pytest
import websockets

from clients import Broker, RawWebSocket, connect, gateway_config, metric, receive, run, send, until, update


def read_all(connection):
    data = b""
    while more := connection.recv(65536):
        data += more
    return data


def test_too_many_connections_are_answered_503():
    async def scenario(broker):
        held = [await connect(broker.ws_url) for _ in range(3)]
        with broker.connect() as extra:
            answer = read_all(extra)
        assert answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in answer
        assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["type"] == "error"
        await held[0].close()
        await until(lambda: metric(broker, "connections_refused_total", reason="max_connections") >= 1, "counted")
        for _ in range(400):  # the connection that asked for the metric may not be gone yet
            try:
                assert (await connect(broker.ws_url)).open
                break
            except websockets.InvalidStatusCode as refused:
                assert refused.status_code == 503
                await asyncio.sleep(0.05)
        else:
            raise AssertionError("a free place is not given away")

    with Broker(gateway_config(limits={"max_connections": 3})) as broker:
        run(scenario(broker))


def test_too_many_connections_from_one_address_are_answered_429():
    async def scenario(broker):
        held = [await connect(broker.ws_url) for _ in range(2)]
        with broker.connect() as extra:
            assert read_all(extra).startswith(b"HTTP/1.1 429 ")
        with socket.create_connection(("::1", broker.port)) as other_address:
            other_address.sendall(b"GET /api/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert read_all(other_address).startswith(b"HTTP/1.1 200 ")
        assert all(client.open for client in held)

    with Broker(gateway_config(limits={"max_connections_per_address": 2})) as broker:
        run(scenario(broker))


@pytest.mark.parametrize("begun", [b"", b"GET /api/health HTTP/1.1\r\nHost:"])
def test_a_request_head_must_come_in_time(begun):
    with Broker(gateway_config(limits={"head_timeout": "300ms", "keep_alive_timeout": "400ms"})) as broker:
        with broker.connect() as slow:
            slow.sendall(begun)
            answer = read_all(slow)
        assert answer.startswith(b"HTTP/1.1 408 ") if begun else answer == b""


def test_a_dribbled_head_does_not_get_more_time():
    with Broker(gateway_config(limits={"head_timeout": "400ms"})) as broker:
        begun = time.monotonic()
        with broker.connect() as slow:
            slow.settimeout(0.05)
            answer = b""
            for byte in b"GET /api/health HTTP/1.1\r\nX: " + b"a" * 1000:
                try:
                    slow.sendall(bytes([byte]))
                    answer = slow.recv(1000)
                    break
                except TimeoutError:
                    continue
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - begun < 20


def test_large_heads_are_answered_431_and_414():
    with Broker(gateway_config(limits={"max_request_head": "1KiB", "max_headers": 5})) as broker:
        for request, status in [(b"GET /api/health HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 2000, b"431"),
                                (b"GET /" + b"a" * 2000, b"414"),
                                (b"GET /api/health HTTP/1.1\r\nHost: h\r\n" + b"A: b\r\n" * 6 + b"\r\n", b"431")]:
            with broker.connect() as client:
                client.sendall(request)
                answer = read_all(client)
            assert answer.startswith(b"HTTP/1.1 " + status), answer
            assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["type"] == "error"


def test_who_does_not_register_in_time_is_closed_with_1008():
    async def scenario(broker):
        registered = await connect(broker.ws_url, "web_ui")
        silent = await connect(broker.ws_url)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(silent.recv(), 20)
        assert closed.value.rcvd.code == 1008 and "register" in closed.value.rcvd.reason
        assert registered.open
        assert metric(broker, "connections_closed_total", reason="register_timeout") == 1

    with Broker(gateway_config(limits={"register_timeout": "300ms"})) as broker:
        run(scenario(broker))


def test_an_answer_is_sent_however_short_a_closing_connection_may_linger():
    """The time for the last bytes begins when they are there, and not when the broker last had something to do."""
    with Broker(gateway_config(limits={"linger": "1ms"})) as broker:
        for _ in range(10):
            time.sleep(0.05)
            with broker.connect() as connection:
                time.sleep(0.05)
                connection.sendall(b"GET /api/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                assert read_all(connection).startswith(b"HTTP/1.1 200 ")


def test_who_sends_nothing_for_the_idle_time_is_closed_with_1000():
    with Broker(gateway_config(limits={"idle_timeout": "300ms"},
                               transports={"realtime": {"ping_interval": "off"}})) as broker:
        client = RawWebSocket(broker.port).register("web_ui")
        with pytest.raises(EOFError) as closed:
            client.message()
        assert closed.value.args == (1000,)


def test_answered_pings_keep_a_client():
    async def scenario(broker):
        client = await connect(broker.ws_url, "web_ui")
        robot = await connect(broker.ws_url, "omniverse_extension")
        await asyncio.sleep(1.0)  # several idle times: that nothing happens is the point
        await send(robot, **update(7))
        assert (await receive(client))["metadata"]["n"] == 7

    with Broker(gateway_config(limits={"idle_timeout": "400ms"},
                               transports={"realtime": {"ping_interval": "100ms"}})) as broker:
        run(scenario(broker))


def test_too_many_messages_in_a_second_are_refused_and_nobody_is_closed():
    async def scenario(broker):
        web = await connect(broker.ws_url, "web_ui")
        honest = await connect(broker.ws_url, "omniverse_extension")
        flood = await connect(broker.ws_url, "omniverse_extension")
        for number in range(1000):
            await send(flood, **update(number, prim="/World/Flood"))
        answer = await receive(flood)
        assert answer["error_code"] == "RATE_LIMIT_EXCEEDED"
        assert answer["error_message"] == "No more than 50 messages a second are taken from one client"
        await asyncio.wait_for(await flood.ping(), 20)
        await send(honest, **update(-1, prim="/World/Honest"))
        while (await receive(web))["prim_path"] != "/World/Honest":
            pass
        assert metric(broker, "messages_over_rate_total") >= 1

    with Broker(gateway_config(limits={"messages_per_second": 50})) as broker:
        run(scenario(broker))


def test_a_message_over_the_limit_closes_with_1009():
    async def scenario(broker):
        robot = await connect(broker.ws_url, "omniverse_extension")
        await send(robot, **update(0, fill="x" * 2000))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(robot.recv(), 20)
        assert closed.value.rcvd.code == 1009

    with Broker(gateway_config(limits={"max_message": "1KiB"})) as broker:
        run(scenario(broker))


def test_a_client_that_does_not_read_its_answers_is_closed():
    with Broker(gateway_config(limits={"max_control_queue": "64KiB", "messages_per_second": 0,
                                       "frames_per_second": 0})) as broker:
        client = RawWebSocket(broker.port, receive_buffer=4096)
        with pytest.raises(OSError):
            for _ in range(200_000):
                client.send({"type": "x"})
        assert metric(broker, "connections_closed_total", reason="max_control_queue") == 1


def test_answers_to_one_burst_of_requests_are_no_sign_of_a_client_that_does_not_read():
    with Broker() as broker:
        with broker.connect() as client:
            client.settimeout(20)
            requests = 80
            client.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * requests)
            data = b""
            while data.count(b"HTTP/1.1 200 ") < requests:
                more = client.recv(65536)
                assert more, f"closed after {data.count(b'HTTP/1.1 200 ')} answers"
                data += more


def test_a_refusal_that_no_longer_fits_ends_that_client_alone():
    with Broker(gateway_config(limits={"max_control_queue": "16KiB"})) as broker:
        for size in range(1, 12):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", broker.port))
            client.setblocking(False)
            burst = (b"GET /api/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n" * 40
                     + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * (size * 8) + b"\x01 bad\r\n\r\n")
            try:
                for _ in range(20):
                    client.send(burst)
            except OSError:
                pass
            client.close()
        run(until(lambda: metric(broker, "connections_accepted_total") >= 11, "all of them were served"))
        assert broker.alive()
