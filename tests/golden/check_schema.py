"""Validates configurations against the JSON Schema that the broker writes.

usage: check_schema.py SCHEMA [--good FILE]... [--bad FILE]...

The schema itself must be a valid schema of draft 2020-12, every good file must follow it, and no bad one may.
"""

import argparse
import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does, and editors: `off` is a text, not false."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def problems(validator, file):
    with open(file, encoding="utf-8") as stream:
        document = yaml.load(stream, Loader)
    return [f"{file}: {error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("schema")
    parser.add_argument("--good", action="append", default=[])
    parser.add_argument("--bad", action="append", default=[])
    arguments = parser.parse_args()

    with open(arguments.schema, encoding="utf-8") as stream:
        schema = json.load(stream)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    failures = []
    for file in arguments.good:
        failures += problems(validator, file)
    for file in arguments.bad:
        if not problems(validator, file):
            failures.append(f"{file}: follows the schema, but should not")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
