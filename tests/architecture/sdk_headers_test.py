"""Every header of the SDK compiles alone, without a warning, and all of them are installed."""

import os
import pathlib
import subprocess

import pytest

SDK = pathlib.Path(__file__).resolve().parents[2] / "sdk"
HEADERS = sorted(str(file.relative_to(include)) for include in (SDK / "include", SDK / "testing/include")
                 for file in include.rglob("*.h*"))
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def compile_alone(compiler, language, header):
    return subprocess.run(
        [os.environ.get(compiler[0], compiler[1]), f"-std={language}", *WARNINGS, "-fsyntax-only", f"-I{SDK / 'include'}",
         f"-I{SDK / 'testing/include'}", "-x", "c" if compiler[0] == "OMNIBROKER_CC" else "c++", "-"],
        input=f"#include <{header}>\n", text=True, capture_output=True, check=False)


@pytest.mark.parametrize("header", HEADERS)
def test_compiles_alone(header):
    done = compile_alone(("OMNIBROKER_CXX", "c++"), "c++20", header)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", ["c99", "c11"])
def test_the_boundary_is_plain_c(language):
    done = compile_alone(("OMNIBROKER_CC", "cc"), language, "omnibroker/abi.h")

    assert done.returncode == 0, done.stderr


def test_there_are_headers():
    assert "omnibroker/abi.h" in HEADERS and "omnibroker/plugin.hpp" in HEADERS
