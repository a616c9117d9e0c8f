"""Live connections go over from either WebSocket transport to the other, in a running broker."""

import contextlib
import pathlib
import sys

import pytest

from broker import Broker, gateway_config
from conformance.script import ACK, register
from raw_client import CONTINUATION, PONG, TEXT, Frame, RawClient, close, deflated, frame, ping, text

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "swap"))
from control import Control  # noqa: E402

PLAIN = text(register(400))
COMPRESSED = frame(TEXT, deflated(register(400)), rsv=4)
FRAGMENTS = (frame(TEXT, register()[:20], fin=False) + ping(b"between") +
             frame(CONTINUATION, register()[20:]))
SQUEEZED_FRAGMENTS = (frame(TEXT, deflated(register())[:9], fin=False, rsv=4) + ping(b"between") +
                      frame(CONTINUATION, deflated(register())[9:]))

# What a client has sent when its connection goes over: so many bytes of this.
STATES = [(script, cut) for script in (PLAIN, COMPRESSED, FRAGMENTS, SQUEEZED_FRAGMENTS)
          for cut in (0, 1, 3, 5, 8, 12, 20, len(script) - 1)]


@pytest.mark.parametrize("there, back", [("websocket", "websocket_beast"), ("websocket_beast", "websocket")])
def test_a_client_goes_over_whatever_it_has_sent_so_far(tmp_path, there, back):
    config = gateway_config(transports={"realtime": {"plugin": there, "compression": "deflate"}},
                            control={"socket": str(tmp_path / "control.sock")})
    with Broker(config) as broker, contextlib.ExitStack() as stack:
        control = Control(tmp_path / "control.sock")
        clients = [stack.enter_context(RawClient(broker.port)) for _ in STATES]
        for client in clients:
            client.upgrade(offer="permessage-deflate")
        for plugin in (back, there):
            for client, (script, cut) in zip(clients, STATES):
                client.send(ping(b"read?") + script[:cut])
            for client in clients:  # what came in one piece with the ping has been read, too
                assert client.read() == Frame(PONG, b"read?")

            report = control.swap(plugin=plugin)

            assert (report["moved"], report["staying"]) == (len(STATES), 0), report
            for client, (script, cut) in zip(clients, STATES):
                client.send(script[cut:] + ping(b"behind"))
            for client, (script, _) in zip(clients, STATES):
                answers = [client.read()]
                while answers[-1] != Frame(PONG, b"behind"):
                    answers.append(client.read())
                between = [Frame(PONG, b"between")] * (script in (FRAGMENTS, SQUEEZED_FRAGMENTS))
                assert answers == [*between, Frame(TEXT, ACK), Frame(PONG, b"behind")]
        for client in clients:
            client.send(close(1000))
            assert client.read().code == 1000
            client.expect_end()


@pytest.mark.parametrize("there, back", [("websocket", "websocket_beast"), ("websocket_beast", "websocket")])
def test_a_client_goes_on_to_get_compressed_messages(tmp_path, there, back):
    config = gateway_config(transports={"realtime": {"plugin": there, "compression": "deflate"}},
                            control={"socket": str(tmp_path / "control.sock")})
    selection = b'{"type":"select_object","prim_path":"/World/%s"}' % (b"Husky_01/" * 50)
    with Broker(config) as broker, RawClient(broker.port) as web, RawClient(broker.port) as extension:
        control = Control(tmp_path / "control.sock")
        for client, role, offer in ((web, "web_ui", None),
                                    (extension, "omniverse_extension", "permessage-deflate; server_max_window_bits=10")):
            client.upgrade(offer=offer)
            client.send(text('{"type":"client_register","client_type":"%s"}' % role))
            assert client.read() == Frame(TEXT, ACK)
        for plugin in (back, there, back):
            assert control.swap(plugin=plugin)["moved"] == 2
            web.send(text(selection))
            assert extension.read() == Frame(TEXT, selection, compressed=True)
