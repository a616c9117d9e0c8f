"""The OpenAPI document against what is served."""

import json

import pytest

from rest_client import ask, head

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def document(gateway):
    answer = ask(gateway, head("GET /api/openapi.json"))
    assert answer.status == 200 and answer.headers["content-type"] == "application/json"
    return answer.json()


def filled(path):
    """A documented path with something in place of its parameters."""
    return "/api" + path.replace("{client_id}", "x").replace("{prim_path}", "World/Robot")


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def test_it_has_the_structure_of_openapi_3_1(document):
    jsonschema = pytest.importorskip("jsonschema")
    # The parts of the published schema that a document of this kind can break.
    response = {"type": "object", "required": ["description"], "properties": {
        "description": {"type": "string"}, "headers": {"type": "object"},
        "content": {"type": "object", "additionalProperties": {"type": "object", "required": ["schema"]}}}}
    operation = {"type": "object", "required": ["operationId", "summary", "responses"], "properties": {
        "responses": {"type": "object", "minProperties": 1, "additionalProperties": False, "patternProperties": {
            "^[1-5][0-9][0-9]$": {"anyOf": [{"type": "object", "required": ["$ref"]}, response]}}},
        "requestBody": {"type": "object", "required": ["content"]},
        "security": {"type": "array", "items": {"type": "object"}},
        "tags": {"type": "array", "items": {"enum": [tag["name"] for tag in document["tags"]]}}}}
    jsonschema.validate(document, {
        "type": "object", "required": ["openapi", "info", "paths", "components"],
        "properties": {
            "openapi": {"const": "3.1.0"},
            "info": {"type": "object", "required": ["title", "version"]},
            "servers": {"type": "array", "items": {"type": "object", "required": ["url"]}},
            "paths": {"type": "object", "propertyNames": {"pattern": "^/"}, "additionalProperties": {
                "type": "object", "properties": {method: operation for method in METHODS}}},
            "components": {"type": "object", "additionalProperties": False, "properties": {
                "schemas": {"type": "object"},
                "parameters": {"type": "object", "additionalProperties": {
                    "type": "object", "required": ["name", "in", "schema"]}},
                "securitySchemes": {"type": "object", "additionalProperties": {
                    "type": "object", "required": ["type"]}},
                "responses": {"type": "object", "additionalProperties": response}}}}})
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_its_examples_are_what_its_schemas_say(document):
    jsonschema = pytest.importorskip("jsonschema")
    checked = 0
    for _, _, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [answer for answer in operation["responses"].values() if "content" in answer]
        for body in bodies:
            for media in body["content"].values():
                if "example" in media:
                    schema = {**media["schema"], "components": document["components"]}
                    jsonschema.validate(media["example"], schema)
                    checked += 1
    assert checked >= 5


def test_every_documented_operation_answers_as_documented(gateway, document):
    nothing = ask(gateway, head("GET /api/nothing"))
    assert nothing.status == 404
    for path, method, operation in operations(document):
        answer = ask(gateway, head(f"{method.upper()} {filled(path)}"))
        assert str(answer.status) in operation["responses"], (path, method, answer)
        assert answer.status != 405 and answer.body != nothing.body, (path, method)


def test_a_documented_path_takes_no_other_method(gateway, document):
    for path, item in document["paths"].items():
        documented = METHODS & item.keys()
        allowed = documented | {"options"} | ({"head"} if "get" in documented else set())
        answer = ask(gateway, head(f"TRACE {filled(path)}"))
        assert answer.status == 405
        assert {method.strip().lower() for method in answer.headers["allow"].split(",")} == allowed, path


def test_live_answers_are_what_the_schemas_say(gateway, document):
    jsonschema = pytest.importorskip("jsonschema")

    def check(answer, name):
        jsonschema.validate(answer.json(), {"$ref": f"#/components/schemas/{name}", "components": document["components"]})

    check(ask(gateway, head("GET /api/health")), "Health")
    check(ask(gateway, head("GET /api/status")), "Status")
    check(ask(gateway, head("GET /api/events")), "Error")


def test_it_is_the_file_that_the_plugin_was_built_with(gateway, document):
    import broker
    written = json.loads((broker.ROOT / "plugins/transports/http/openapi.json").read_text(encoding="utf-8"))
    assert document == written
