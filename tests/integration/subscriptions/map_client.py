"""A gateway whose maps may choose what they get, and its clients over Debian's python3-websockets."""

import asyncio
import functools
import inspect
import json

import websockets

from broker import Broker, gateway_config

TIMEOUT = 20  # seconds; for one step

ROBOT = "omniverse_extension"
WEB = "web_ui"
SUBPROTOCOL = "omnibroker.v1"


def config(**changes):
    """The gateway with what docs/subscriptions.md adds to it, and `changes` to that."""
    base = {
        "notices": "subscriptions:notices",
        "limits": {"messages_per_second": 0},
        "transports": {"realtime": {"subprotocols": [SUBPROTOCOL]}},
        "routes": {
            "coordinate_update": {"position": ["latitude", "longitude", "height"]},
            "subscribe": {"from": WEB, "handler": "subscriptions:subscribe"},
            "unsubscribe": {"from": WEB, "handler": "subscriptions:unsubscribe"},
            "snapshot": {"from": WEB, "handler": "subscriptions:snapshot"},
        },
    }
    for name, change in changes.items():
        base[name] = {**base.get(name, {}), **change} if name != "routes" else over(base["routes"], change)
    return gateway_config(**base)


def over(routes, changes):
    return {name: {**routes.get(name, {}), **changes.get(name, {})} for name in {**routes, **changes}}


def on_a_gateway(**changes):
    """Runs a test that is a coroutine with a gateway of its own. Its clients leave before the gateway is stopped."""
    def decorate(test):
        async def with_clients(broker, *args, **kwargs):
            gateway = Gateway(broker)
            try:
                await asyncio.wait_for(test(gateway, *args, **kwargs), 120)
            finally:
                await gateway.leave()

        @functools.wraps(test)
        def run(*args, **kwargs):
            with Broker(config(**changes)) as broker:
                asyncio.run(with_clients(broker, *args, **kwargs))
        signature = inspect.signature(test)
        run.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])  # pytest gives the others
        return run
    return decorate


class Gateway:
    """The running broker, and who is connected to it."""

    def __init__(self, broker):
        self.broker = broker
        self.clients = []

    async def connect(self, role=None, **options):
        socket = await websockets.connect(self.broker.ws_url, open_timeout=TIMEOUT, ping_interval=None, max_queue=None,
                                          **options)
        client = Client(socket)
        self.clients.append(client)
        if role is not None:
            await client.acked(type="client_register", client_type=role)
        return client

    async def leave(self):
        for client in self.clients:
            client.socket.transport.abort()
        await asyncio.gather(*(client.socket.wait_closed() for client in self.clients))

    async def map(self, **options):
        return await self.connect(WEB, **options)

    async def robot(self):
        return await self.connect(ROBOT)


def update(prim_path, number=0, latitude=37.0, longitude=127.0, height=0.0):
    return {"type": "coordinate_update", "prim_path": prim_path, "latitude": latitude, "longitude": longitude,
            "height": height, "metadata": {"n": number}}


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.others = []  # what came while an answer was waited for

    async def send(self, **message):
        await self.socket.send(json.dumps(message))

    async def move(self, prim_path, number=0, **place):
        """Sends one coordinate update."""
        await self.send(**update(prim_path, number, **place))

    async def receive(self, timeout=TIMEOUT):
        if self.others:
            return self.others.pop(0)
        return json.loads(await asyncio.wait_for(self.socket.recv(), timeout))

    async def answer(self, **message):
        """Sends a message, and answers the ack or error that it gets."""
        await self.send(**message)
        passed = []
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), TIMEOUT))
            if answer["type"] in ("ack", "error"):
                self.others += passed
                return answer
            passed.append(answer)

    async def acked(self, **message):
        answer = await self.answer(**message)
        assert answer == {"type": "ack", "original_type": message["type"], "status": "success"}, answer

    async def subscribe(self, **members):
        await self.acked(type="subscribe", **{"message_type": "coordinate_update", **members})

    async def refused(self, **message):
        answer = await self.answer(**message)
        assert list(answer) == ["type", "error_code", "error_message"], answer
        return answer["error_code"], answer["error_message"]

    async def until(self, prim_path):
        """The updates that come before the first of this object, which is taken off too, as (prim_path, number)."""
        seen = []
        while True:
            message = await self.receive()
            assert message["type"] == "coordinate_update", message
            if message["prim_path"] == prim_path:
                return seen
            seen.append((message["prim_path"], message["metadata"]["n"]))
