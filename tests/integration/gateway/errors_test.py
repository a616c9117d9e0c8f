"""Each row of the contract's table of errors, and the order of the checks."""

import json

import pytest

from broker import Broker, gateway_config
from gateway_client import ACK, OMNIVERSE, WEB, asynchronous, connected, coordinate, registration, selection

NO_INTERNALS = ("0x", ".cpp", ".so", "std::", "exception", "/usr", "/home", "/build")


@asynchronous
async def test_invalid_json_has_the_sources_message(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE) as client:
        for text in ("", "hello", '{"type": "coordinate_update"', "{'type':'select_object'}", "[1,]", '{"type":"x"} x'):
            assert await client.refused(text) == ("INVALID_JSON", "Invalid JSON format"), text


@asynchronous
async def test_invalid_json_is_what_the_sources_third_scenario_answers_exactly(plain_gateway):
    async with connected(plain_gateway, None) as client:
        await client.send("잘못된 JSON")

        assert await client.receive() == '{"type":"error","error_code":"INVALID_JSON","error_message":"Invalid JSON format"}'


@asynchronous
async def test_unknown_message_type_has_the_sources_message(plain_gateway):
    async with connected(plain_gateway, WEB) as client:
        assert await client.refused('{"type":"invalid_type"}') == ("UNKNOWN_MESSAGE_TYPE", "Unknown message type: invalid_type")
        for name in ("ack", "error", "Coordinate_update", "coordinate_update ", "type", "/", "좌표", "\\u0000"):
            code, message = await client.refused('{"type":"%s"}' % name)
            assert code == "UNKNOWN_MESSAGE_TYPE"
            assert message == "Unknown message type: " + json.loads(f'"{name}"'), name


@asynchronous
async def test_text_from_a_peer_in_an_error_is_short_and_whole(plain_gateway):
    async with connected(plain_gateway, WEB, None) as (registered, fresh):
        for name in ("x" * 20_000, "한" * 10_000, "😀" * 10_000, chr(34) * 5_000, "\x01" * 5_000):
            code, message = await registered.refused(json.dumps({"type": name}, ensure_ascii=False))
            assert code == "UNKNOWN_MESSAGE_TYPE"
            assert message.startswith("Unknown message type: " + name[:10]) and len(message.encode()) < 400, message

            code, message = await fresh.refused(registration(name))
            assert code == "UNSUPPORTED_CLIENT_TYPE"
            assert message.startswith("Unsupported client type: " + name[:10]) and len(message.encode()) < 400, message


NOT_MESSAGES = ["[]", "[{\"type\":\"select_object\"}]", '"type"', "12", "123456789012345678901234567890", "true", "null"]
WITHOUT_TYPE = ["{}", '{"client_type":"web_ui"}', '{"Type":"x"}', '{"type":null}', '{"type":1}', '{"type":{}}', '{"type":[]}',
                '{"type":true}', '{"type":""}']


@asynchronous
async def test_what_is_not_an_object_is_invalid_format(plain_gateway):
    async with connected(plain_gateway, WEB) as client:
        for text in NOT_MESSAGES:
            code, message = await client.refused(text)
            assert code == "INVALID_MESSAGE_FORMAT" and "object" in message, (text, message)


@asynchronous
async def test_a_type_that_is_missing_or_no_string_is_invalid_format(plain_gateway):
    async with connected(plain_gateway, WEB) as client:
        for text in WITHOUT_TYPE:
            code, message = await client.refused(text)
            assert code == "INVALID_MESSAGE_FORMAT" and "'type'" in message, (text, message)


# For each type: fields that make it right, and fields that do not. `...` takes the field away.
WRONG_STRINGS = [..., None, 1, True, [], {}, ""]
WRONG_FIELDS = [
    *[("client_register", "client_type", value) for value in WRONG_STRINGS],
    *[("coordinate_update", "prim_path", value) for value in [*WRONG_STRINGS, "World", " /World", "./World", "/" + "x" * 1024]],
    *[("select_object", "prim_path", value) for value in [*WRONG_STRINGS, "World", " /World", "./World", "/" + "x" * 1024]],
    *[("coordinate_update", "latitude", value) for value in [..., None, "37", True, [], {}, 90.0000001, -90.0000001, 1e308, 91]],
    *[("coordinate_update", "longitude", value) for value in [..., None, "127", False, [], {}, 180.0000001, -180.0000001, -1e308]],
    *[("coordinate_update", "height", value) for value in [None, "125.5", True, [], {}]],
    *[("coordinate_update", "metadata", value) for value in [None, "x", 1, True, []]],
    *[(type_, "timestamp", value) for type_ in ("client_register", "coordinate_update", "select_object")
      for value in [None, 1705314600, True, [], {}]],
]
RIGHT = {
    "client_register": {"client_type": WEB},
    "coordinate_update": {"prim_path": "/World/Husky_01", "latitude": 37.1, "longitude": 127.9},
    "select_object": {"prim_path": "/World/Husky_01"},
}


@asynchronous
async def test_a_field_that_is_not_what_it_must_be_is_named(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (omniverse, web):
        senders = {"client_register": web, "coordinate_update": omniverse, "select_object": web}
        for type_, field, value in WRONG_FIELDS:
            fields = {**RIGHT[type_], field: value}
            fields = {name: value for name, value in fields.items() if value is not ...}
            code, message = await senders[type_].refused(json.dumps({"type": type_, **fields}))
            assert code == "INVALID_MESSAGE_FORMAT", (type_, field, value, message)
            assert message.startswith(f"Field '{field}' ") and (" must " in message), (type_, field, value, message)

        # None of them went out: the first that each receives is the first right one.
        await omniverse.send(coordinate("/right", height=1))
        assert json.loads(await web.receive())["prim_path"] == "/right"
        await web.send(selection("/right"))
        assert json.loads(await omniverse.receive())["prim_path"] == "/right"


@asynchronous
async def test_every_message_before_registration_is_client_not_registered(plain_gateway):
    async with connected(plain_gateway, None) as client:
        for text in (coordinate(), selection(), '{"type":"ack"}', '{"type":"invalid_type"}'):
            code, _ = await client.refused(text)
            assert code == "CLIENT_NOT_REGISTERED", text
        await client.register(WEB)


@asynchronous
async def test_unsupported_client_type_has_the_sources_message(plain_gateway):
    async with connected(plain_gateway, None) as client:
        assert await client.refused(registration("invalid_type")) == ("UNSUPPORTED_CLIENT_TYPE",
                                                                     "Unsupported client type: invalid_type")
        for name in ("Web_UI", "web_ui ", "anyone", "*", "웹", "web_ui\x00"):
            assert await client.refused(registration(name)) == ("UNSUPPORTED_CLIENT_TYPE", f"Unsupported client type: {name}")
        await client.register(WEB)


@asynchronous
async def test_unauthorized_has_the_sources_messages(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB) as (omniverse, web):
        assert await web.refused(coordinate()) == ("UNAUTHORIZED", "Only Omniverse Extension can send coordinate updates")
        assert await omniverse.refused(selection()) == ("UNAUTHORIZED", "Only Web UI can send object selection commands")


@asynchronous
async def test_registration_failed_when_the_client_is_something_else_already(plain_gateway):
    async with connected(plain_gateway, WEB, OMNIVERSE) as (web, omniverse):
        assert (await web.refused(registration(OMNIVERSE)))[0] == "REGISTRATION_FAILED"
        assert (await omniverse.refused(registration(WEB)))[0] == "REGISTRATION_FAILED"


@asynchronous
async def test_object_selection_failed_when_somebody_must_be_there_and_nobody_is():
    with Broker(gateway_config(routes={"select_object": {"require_receiver": True}})) as broker:
        async with connected(broker, WEB) as web:
            code, message = await web.refused(selection())
            assert code == "OBJECT_SELECTION_FAILED" and message

            async with connected(broker, OMNIVERSE) as omniverse:
                await web.send(selection())
                assert await omniverse.receive() == selection()


@asynchronous
async def test_coordinate_update_failed_when_somebody_must_be_there_and_nobody_is():
    with Broker(gateway_config(routes={"coordinate_update": {"require_receiver": True}})) as broker:
        async with connected(broker, OMNIVERSE) as omniverse:
            assert (await omniverse.refused(coordinate()))[0] == "COORDINATE_UPDATE_FAILED"
            async with connected(broker, WEB) as web:
                await omniverse.send(coordinate(height=1))
                assert await web.receive() == coordinate(height=1)


@asynchronous
async def test_no_error_tells_about_the_inside(plain_gateway):
    texts = ["", "[]", "{}", '{"type":1}', registration("x"), registration(OMNIVERSE), coordinate(), selection("x"),
             '{"type":"invalid_type"}', '{"type":"client_register"}']
    async with connected(plain_gateway, WEB) as web:
        for text in texts:
            code, message = await web.refused(text)
            assert not [inside for inside in NO_INTERNALS if inside in message], message
            assert not message.endswith("."), message
            assert code.isupper() and code.replace("_", "").isalpha(), code


@asynchronous
async def test_an_error_goes_to_its_sender_alone_and_the_next_message_is_handled_as_usual(plain_gateway):
    async with connected(plain_gateway, OMNIVERSE, WEB, WEB) as (omniverse, noisy, quiet):
        for round_ in range(50):
            for text in ("", "[]", "{}", '{"type":"no"}', coordinate(), registration(OMNIVERSE), '{"type":"select_object"}'):
                await noisy.refused(text)
            await omniverse.send(coordinate(f"/round/{round_}", height=0))
            for client in (noisy, quiet):
                assert await client.receive() == coordinate(f"/round/{round_}", height=0)
            await noisy.send(selection(f"/round/{round_}"))
            assert await omniverse.receive() == selection(f"/round/{round_}")
        assert noisy.socket.open and quiet.socket.open and omniverse.socket.open


@asynchronous
async def test_a_thousand_errors_in_a_row_come_back_in_order(plain_gateway):
    async with connected(plain_gateway, WEB) as web:
        for number in range(1000):
            await web.send('{"type":"no_%d"}' % number)
        for number in range(1000):
            assert json.loads(await web.receive())["error_message"] == f"Unknown message type: no_{number}"


# ------------------------------------------------------------------------------------------------- the order of the checks

GOOD_COORDINATE, BAD_COORDINATE = coordinate("/order", height=1), '{"type":"coordinate_update","prim_path":5}'
GOOD_SELECTION, BAD_SELECTION = selection("/order"), '{"type":"select_object","prim_path":"no"}'
MATRIX = [
    # message, then what a client hears that is: not registered, an Omniverse extension, a web UI (None: nothing)
    ("{", "INVALID_JSON", "INVALID_JSON", "INVALID_JSON"),
    ('{"type":"select_object","type":"select_object"}', "INVALID_JSON", "INVALID_JSON", "INVALID_JSON"),
    ("[1]", "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT"),
    ("{}", "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT"),
    ('{"type":7}', "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT"),
    ('{"type":"no_such"}', "CLIENT_NOT_REGISTERED", "UNKNOWN_MESSAGE_TYPE", "UNKNOWN_MESSAGE_TYPE"),
    (BAD_COORDINATE, "CLIENT_NOT_REGISTERED", "INVALID_MESSAGE_FORMAT", "UNAUTHORIZED"),
    (GOOD_COORDINATE, "CLIENT_NOT_REGISTERED", None, "UNAUTHORIZED"),
    (BAD_SELECTION, "CLIENT_NOT_REGISTERED", "UNAUTHORIZED", "INVALID_MESSAGE_FORMAT"),
    (GOOD_SELECTION, "CLIENT_NOT_REGISTERED", "UNAUTHORIZED", None),
    ('{"type":"client_register"}', "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT", "INVALID_MESSAGE_FORMAT"),
    (registration("no_such"), "UNSUPPORTED_CLIENT_TYPE", "UNSUPPORTED_CLIENT_TYPE", "UNSUPPORTED_CLIENT_TYPE"),
]


@pytest.mark.parametrize("column, role", [(1, None), (2, OMNIVERSE), (3, WEB)])
@asynchronous
async def test_the_order_of_the_checks(plain_gateway, column, role):
    async with connected(plain_gateway, role) as client:
        for row in MATRIX:
            if row[column] is None:
                await client.send(row[0])  # right, and not acknowledged: the next row's error is the next that comes
            else:
                assert (await client.refused(row[0]))[0] == row[column], row


@asynchronous
async def test_the_ack_is_exactly_what_the_source_shows(plain_gateway):
    async with connected(plain_gateway, None) as client:
        await client.send('{\n  "type": "client_register",\n  "client_type": "omniverse_extension"\n}')

        assert await client.receive() == ACK
