"""Where the services are, as a client learns it: by the paths of one port, or by ports of their own."""

import json
import socket

import pytest
import websockets
import yaml
from nucleus import ADMIN, PASSWORD, Api, Failure, Sows, config, http, run
from broker import Broker

INTERFACES = [("OmniAuth.idl.ts", "Credentials", "sows"), ("OmniAuth.idl.ts", "Tokens", "sows"),
              ("omni1.idl.ts", "Connection", "connlib"), ("omni1.idl.ts", "ServerFeatures", "connlib")]


def query(origin, name, transports=("sows", "connlib")):
    return {"service_interface": {"origin": origin, "name": name, "capabilities": {}},
            "supported_transport": list(transports), "meta": {"deployment": "external"}}


@pytest.mark.parametrize("origin,name,transport", INTERFACES)
@run
async def test_services_are_found_by_their_paths(server, origin, name, transport):
    async with server.sows("discovery") as discovery:
        found = await discovery.call("DiscoverySearch.find", query=query(origin, name), version=2)

    assert found["found"] is True
    assert found["service_interface"]["name"] == name
    assert found["service_interface"]["capabilities"] != {}
    assert found["transport"]["name"] == transport
    assert found["transport"]["meta"]["ssl"] == "false"
    params = json.loads(found["transport"]["params"])
    if transport == "connlib":
        assert params == {"url": f"ws://127.0.0.1:{server.port}/omni/api"}
    else:
        assert params == {"host": "127.0.0.1", "port": server.port, "path": "/omni/auth"}


@run
async def test_a_proxy_that_ends_tls_is_taken_into_account(server):
    async with Api(server.url("discovery"), read=False, extra_headers={"X-Forwarded-Proto": "https"}) as client:
        await client.socket.send(Sows.request(1, "DiscoverySearch.find", {"query": query("omni1.idl.ts", "Connection")}))
        found = Sows.result(await client.socket.recv(), 1)

    assert json.loads(found["transport"]["params"])["url"].startswith("wss://127.0.0.1:")
    assert found["transport"]["meta"]["ssl"] == "true"


@run
async def test_what_is_not_there_is_not_found(server):
    async with server.sows("discovery") as discovery:
        for wanted in [query("omni1.idl.ts", "Tagging"), query("Other.idl.ts", "Connection"),
                       query("omni1.idl.ts", "Connection", transports=["sows"])]:
            found = await discovery.call("DiscoverySearch.find", query=wanted)
            assert found == {"found": False, "version": 2}


@run
async def test_calls_that_are_none(server):
    async with server.sows("discovery") as discovery:
        with pytest.raises(Failure, match="There is no method DiscoverySearch.lose here"):
            await discovery.call("DiscoverySearch.lose")
        with pytest.raises(Failure, match="A parameter is missing"):
            await discovery.call("DiscoverySearch.find", query=7)
        with pytest.raises(Failure, match="A parameter is missing"):
            await discovery.call("DiscoverySearch.find")
        await discovery.send(Sows.request(9, "DiscoverySearch.find", b"{"))
        with pytest.raises(Failure, match="The parameters are no JSON object"):
            Sows.result(await discovery.receive(), 9)
        await discovery.send(Sows.request(10, "DiscoverySearch.find", b'{"query":' + b"[" * 64))
        with pytest.raises(Failure, match="The parameters are nested deeper than 64 arrays and objects"):
            Sows.result(await discovery.receive(), 10)


@run
async def test_a_stop_is_answered(server):
    async with server.sows("discovery") as discovery:
        await discovery.send(b"\x00\x05\x00\x00\x00")
        assert await discovery.receive() == b"\x05\x05\x00\x00\x00"


@pytest.mark.parametrize("garbage,reason", [(b"\x07", "unknown type 7"), (b"\x01\x01", "before it is whole"),
                                            (b"\x01\x01\0\0\0m\0\xff\xff\xff\xff{}", "before it is whole"),
                                            ("hello", "unknown type 104"), (b"", "is empty")])
@run
async def test_garbage_ends_the_connection(server, garbage, reason):
    async with server.sows("discovery") as discovery:
        await discovery.send(garbage)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await discovery.receive()
    assert closed.value.rcvd.code == 1007 and reason in closed.value.rcvd.reason


def test_it_is_alive(server):
    for service in ("discovery", "auth", "api", "lft"):
        assert http("GET", server.url(service, "http") + "/healthcheck")[0] == 200
        assert http("HEAD", server.url(service, "http") + "/healthcheck")[2] == b""
    assert http("GET", server.url("discovery", "http"))[0] == 426
    assert http("GET", server.url("discovery", "http") + "/elsewhere")[0] == 404


@pytest.mark.parametrize("service", ["discovery", "auth"])
@run
async def test_calls_are_small(server, service):
    async with server.sows(service) as calls:
        with pytest.raises(Failure):  # there is no such method
            await calls.call("Nobody.knows", filler="x" * 60_000)
        await calls.send(calls.request(9, "Nobody.knows", {"filler": "x" * 65_536}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await calls.receive()
    assert closed.value.rcvd.code == 1009


def free_ports(count):
    """Ports that nobody uses: services that have one each must know each other's before they listen."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def direct_config(data, ports):
    whole = yaml.safe_load(config(data))
    names = ("discovery", "auth", "api", "lft")
    whole["listeners"] = {name: {"address": f"127.0.0.1:{port}"} for name, port in zip(names, ports)}
    for name in names:
        whole["services"][name].update(listener=name, path="/")
    whole["services"]["discovery"].update(auth_port=ports[1], api_port=ports[2])
    whole["services"]["api"]["lft_port"] = ports[3]
    return yaml.safe_dump(whole)


@run
async def test_services_with_ports_of_their_own_are_found_and_used(tmp_path):
    ports = free_ports(4)
    with Broker(direct_config(tmp_path / "data", ports)):
        async with Sows(f"ws://127.0.0.1:{ports[0]}") as discovery:
            auth_at = await discovery.call("DiscoverySearch.find", query=query("OmniAuth.idl.ts", "Credentials"))
            api_at = await discovery.call("DiscoverySearch.find", query=query("omni1.idl.ts", "Connection"))
        assert json.loads(auth_at["transport"]["params"]) == {"host": "127.0.0.1", "port": ports[1], "path": "/"}
        assert json.loads(api_at["transport"]["params"]) == {"url": f"ws://127.0.0.1:{ports[2]}"}

        async with Sows(f"ws://127.0.0.1:{ports[1]}/") as auth:
            token = (await auth.call("Credentials.auth", username=ADMIN, password=PASSWORD))["access_token"]
        async with Api(f"ws://127.0.0.1:{ports[2]}") as api:
            session = await api.ok("authorize_token", token=token)
            assert session["lft_address"] == f"http://127.0.0.1:{ports[3]}"
            await api.write("/big.bin", b"x" * 100_000)
            read = await api.ok("read_asset_version", path={"path": "/big.bin"})
            assert http("GET", read["uri_redirection"])[2] == b"x" * 100_000
