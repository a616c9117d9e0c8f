#!/usr/bin/env python3
"""Holds the C boundary of plugins (abi.h) against tests/contract/abi.golden.

Every struct with its size, every field with its offset and declaration, every enumerator with its value, and every id is
read from the header, measured by the compiler, and compared. A plugin that was built yesterday reads these very offsets, so
a difference is either a mistake or a decision; the golden file's head says how to make it a decision:

    abi_golden.py --update
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE / "abi.golden"
HEADER = "omnibroker/abi.h"

HEAD = """\
# The plugin boundary as it was released: sizes, offsets and values of sdk/include/omnibroker/abi.h on a 64-bit machine.
#
# A line here changes only by a decision. Allowed within a major version: new structs, new enumerators, new ids, and new
# fields at the END of a struct that begins with struct_size (its size grows then); with them OMNIBROKER_ABI_MINOR goes up.
# Anything else (a line that changes or goes) breaks every plugin in the field: it needs a new OMNIBROKER_ABI_MAJOR and a
# page in docs/decisions. After the decision: python3 tests/contract/abi_golden.py --update
"""


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def split_outside_parentheses(text, separator):
    parts, depth, current = [], 0, ""
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return parts + [current]


def structs(text):
    """(name, [(field, declaration)]) of every struct with a body, in the header's order."""
    for match in re.finditer(r"struct (omnibroker_\w+) \{(.*?)\n\}", text, flags=re.DOTALL):
        fields = []
        for declaration in split_outside_parentheses(match.group(2), ";"):
            declaration = one_line(declaration)
            if not declaration:
                continue
            function = re.search(r"\(\*(\w+)\)", declaration)
            field = function.group(1) if function else re.search(r"(\w+)(\[\w+\])?$", declaration).group(1)
            fields.append((field, declaration))
        yield match.group(1), fields


def enumerators(text):
    for match in re.finditer(r"enum \{(.*?)\}", text, flags=re.DOTALL):
        for item in split_outside_parentheses(match.group(1), ","):
            if one_line(item):
                yield one_line(item).split("=")[0].strip()


def simple_types(text):
    return re.findall(r"typedef (\w+) (omnibroker_\w+);", text)


def macros(text):
    """Ids and the version: macros whose value is a string or a number."""
    return re.findall(r"^#define (OMNIBROKER_\w+) (\"[^\"]*\"|\d+)$", text, flags=re.MULTILINE)


def program(text):
    """A C program that prints the boundary as this compiler sees it."""
    lines = ["#include <stdio.h>", f"#include <{HEADER}>", "int main(void) {"]
    for name, value in macros(text):
        if name != "OMNIBROKER_SANITIZERS":
            lines.append(f'  puts("{name} = " {quoted(value)});')
    for underlying, name in simple_types(text):
        lines.append(f'  printf("typedef {underlying} {name}: %zu bytes\\n", sizeof({name}));')
    for name in enumerators(text):
        lines.append(f'  printf("{name} = %lld\\n", (long long){name});')
    for name, fields in structs(text):
        lines.append(f'  printf("struct {name}: %zu bytes\\n", sizeof(struct {name}));')
        for field, declaration in fields:
            lines.append(f'  printf("  %4zu +%-3zu %s\\n", offsetof(struct {name}, {field}), '
                         f'sizeof(((struct {name}*)0)->{field}), {quoted(declaration)});')
    return "\n".join(lines + ["  return 0;", "}", ""])


def quoted(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def measured(compiler, include):
    text = without_comments((include / HEADER).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "layout.c"), pathlib.Path(folder, "layout")
        source.write_text(program(text), encoding="utf-8")
        subprocess.run([compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{include}", str(source),
                        "-o", str(binary)], check=True)
        return HEAD + "\n" + subprocess.run([str(binary)], check=True, capture_output=True, text=True).stdout


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--compiler", default="cc")
    arguments.add_argument("--include", type=pathlib.Path, default=HERE.parents[1] / "sdk/include")
    arguments.add_argument("--update", action="store_true", help="write what is measured into the golden file")
    given = arguments.parse_args()

    now = measured(given.compiler, given.include)
    if given.update:
        GOLDEN.write_text(now, encoding="utf-8")
        return 0
    golden = GOLDEN.read_text(encoding="utf-8")
    if now == golden:
        return 0
    sys.stdout.writelines(difflib.unified_diff(golden.splitlines(True), now.splitlines(True), "abi.golden", "abi.h"))
    print("\nThe plugin boundary is not what it was. If that is meant, the head of tests/contract/abi.golden says what to do.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
