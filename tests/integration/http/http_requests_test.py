"""Requests without a body, connections that stay, and who may read the answers."""

import email.utils
import http.client
import subprocess
import urllib.error
import urllib.request

import pytest

from broker import Broker, gateway_config
from rest_client import Wire, ask, head, post, registration


def test_health_is_exactly_the_contracts(gateway):
    answer = ask(gateway, head("GET /api/health"))

    assert answer.status == 200
    assert answer.body == b'{"status":"healthy","service":"Omni Web Gateway","version":"1.0.0"}'
    assert answer.headers["content-type"] == "application/json"


def test_every_answer_has_its_headers(gateway):
    answer = ask(gateway, head("GET /api/health"))

    assert answer.headers["server"] == "omnibroker"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    sent = email.utils.parsedate_to_datetime(answer.headers["date"])
    assert abs((sent - email.utils.localtime()).total_seconds()) < 5


def test_metrics_are_prometheus_text(gateway):
    answer = ask(gateway, head("GET /api/metrics"))

    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4"
    samples = [line for line in answer.body.decode().splitlines() if "http_requests_total" in line and line[0] != "#"]
    assert len(samples) == 1 and float(samples[0].rsplit(" ", 1)[1]) >= 1


@pytest.mark.parametrize("path", ["/api/health", "/api/status", "/api/metrics", "/api/openapi.json"])
def test_head_answers_like_get_without_the_body(gateway, path):
    with Wire(gateway) as wire:
        to_get = wire.ask(head(f"GET {path}"))
        to_head = wire.ask(head(f"HEAD {path}"))

        assert to_head.status == 200 and to_head.body == b""
        assert to_head.headers.keys() == to_get.headers.keys()
        assert to_head.headers["content-type"] == to_get.headers["content-type"]
        if path != "/api/metrics":  # which counts the request before
            assert to_head.headers["content-length"] == to_get.headers["content-length"]
        assert wire.ask(head("GET /api/health")).status == 200, "nothing of a body came in between"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/health/", "/api/sessions/", "/api/sessions/a/b",
                                  "/nothing", "/"])
def test_unknown_paths_are_404_in_the_gateways_shape(gateway, path):
    answer = ask(gateway, head(f"GET {path}"))

    assert answer.status == 404
    assert answer.error() == "NOT_FOUND"


@pytest.mark.parametrize("line, allow", [
    ("POST /api/health", "GET, HEAD, OPTIONS"), ("DELETE /api/status", "GET, HEAD, OPTIONS"),
    ("PATCH /api/events", "GET, HEAD, OPTIONS"), ("GET /api/sessions", "POST, OPTIONS"),
    ("GET /api/messages", "POST, OPTIONS"), ("PUT /api/sessions/x", "DELETE, OPTIONS")])
def test_other_methods_are_405_and_hear_the_right_ones(gateway, line, allow):
    answer = ask(gateway, head(line))

    assert answer.status == 405
    assert answer.error() == "METHOD_NOT_ALLOWED"
    assert answer.headers["allow"] == allow


def test_a_connection_serves_many_requests(gateway):
    with Wire(gateway) as wire:
        for _ in range(50):
            assert wire.ask(head("GET /api/health")).status == 200
            assert wire.ask(head("GET /api/nothing")).status == 404
            assert wire.ask(post("/api/messages", "{}")).status == 401
        assert wire.ask(head("GET /api/health", ["Connection: close"])).closes()
        assert wire.ended()


def test_an_http_1_0_connection_closes_unless_it_asks(gateway):
    with Wire(gateway) as wire:
        kept = wire.ask(head("GET /api/health", ["Connection: keep-alive"], version="1.0"))
        assert kept.status == 200 and kept.headers["connection"] == "keep-alive"
        assert wire.ask(head("GET /api/health", version="1.0")).closes()
        assert wire.ended()


def test_a_hundred_pipelined_requests_are_answered_in_order(gateway):
    requests = [head("GET /api/health"), head("HEAD /api/status"), post("/api/messages", "{}"), head("GET /api/nothing"),
                head("OPTIONS /api/messages")]
    with Wire(gateway) as wire:
        wire.send(b"".join(requests) * 20)
        for _ in range(20):
            statuses = [wire.answer().status, wire.answer(to_head=True).status, wire.answer().status,
                        wire.answer().status, wire.answer().status]
            assert statuses == [200, 200, 401, 404, 204]
        assert wire.buffer == b""


def test_pipelined_registrations_wait_for_each_other(gateway):
    with Wire(gateway) as wire:
        wire.send((post("/api/sessions", registration("web_ui")) + head("GET /api/health")) * 50)
        tokens = set()
        for _ in range(50):
            answer = wire.answer()
            assert answer.status == 201
            tokens.add(answer.json()["token"])
            assert wire.answer().status == 200
    assert len(tokens) == 50
    for token in tokens:
        session = token.split(".")[0]
        assert ask(gateway, head(f"DELETE /api/sessions/{session}", [f"Authorization: Bearer {token}"])).status == 204


def test_a_request_may_come_by_the_byte(gateway):
    with Wire(gateway) as wire:
        for byte in post("/api/messages", '{"type":"x"}') + head("GET /api/health"):
            wire.send(bytes([byte]))
        assert wire.answer().status == 401
        assert wire.answer().status == 200


def test_a_client_that_has_said_all_still_hears_the_answer(gateway):
    with Wire(gateway) as wire:
        wire.send(head("GET /api/health") + post("/api/messages", "{}"))
        wire.socket.shutdown(1)
        assert wire.answer().status == 200
        assert wire.answer().status == 401
        assert wire.ended()


PREFLIGHT = ["Origin: https://map.example.com", "Access-Control-Request-Method: POST",
             "Access-Control-Request-Headers: authorization, content-type"]


def test_a_preflight_is_answered(gateway):
    answer = ask(gateway, head("OPTIONS /api/messages", PREFLIGHT))

    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert int(answer.headers["access-control-max-age"]) > 0
    assert "content-length" not in answer.headers and not answer.closes()


def test_a_list_of_origins_closes_the_gateway_to_other_pages():
    transports = {"rest": {"allowed_origins": ["https://map.example.com"]}}
    with Broker(gateway_config(transports=transports)) as broker:
        message = registration("web_ui")
        allowed = ask(broker, post("/api/sessions", message, ["Origin: https://map.example.com"]))
        refused = ask(broker, post("/api/sessions", message, ["Origin: https://evil.example"]))
        read = ask(broker, head("GET /api/status", ["Origin: https://evil.example"]))
        preflight = ask(broker, head("OPTIONS /api/sessions", [PREFLIGHT[0].replace("map", "evil"), *PREFLIGHT[1:]]))
        program = ask(broker, post("/api/sessions", message))

    assert allowed.status == 201
    assert allowed.headers["access-control-allow-origin"] == "https://map.example.com"
    assert refused.status == 403 and refused.error() == "FORBIDDEN"
    assert read.status == 200 and read.headers["vary"] == "Origin"
    assert preflight.status == 204 and "access-control-allow-methods" not in preflight.headers
    assert program.status == 201
    for answer in (refused, read, preflight):
        assert "access-control-allow-origin" not in answer.headers


def test_pythons_own_clients_understand_it(gateway):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=15)
    for path, status in [("/api/health", 200), ("/api/nothing", 404), ("/api/status", 200)]:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == status and response.read().startswith(b"{")
    connection.close()

    with urllib.request.urlopen(f"{gateway.http_url}/api/health", timeout=15) as response:
        assert response.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{gateway.http_url}/api/messages", data=b"{}", timeout=15)
    assert refused.value.code == 401, "urllib says x-www-form-urlencoded, but the token comes first"


def curl(gateway, *words):
    done = subprocess.run(["curl", "-sS", "--max-time", "30", *words], capture_output=True, check=True)
    return done.stdout.decode()


def test_curl_understands_it(gateway):
    url = gateway.http_url
    assert curl(gateway, f"{url}/api/health") == (
        '{"status":"healthy","service":"Omni Web Gateway","version":"1.0.0"}')
    assert curl(gateway, "-o", "/dev/null", "-w", "%{http_code}", "-I", f"{url}/api/health") == "200"
    assert curl(gateway, "-o", "/dev/null", "-w", "%{http_code}", "--http1.0", f"{url}/api/health") == "200"
    made = curl(gateway, "-w", " %{http_code}", "-H", "Content-Type: application/json", "-H", "Transfer-Encoding: chunked",
                "-H", "Expect: 100-continue", "-d", registration("web_ui"), f"{url}/api/sessions")
    assert made.startswith('{"client_id":"') and made.endswith(" 201")
