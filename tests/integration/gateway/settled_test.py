"""Each of the thirteen points that the contract settles, by its number."""

import json
import uuid

import pytest
import websockets

from broker import Broker, gateway_config
from gateway_client import (ACK, OMNIVERSE, WEB, Client, asynchronous, connected, coordinate, registration, request, selection)


@asynchronous
async def test_settled_01_the_code_for_an_unknown_type_is_unknown_message_type(plain_gateway):
    async with connected(plain_gateway, WEB) as web:
        await web.send('{"type":"invalid_type"}')

        assert await web.receive() == ('{"type":"error","error_code":"UNKNOWN_MESSAGE_TYPE",'
                                       '"error_message":"Unknown message type: invalid_type"}')


@asynchronous
async def test_settled_02_coordinates_and_selections_are_not_acknowledged(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        await extension.send(coordinate(height=1))
        assert await web.receive() == coordinate(height=1)
        assert (await extension.refused("{"))[0] == "INVALID_JSON"  # and no ack came before it
        await web.send(selection())
        assert await extension.receive() == selection()
        assert (await web.refused("{"))[0] == "INVALID_JSON"


@asynchronous
async def test_settled_02_a_route_may_turn_acks_on():
    routes = {"coordinate_update": {"ack": True}, "select_object": {"ack": True}}
    with Broker(gateway_config(routes=routes)) as broker:
        async with connected(broker, OMNIVERSE, WEB) as (extension, web):
            await extension.send(coordinate(height=1))
            assert await extension.receive() == '{"type":"ack","original_type":"coordinate_update","status":"success"}'
            assert await web.receive() == coordinate(height=1)
            await web.send(selection())
            assert await web.receive() == '{"type":"ack","original_type":"select_object","status":"success"}'
            assert await extension.receive() == selection()
            assert (await web.refused('{"type":"select_object"}'))[0] == "INVALID_MESSAGE_FORMAT"  # no ack for what is refused


@asynchronous
async def test_settled_03_an_unregistered_client_that_sends_an_unknown_type_hears_client_not_registered(plain_gateway):
    async with connected(plain_gateway, None) as client:
        assert (await client.refused('{"type":"invalid_type"}'))[0] == "CLIENT_NOT_REGISTERED"
        assert (await client.refused("[]"))[0] == "INVALID_MESSAGE_FORMAT"
        assert (await client.refused("["))[0] == "INVALID_JSON"


@asynchronous
async def test_settled_04_the_same_registration_again_is_acknowledged_and_changes_nothing():
    with Broker() as broker:
        async with connected(broker, OMNIVERSE, WEB) as (extension, web):
            await extension.send(coordinate("/known", height=1))
            assert await web.receive() == coordinate("/known", height=1)
            for _ in range(3):
                await web.register(WEB)
                await extension.register(OMNIVERSE)

            # Nothing doubled, and last values not sent again: the next message comes next, and once.
            for number in range(3):
                await extension.send(coordinate(f"/next/{number}", height=1))
            for number in range(3):
                assert await web.receive() == coordinate(f"/next/{number}", height=1)
            assert request(broker, "GET", "/api/status").json()["clients"] == {
                "total": 2, "registered": 2, "omniverse_clients": 1, "web_clients": 1}


@asynchronous
async def test_settled_04_another_registration_is_registration_failed_and_the_first_stays(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        assert (await web.refused(registration(OMNIVERSE)))[0] == "REGISTRATION_FAILED"
        assert (await extension.refused(registration(WEB)))[0] == "REGISTRATION_FAILED"

        await extension.send(coordinate(height=1))
        assert await web.receive() == coordinate(height=1)
        await web.send(selection())
        assert await extension.receive() == selection()
        assert (await web.refused(coordinate()))[0] == "UNAUTHORIZED"


DIGITS = ["37.123456789000000000", "37.1e0", "3712345678.9E-8", "0.000000000000000000000000000001", "-0", "-0.0", "12", "12.50"]


@asynchronous
async def test_settled_05_forwarded_bytes_keep_the_senders_digits(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for digits in DIGITS:
            message = ('{"type":"coordinate_update","prim_path":"/p","latitude":%s,"longitude":%s,"height":%s,'
                       '"metadata":{"n":%s,"big":12345678901234567890123}}' % (digits, digits, digits, digits))
            await extension.send(message)
            assert await web.receive() == message


@asynchronous
async def test_settled_05_unknown_fields_order_and_space_are_kept(plain_gateway):
    messages = [
        '{ "longitude" : 1 , "unknown" : [ 1, {"a" : null} ], "height":0,"type":"coordinate_update","latitude":2,\n"prim_path":"/p" }',
        '{"type":"coordinate_update","prim_path":"\\/p\\u00e9","latitude":1,"longitude":2,"height":3,"client_id":"x","":0}',
    ]
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for message in messages:
            await extension.send(" \n" + message + "\t ")
            assert await web.receive() == message  # only the space around it is cut off
        await web.send('{"extra":{"deep":[1,2,{"x":"y"}]},"type":"select_object","prim_path":"/p" }')
        assert await extension.receive() == '{"extra":{"deep":[1,2,{"x":"y"}]},"type":"select_object","prim_path":"/p" }'


@asynchronous
async def test_settled_05_a_missing_height_is_added_and_nothing_else_changes(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for body in ('{"type":"coordinate_update","prim_path":"/p","latitude":1.50,"longitude":2',
                     '{"type":"coordinate_update","metadata":{"height":7},"prim_path":"/p","latitude":1,"longitude":2 \n',
                     '{"latitude":1,"longitude":2,"prim_path":"/height","type":"coordinate_update","metadata":{"x":"}"}'):
            await extension.send(body + "}")
            forwarded = await web.receive()
            assert forwarded == body + ',"height":0.0}'
            assert json.loads(forwarded)["height"] == 0.0


@asynchronous
async def test_settled_05_a_height_that_is_there_is_kept_as_it_is(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for height in ("0", "-0", "1e2", "125.50"):
            message = '{"height":%s,"type":"coordinate_update","prim_path":"/p","latitude":1,"longitude":2}' % height
            await extension.send(message)
            assert await web.receive() == message


@asynchronous
async def test_settled_06_a_publisher_does_not_get_its_own_message_back(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, OMNIVERSE, WEB, WEB) as (extension, other, web, neighbour):
        await extension.send(coordinate(height=1))
        for client in (web, neighbour):
            assert await client.receive() == coordinate(height=1)
        await web.send(selection("/next"))

        # The next that each extension hears is the selection, and the next that each web UI hears is a coordinate.
        for client in (extension, other):
            assert await client.receive() == selection("/next")
        await other.send(coordinate("/then", height=1))
        for client in (web, neighbour):
            assert await client.receive() == coordinate("/then", height=1)


@asynchronous
async def test_settled_07_a_selection_that_nobody_hears_is_not_an_error(plain_gateway):
    async with connected(plain_gateway, WEB) as web:
        await web.send(selection())
        assert (await web.refused("{"))[0] == "INVALID_JSON"  # the next answer is to the next message


@asynchronous
async def test_settled_07_a_selection_that_nobody_hears_is_an_error_where_a_receiver_is_required():
    with Broker(gateway_config(routes={"select_object": {"require_receiver": True}})) as broker:
        async with connected(broker, WEB, WEB) as (web, _):
            assert (await web.refused(selection()))[0] == "OBJECT_SELECTION_FAILED"
            assert (await web.refused('{"type":"select_object"}'))[0] == "INVALID_MESSAGE_FORMAT"  # fields come first


@asynchronous
async def test_settled_08_a_new_web_ui_gets_the_latest_of_each_prim_right_after_its_ack():
    with Broker() as broker:
        async with connected(broker, OMNIVERSE, OMNIVERSE, WEB) as (extension, other, witness):
            for number in range(20):
                await extension.send(coordinate("/World/A", latitude=number, height=1))
                await extension.send(coordinate("/World/B", latitude=number))
                await other.send(coordinate("/World/C", latitude=number, metadata={"number": number}))
            for _ in range(60):
                await witness.receive()

            async with connected(broker, None) as late:
                await late.send(registration(WEB))
                assert await late.receive() == ACK
                latest = {await late.receive() for _ in range(3)}
                assert latest == {coordinate("/World/A", latitude=19, height=1),
                                  coordinate("/World/B", latitude=19)[:-1] + ',"height":0.0}',
                                  coordinate("/World/C", latitude=19, metadata={"number": 19})[:-1] + ',"height":0.0}'}
                await extension.send(coordinate("/World/A", latitude=20, height=1))
                assert await late.receive() == coordinate("/World/A", latitude=20, height=1)

            async with connected(broker, None) as extension_too:
                await extension_too.register(OMNIVERSE)  # no audience of coordinates: it gets none
                await witness.send(selection("/World/B"))
                assert await extension_too.receive() == selection("/World/B")


@asynchronous
async def test_settled_08_thousands_of_last_values_arrive_whole():
    with Broker(gateway_config(limits={"messages_per_second": 0})) as broker:
        async with connected(broker, OMNIVERSE, WEB) as (extension, witness):
            for number in range(3000):
                await extension.send(coordinate(f"/World/{number}", latitude=number % 90, height=number))
            for _ in range(3000):
                await witness.receive()

            async with connected(broker, WEB) as late:
                seen = [await late.receive() for _ in range(3000)]
            assert set(seen) == {coordinate(f"/World/{n}", latitude=n % 90, height=n) for n in range(3000)}


@asynchronous
async def test_settled_08_a_refused_coordinate_is_no_last_value():
    with Broker() as broker:
        async with connected(broker, OMNIVERSE) as extension:
            await extension.send(coordinate("/right", height=1))
            assert (await extension.refused(coordinate("/right", latitude=91)))[0] == "INVALID_MESSAGE_FORMAT"
            async with connected(broker, WEB) as web:
                assert await web.receive() == coordinate("/right", height=1)


@asynchronous
async def test_settled_08_the_configuration_can_turn_last_values_off(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, witness):
        await extension.send(coordinate("/old", height=1))
        assert await witness.receive() == coordinate("/old", height=1)
        async with connected(plain_gateway, WEB) as late:
            await extension.send(coordinate("/new", height=1))
            assert await late.receive() == coordinate("/new", height=1)


@asynchronous
async def test_settled_09_the_client_id_is_in_the_upgrade_response_and_in_the_log_and_not_in_the_ack():
    with Broker(gateway_config(log={"level": "debug"})) as broker:
        async with connected(broker, None) as client:
            identity = client.socket.response_headers["X-Client-Id"]
            assert str(uuid.UUID(identity)) == identity
            await client.send(registration(WEB))
            assert await client.receive() == ACK
        broker.stop()
        assert [line for line in broker.log if identity in line.text], "no line of the log names the client"


@asynchronous
async def test_settled_10_a_binary_message_is_invalid_message_format(plain_gateway):
    async with connected(plain_gateway, None, WEB) as (fresh, web):
        for client in (fresh, web):
            for payload in (registration(WEB).encode(), b"", b"\x00\xff", selection().encode()):
                assert (await client.refused(payload))[0] == "INVALID_MESSAGE_FORMAT"
        await fresh.register(WEB)


def nested(levels):
    """A selection that is `levels` deep in all."""
    return '{"type":"select_object","prim_path":"/p","x":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


def with_x(value):
    return '{"type":"select_object","prim_path":"/p","x":%s}' % value


NOT_JSON = [
    nested(33), with_x("[" * 1000 + "]" * 1000), with_x("[1,]"), with_x('{"a":1,}'), with_x("NaN"), with_x("Infinity"), with_x("-Infinity"),
    with_x("nul"), with_x('"\\ud800"'), with_x('"\\udfff"'), with_x('{"deep":["\\ud800x"]}'), with_x('"\t"'), with_x('"\x01"'), with_x("1e309"),
    with_x('{"a":{"b":-1e999}}'), with_x("1" + "0" * 309), with_x("01"), with_x("+1"), with_x(".5"), with_x("1."), with_x("0x10"), with_x("'a'"),
    with_x('"\\x41"'), with_x('{"a" 1}'), with_x("[1 2]"), with_x("/**/1"), '{"type":"select_object","prim_path":"/p","prim_path":"/p"}',
    '{"type":"select_object","type":"select_object","prim_path":"/p"}', '{"type":"select_object","prim_path":"/p","\\u0078":1,"x":2}',
    '{"type":"select_object","prim_path":"/p",}', selection() + selection(), selection() + " null", selection() + "x", "\ufeff" + selection(),
]
JSON = [
    nested(32), with_x("1e308"), with_x("123456789012345678901234567890"), with_x("-18446744073709551616"), with_x('"\\ud83d\\ude00"'),
    with_x('{"same":1,"same":2}'), with_x('"\\u0000"'), with_x("1e-999"), with_x("[]"), with_x('"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["'),
]


@asynchronous
async def test_settled_11_every_byte_that_is_forwarded_has_been_validated(plain_gateway):
    async with connected(plain_gateway, WEB, OMNIVERSE) as (web, extension):
        for text in NOT_JSON:
            assert await web.refused(text) == ("INVALID_JSON", "Invalid JSON format"), text
        for text in JSON:
            await web.send(text)
            assert await extension.receive() == text  # and none of the others was forwarded


@asynchronous
async def test_settled_11_a_message_above_the_largest_closes_with_1009(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for size in (65537, 1_000_000):
            async with connected(plain_gateway, WEB) as large:
                await large.send(selection("/" + "x" * (size - len(selection("/")))))
                assert await large.closed() == 1009
        await web.send(selection())  # the others go on
        assert await extension.receive() == selection()


@asynchronous
async def test_settled_11_the_largest_message_is_an_option():
    with Broker(gateway_config(limits={"max_message": "1KiB"})) as broker:
        async with connected(broker, WEB, OMNIVERSE) as (web, extension):
            fits = selection("/p", x="x" * (1024 - len(selection("/p", x=""))))
            await web.send(fits)
            assert await extension.receive() == fits
            await web.send(fits + " ")
            assert await web.closed() == 1009


@asynchronous
async def test_settled_12_a_prim_path_is_absolute_and_at_most_1024_bytes(plain_gateway):
    longest = ["/", "/" + "x" * 1023, "/" + "한" * 341, "/World/../x", "//", "/ "]
    too_long = ["/" + "x" * 1024, "/" + "한" * 341 + "x", "/" + "😀" * 256]
    relative = ["World", "World/x", " /World", ".", "한/"]
    async with connected(plain_gateway, OMNIVERSE, WEB) as (extension, web):
        for path in longest:
            for escaped in (False, True):  # what counts is the path, not how it is written
                message = json.dumps({"type": "select_object", "prim_path": path}, ensure_ascii=escaped)
                await web.send(message)
                assert await extension.receive() == message
        for path in too_long + relative:
            for client, message in ((web, selection(path)), (extension, coordinate(path))):
                code, sentence = await client.refused(message)
                assert code == "INVALID_MESSAGE_FORMAT" and "'prim_path'" in sentence, path


def test_settled_13_unknown_paths_are_404_with_a_json_body(gateway):
    for path in ("/", "/api", "/api/", "/api/healthz", "/api/health/x", "/index.html", "/favicon.ico", "/api/%2e%2e/health"):
        answer = request(gateway, "GET", path)
        assert answer.status == 404, path
        assert answer.headers.get_content_type() == "application/json", path
        assert isinstance(answer.json(), dict), path


def test_settled_13_a_wrong_method_is_405_with_allow(gateway):
    for path in ("/api/health", "/api/status"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            answer = request(gateway, method, path, headers={"Content-Length": "0"})
            assert answer.status == 405, (method, path)
            allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
            assert {"GET", "HEAD"} <= allowed and method not in allowed
            assert isinstance(answer.json(), dict)


def test_settled_13_head_works_wherever_get_does(gateway):
    for path in ("/api/health", "/api/status", "/nothing"):
        head, get = request(gateway, "HEAD", path), request(gateway, "GET", path)
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_settled_13_options_answers_a_cors_preflight(gateway):
    for path in ("/api/health", "/api/status"):
        answer = request(gateway, "OPTIONS", path, headers={"Origin": "https://maps.example",
                                                            "Access-Control-Request-Method": "GET"})
        assert answer.status in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "GET" in answer.headers["Access-Control-Allow-Methods"]


@asynchronous
async def test_settled_13_every_origin_is_allowed_by_default(gateway):
    for origin in ("https://maps.example", "null", "http://localhost:3000"):
        assert request(gateway, "GET", "/api/health", headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == "*"
        client = await Client.connect(gateway, origin=origin)
        await client.leave()


@asynchronous
async def test_settled_13_a_list_of_origins_closes_cors_and_the_upgrade():
    origins = {"allowed_origins": ["https://maps.example"]}
    with Broker(gateway_config(transports={"realtime": origins, "rest": origins})) as broker:
        mine = request(broker, "GET", "/api/health", headers={"Origin": "https://maps.example"})
        assert mine.headers["Access-Control-Allow-Origin"] == "https://maps.example"
        for other in ("https://evil.example", "http://maps.example", "https://maps.example.evil.example", "null"):
            theirs = request(broker, "GET", "/api/health", headers={"Origin": other})
            assert theirs.headers["Access-Control-Allow-Origin"] not in ("*", other)
            with pytest.raises(websockets.InvalidStatusCode) as refused:
                await Client.connect(broker, origin=other)
            assert refused.value.status_code == 403
        async with connected(broker, WEB):  # a program sends no Origin
            pass
        client = await Client.connect(broker, WEB, origin="https://maps.example")
        await client.leave()
