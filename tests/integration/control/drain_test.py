"""`omnibroker drain`: nothing new comes, who is there is told to go in turn, and everything else goes on."""

import asyncio
import json
import select
import signal
import socket
import sys
import threading
import time

import pytest
import websockets

from broker import ROOT
from clients import TIMEOUT, RawWebSocket, connect, receive, run, send, update
from program import Running, Terminal
from running import Gateway, Wire, another_build

sys.path.insert(0, str(ROOT / "tests/integration/http"))

from rest_client import Events, Session, Wire as Http, ask, head  # noqa: E402

REALTIME = "transports.realtime"
HOUR = 3_600_000


async def told(client):
    """The code that it is told to go with."""
    await asyncio.wait_for(client.wait_closed(), TIMEOUT)
    return client.close_code


async def talks(robot, web, number):
    await send(robot, **update(number))
    assert (await receive(web))["metadata"]["n"] == number


async def begin(gateway, **members):
    """Begins a drain; answers a future of all that it is answered."""
    def whole():
        with Wire(gateway.socket) as wire:
            wire.socket.settimeout(None)
            return wire.ask("drain", **members)
    return asyncio.get_running_loop().run_in_executor(None, whole)


def addresses(gateway):
    return [one["address"] for one in gateway.result("status")["listeners"]]


def url(gateway):
    return f"ws://{addresses(gateway)[0]}/ws"


async def status_of_handshake(at):
    try:
        await (await connect(at)).close()
    except websockets.exceptions.InvalidStatusCode as refusal:
        return refusal.status_code
    return 101


async def until(look, wanted):
    while (seen := await asyncio.to_thread(look)) != wanted:
        await asyncio.sleep(0.02)
    return seen


def draining(gateway, name=None):
    status = gateway.result("status")
    if name is None:
        return status["draining"]
    return next(one for one in status["components"] if one["name"] == name).get("draining", False)


# ------------------------------------------------------------------------------------------------------- the whole broker

def test_a_broker_does_not_listen_and_tells_its_clients_one_after_the_other(tmp_path):
    async def scenario(gateway):
        at = gateway.broker.ws_url
        first = await connect(at, "web_ui")
        web = await connect(at, "web_ui")
        robot = await connect(at, "omniverse_extension")
        drain = await begin(gateway, over_ms=HOUR)

        assert await told(first) == 1001

        with pytest.raises(ConnectionRefusedError):
            await connect(at)
        assert await asyncio.to_thread(addresses, gateway) == []
        assert await asyncio.to_thread(draining, gateway)
        for number in range(10):
            await talks(robot, web, number)
        assert not drain.done()

        # Another one takes over, and tells the rest in its own time.
        done = await asyncio.to_thread(gateway.command, "drain", "--over", "0")

        assert done.stdout == "the broker  told 2 clients to go at once; all have gone\n"
        assert [await told(client) for client in (web, robot)] == [1001, 1001]
        error = (await drain)[-1]["error"]
        assert error == {"code": "CONFLICT", "message": "The broker is drained by another command now; when it came, "
                                                        "1 client had been told to go"}
        assert (await asyncio.to_thread(gateway.result, "sessions"))["sessions"] == []
        assert gateway.broker.find_log("Clients are told to go", of="the broker", clients="3", over_ms=str(HOUR))
        assert gateway.broker.find_log("Clients have been told to go", of="the broker", told="2", staying="0")

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_the_time_is_spread_evenly_whatever_workers_they_are_on(tmp_path):
    async def scenario(gateway):
        clients = [await connect(gateway.broker.ws_url, "web_ui") for _ in range(8)]
        ended = []

        async def ends(number):
            assert await told(clients[number]) == 1001
            ended.append((number, time.monotonic()))

        begun = time.monotonic()
        drain = asyncio.create_task(asyncio.to_thread(gateway.result, "drain", "--over", "2s"))
        await asyncio.gather(*[ends(number) for number in range(8)])
        report = await drain

        for number, at in ended:
            assert at - begun >= number * 2 / 8, ended  # never too early; how late is the machine's
        assert report == {"draining": True, "over_ms": 2000, "told": 8, "staying": 0}

    with Gateway(tmp_path, workers=3) as gateway:
        run(scenario(gateway))


def test_streams_and_connections_that_wait_for_a_request_end(tmp_path):
    with Gateway(tmp_path) as gateway, Http(gateway.broker) as waiting:
        assert waiting.ask(head("GET /api/health")).status == 200
        with Session(gateway.broker).events() as events:
            assert gateway.result("drain", "--over", "0")["told"] >= 2  # and perhaps one that has just been closed
            events.until(b"event: bye\ndata: ")
            while events.more():
                pass
        assert waiting.ended()


def test_an_interrupt_ends_the_command_and_not_the_drain(tmp_path):
    async def scenario(gateway):
        clients = [await connect(gateway.broker.ws_url, "web_ui") for _ in range(2)]
        with Running("drain", "--over", "1h", env=gateway.env) as command:
            assert await told(clients[0]) == 1001
            assert await asyncio.to_thread(command.stop, signal.SIGINT) == -signal.SIGINT
        assert await asyncio.to_thread(draining, gateway)
        report = await asyncio.to_thread(gateway.result, "drain", "--over", "0")
        assert report["told"] == 1
        assert await told(clients[1]) == 1001

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_an_undone_broker_listens_again_and_keeps_who_was_not_told(tmp_path):
    async def scenario(gateway):
        gone = await connect(gateway.broker.ws_url, "web_ui")
        web = await connect(gateway.broker.ws_url, "web_ui")
        drain = await begin(gateway, over_ms=HOUR)
        assert await told(gone) == 1001

        done = await asyncio.to_thread(gateway.command, "drain", "--undo")

        listening = await asyncio.to_thread(addresses, gateway)
        assert done.stdout == f"the broker  listens again at {', '.join(listening)}\n"
        assert "The broker is not drained any more: it was undone when 1 client had" in (await drain)[-1]["error"]["message"]
        assert not await asyncio.to_thread(draining, gateway)
        robot = await connect(await asyncio.to_thread(url, gateway), "omniverse_extension")
        await talks(robot, web, 1)

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_an_address_that_is_taken_is_named_and_nothing_changes(tmp_path):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))  # so that nobody else gets this port
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with Gateway(tmp_path, listeners={"public": {"address": address}}) as gateway:
            client = Http(gateway.broker)
            assert client.ask(head("GET /api/health")).status == 200  # it is accepted
            assert gateway.result("drain", "--over", "0")["told"] == 1
            client.socket.close()
            other.listen()

            assert gateway.refusal("drain", "--undo") == \
                f"omnibroker: Nothing was changed: Cannot listen on {address}: another program is using it\n"

            assert draining(gateway)
            other.close()
            assert gateway.result("drain", "--undo") == {"draining": False, "listening": [address]}
            assert ask(gateway.broker, head("GET /api/health")).status == 200


def test_what_is_applied_to_a_drained_broker_listens_when_it_is_undone(tmp_path):
    first, second = (f"unix:{tmp_path}/{name}.socket" for name in ("first", "second"))
    with Gateway(tmp_path) as gateway:
        gateway.result("drain", "--over", "0")
        gateway.change(listeners={"public": {"address": first}, "more": {"address": second}},
                       transports={"rest": {"listener": "more"}})

        report = gateway.result("apply")

        assert {step["name"] for step in report["steps"]} == {"listeners.public", "listeners.more", "transports.rest"}
        assert addresses(gateway) == []
        assert not (tmp_path / "second.socket").exists()
        assert gateway.result("drain", "--undo")["listening"] == [first, second]
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"{tmp_path}/second.socket")
            client.sendall(head("GET /api/health", ["Connection: close"]))
            assert client.recv(12) == b"HTTP/1.1 200"


# ----------------------------------------------------------------------------------------------------------- one transport

def test_a_drained_transport_refuses_and_the_others_serve(tmp_path):
    async def scenario(gateway):
        clients = [await connect(gateway.broker.ws_url, role) for role in ("web_ui", "omniverse_extension")]
        with Http(gateway.broker) as rest:
            done = await asyncio.to_thread(gateway.command, "drain", REALTIME, "--over", "0")

            assert done.stdout == f"{REALTIME}  told 2 clients to go at once; all have gone\n"
            assert [await told(client) for client in clients] == [1001, 1001]
            refused = ask(gateway.broker, head("GET /ws", ["Upgrade: websocket", "Connection: Upgrade",
                                                           "Sec-WebSocket-Version: 13",
                                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]))
            assert refused.status == 503 and refused.closes()
            assert int(refused.headers["retry-after"]) > 0
            assert refused.error() == "UNAVAILABLE"
            assert rest.ask(head("GET /api/health")).status == 200
        assert await asyncio.to_thread(draining, gateway, REALTIME)
        assert not await asyncio.to_thread(draining, gateway)
        status = (await asyncio.to_thread(gateway.command, "status")).stdout
        assert [line.split() for line in status.splitlines() if line.startswith(REALTIME)] == \
            [[REALTIME, "transport", "1", "websocket", "draining"]]
        generations = (await asyncio.to_thread(gateway.command, "generations")).stdout
        assert f"{REALTIME}         1    current, draining  " in generations

        done = await asyncio.to_thread(gateway.command, "drain", REALTIME, "--undo")

        assert done.stdout == f"{REALTIME}  is not drained any more\n"
        assert await status_of_handshake(gateway.broker.ws_url) == 101
        assert not await asyncio.to_thread(draining, gateway, REALTIME)

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_requests_over_http_are_refused_on_connections_that_were_there(tmp_path):
    async def scenario(gateway):
        web = await connect(gateway.broker.ws_url, "web_ui")
        session = await asyncio.to_thread(Session, gateway.broker, "omniverse_extension")
        with Http(gateway.broker) as waiting, Events(gateway.broker, [session.bearer]) as events:
            assert waiting.ask(head("GET /api/health")).status == 200

            done = await asyncio.to_thread(gateway.command, "drain", "transports.rest", "--over", "0")

            assert done.returncode == 0, done.stderr

            events.until(b"event: bye\ndata: ")
            answer = waiting.ask(head("GET /api/health"))
            assert (answer.status, answer.error(), answer.closes()) == (503, "UNAVAILABLE", True)
            assert waiting.ended()
        await send(web, type="select_object", prim_path="/World/Robot")  # nobody took this one's connection away
        assert await status_of_handshake(gateway.broker.ws_url) == 101
        await asyncio.to_thread(gateway.result, "drain", "transports.rest", "--undo")
        assert (await asyncio.to_thread(session.send, json.dumps(update(1)))).status in (200, 202)
        assert (await receive(web))["metadata"]["n"] == 1

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_a_transport_is_drained_through_a_swap_and_an_apply(tmp_path):
    async def scenario(gateway):
        at = gateway.broker.ws_url
        gone = await connect(at, "web_ui")
        web = await connect(at, "web_ui")
        drain = await begin(gateway, name=REALTIME, over_ms=HOUR)
        assert await told(gone) == 1001

        swap = await asyncio.to_thread(gateway.result, "swap", REALTIME, "--plugin", another_build(tmp_path / "new"))

        assert (swap["moved"], swap["staying"]) == (1, 0)
        assert await status_of_handshake(at) == 503
        assert await asyncio.to_thread(draining, gateway, REALTIME)
        gateway.change(transports={"realtime": {"path": "/socket"}})
        await asyncio.to_thread(gateway.result, "apply")
        assert await status_of_handshake(at.replace("/ws", "/socket")) == 503
        assert not drain.done()

        report = await asyncio.to_thread(gateway.result, "drain", REALTIME, "--over", "0")

        assert report == {"name": REALTIME, "draining": True, "over_ms": 0, "told": 1, "staying": 0}
        assert await told(web) == 1001
        await drain
        await asyncio.to_thread(gateway.result, "drain", REALTIME, "--undo")
        assert await status_of_handshake(at.replace("/ws", "/socket")) == 101

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_a_drained_transport_in_a_drained_broker_stays_so(tmp_path):
    with Gateway(tmp_path) as gateway:
        gateway.result("drain", REALTIME, "--over", "0")
        gateway.result("drain", "--over", "0")
        gateway.result("drain", "--undo")
        assert run_and_return(status_of_handshake(url(gateway))) == 503

        gateway.result("drain", "--over", "0")
        text = gateway.command("drain", REALTIME, "--undo").stdout
        assert text == f"{REALTIME}  is not drained any more, but the broker is: nothing listens\n"
        gateway.result("drain", "--undo")
        assert run_and_return(status_of_handshake(url(gateway))) == 101


def run_and_return(scenario):
    answers = []

    async def whole():
        answers.append(await scenario)

    run(whole())
    return answers[0]


# -------------------------------------------------------------------------------------------- those who do not go, the end

def test_who_does_not_answer_is_told_of(tmp_path):
    with Gateway(tmp_path, limits={"stop_timeout": "1h"}, transports={"realtime": {"close_timeout": "10m"}}) as gateway:
        silent = RawWebSocket(gateway.broker.port)
        text = gateway.command("drain", REALTIME, "--over", "0").stdout
        assert text == f"{REALTIME}  told 1 client to go at once; 1 has not gone yet\n"
        silent.socket.close()


def test_a_stop_timeout_bounds_how_long_they_stay(tmp_path):
    async def scenario(gateway):
        silent = await asyncio.to_thread(RawWebSocket, gateway.broker.port)
        await asyncio.to_thread(gateway.result, "drain", REALTIME, "--over", "0")
        await until(lambda: [one["connections"] for one in gateway.result("generations")["generations"]
                             if one["name"] == REALTIME], [0])
        silent.socket.close()

    with Gateway(tmp_path, limits={"stop_timeout": "1s"}, transports={"realtime": {"close_timeout": "10m"}}) as gateway:
        run(scenario(gateway))


def test_a_drain_ends_when_the_last_client_has_left_by_itself(tmp_path):
    async def scenario(gateway):
        clients = [await connect(gateway.broker.ws_url, "web_ui") for _ in range(3)]
        drain = await begin(gateway, name=REALTIME, over_ms=HOUR)
        assert await told(clients[0]) == 1001
        for client in clients[1:]:
            await client.close()
        assert (await drain)[-1]["result"] == {"name": REALTIME, "draining": True, "over_ms": HOUR, "told": 1, "staying": 0}

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


@pytest.mark.parametrize("members", [{}, {"name": REALTIME}])
def test_a_stop_does_not_wait_for_a_drain(tmp_path, members):
    async def scenario(gateway):
        clients = [await connect(gateway.broker.ws_url, "web_ui") for _ in range(3)]
        drain = await begin(gateway, over_ms=24 * HOUR, **members)
        assert await told(clients[0]) == 1001

        gateway.broker.signal(signal.SIGTERM)

        assert [await told(client) for client in clients] == [1001] * 3
        assert await asyncio.to_thread(gateway.broker.wait) == 0
        assert (await drain)[-1]["error"] == {"code": "UNAVAILABLE", "message": "The broker is stopping"}

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


def test_progress_is_for_terminals(tmp_path):
    async def scenario(gateway):
        for _ in range(3):
            await connect(gateway.broker.ws_url, "web_ui")

        def drain():
            with Terminal("drain", "--over", "1s", env=gateway.env) as terminal:
                assert terminal.wait() == 0
                return terminal.text

        text = await asyncio.to_thread(drain)
        assert "\rtold 3 of 3 clients to go" in text
        assert "the broker  told 3 clients to go over 1s; all have gone" in text

    with Gateway(tmp_path) as gateway:
        run(scenario(gateway))


# ------------------------------------------------------------------------------------------------------ what cannot be done

@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with Gateway(tmp_path_factory.mktemp("run")) as gateway:
        yield gateway


@pytest.mark.parametrize("words, status, said", [
    (["transports.realtme"], 1, 'Nothing was changed: There is no component "transports.realtme" '
                                '(did you mean "transports.realtime"?)'),
    (["map"], 1, 'There is no component "map"; there is transports.realtime, transports.rest, handlers.client_register'),
    (["handlers.client_register"], 1, "Nothing was changed: handlers.client_register has no connections that could be told "
                                      "to go"),
    (["reply", "--undo"], 1, "reply has no connections that could be told to go"),
    (["--undo"], 1, "Nothing was changed: The broker is not drained"),
    ([REALTIME, "--undo"], 1, f"Nothing was changed: {REALTIME} is not drained"),
    (["--over", "soon"], 2, "--over takes a time like 30s, of at most a day, not soon"),
    (["--over", "25h"], 2, "--over takes a time like 30s, of at most a day, not 25h"),
    (["--over", "1s", "--undo"], 2, "--over does not go with --undo"),
])
def test_what_cannot_be_is_refused(gateway, words, status, said):
    assert said in gateway.refusal("drain", *words, status=status)
    assert not draining(gateway) and not draining(gateway, REALTIME)


@pytest.mark.parametrize("members, said", [
    ({"over_ms": -1}, '"over_ms" must be a whole number of milliseconds, of at most a day'),
    ({"over_ms": "30s"}, '"over_ms" must be a whole number of milliseconds, of at most a day'),
    ({"undo": "yes"}, '"undo" must be true or false'),
    ({"undo": True, "over_ms": 1}, '"over_ms" does not go with "undo"'),
    ({"name": 7}, 'The command needs "name", a text'),
])
def test_members_that_are_wrong_are_named(gateway, members, said):
    with Wire(gateway.socket) as wire:
        assert said in wire.ask("drain", **members)[-1]["error"]["message"]
    assert not draining(gateway)


@pytest.mark.parametrize("name", [[], [REALTIME]])
def test_what_is_drained_is_not_drained_again(tmp_path, name):
    with Gateway(tmp_path) as gateway:
        text = gateway.command("drain", *name, "--over", "0").stdout
        assert text == f"{(name or ['the broker'])[0]}  there were no clients to tell\n"

        sentence = gateway.refusal("drain", *name)

        subject = (name or ["The broker"])[0]
        assert sentence == (f"omnibroker: Nothing was changed: {subject} is drained already, and all clients have been told "
                            "to go\n")


def test_a_drain_and_another_change_do_not_begin_at_the_same_time(tmp_path):
    with Gateway(tmp_path) as gateway, Wire(gateway.socket) as wire:
        swap = threading.Thread(target=wire.ask, args=("swap",), kwargs={
            "name": REALTIME, "plugin": str(another_build(tmp_path / "new")), "canary_percent": 10, "for_ms": HOUR})
        swap.start()
        while "canary" not in [state for _, state in gateway.generations()]:
            pass
        assert "Another change is going on, try again later" in gateway.refusal("drain")
        assert gateway.broker.stop() == 0
        swap.join()


def test_who_interrupts_a_drain_leaves_room_for_others(tmp_path):
    """As many as there may be control connections, each with clients that are told to go within a day."""
    names = [f"t{number}" for number in range(8)]
    transports = {name: {"plugin": "websocket", "listener": "public", "path": f"/{name}"} for name in names}

    def begin_and_leave(gateway, name):
        """Until it has begun: while the one before it still begins it is refused."""
        while not gateway.broker.find_log("Clients are told to go", of=name):
            with Wire(gateway.socket) as wire:
                wire.send(json.dumps({"command": "drain", "name": name, "over_ms": 24 * HOUR}) + "\n")
                while not gateway.broker.find_log("Clients are told to go", of=name):
                    if select.select([wire.socket], [], [], 0.05)[0]:
                        break

    async def scenario(gateway):
        url = gateway.broker.ws_url.removesuffix("/ws")
        clients = [await websockets.connect(f"{url}/{name}") for name in names for _ in range(2)]
        for name in names:
            await asyncio.to_thread(begin_and_leave, gateway, f"transports.{name}")
        while "draining" not in (await asyncio.to_thread(gateway.command, "status")).stdout:
            await asyncio.sleep(0.05)
        for client in clients:
            await client.close()

    with Gateway(tmp_path, transports=transports, limits={"register_timeout": "off"}) as gateway:
        run(scenario(gateway))
