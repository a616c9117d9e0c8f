"""What the program says about itself, and how it answers words it does not know."""

import re

import pytest
from program import COMMANDS, Terminal, omnibroker


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_the_overview_names_every_command_and_exit_code(words):
    result = omnibroker(*words)

    assert result.returncode == 0
    assert result.stderr == ""
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", result.stdout, re.M), command
    for code in range(5):
        assert re.search(rf"^  {code}  \w", result.stdout, re.M), code


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_teaches_itself(command):
    result = omnibroker(command, "--help")

    assert result.returncode == 0
    assert result.stdout.startswith(f"omnibroker {command}: ")
    for part in ("Usage", "Options", "Examples", "Exit codes"):
        assert f"\n{part}\n" in result.stdout, part
    assert f"  omnibroker {command}" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


@pytest.mark.parametrize("command", COMMANDS)
def test_help_with_a_name_is_the_same(command):
    assert omnibroker("help", command).stdout == omnibroker(command, "-h").stdout


def test_no_word_at_all_is_wrong_usage_and_shows_the_overview():
    result = omnibroker()

    assert result.returncode == 2
    assert result.stdout == ""
    assert "Commands" in result.stderr


@pytest.mark.parametrize("word,meant", [("rnu", "run"), ("chekc", "check"), ("plugin", "plugins"), ("versoin", "version"),
                                        ("lisen", "listen")])
def test_an_unknown_command_is_told_the_nearest(word, meant):
    result = omnibroker(word)

    assert result.returncode == 2
    assert f"unknown command {word}; did you mean {meant}?" in result.stderr


def test_a_word_that_is_near_to_nothing_is_told_where_help_is():
    result = omnibroker("frobnicate")

    assert result.returncode == 2
    assert "did you mean" not in result.stderr
    assert "omnibroker --help" in result.stderr


@pytest.mark.parametrize("words,meant", [(["sim", "--robbots", "3"], "--robots"), (["listen", "--jsn"], "--json"),
                                         (["check", "--dumb", "x.yaml"], "--dump")])
def test_an_unknown_option_is_told_the_nearest(words, meant):
    result = omnibroker(*words)

    assert result.returncode == 2
    assert f"did you mean {meant}?" in result.stderr
    assert f"omnibroker {words[0]} --help" in result.stderr


@pytest.mark.parametrize("words,reason", [
    (["check"], "something is missing"),
    (["run", "a.yaml", "b.yaml"], "too many words"),
    (["version", "now"], "takes no words"),
    (["sim", "--rate"], "--rate needs a value"),
    (["sim", "--rate", "fast"], "--rate must be a number from 0.01 to 1000, not fast"),
    (["sim", "--robots", "0"], "--robots must be a whole number from 1 to 100000, not 0"),
    (["sim", "--robots", "1.5"], "--robots must be a whole number"),
    (["listen", "--json=yes"], "--json takes no value"),
])
def test_wrong_usage_says_what_is_wrong(words, reason):
    result = omnibroker(*words)

    assert result.returncode == 2
    assert reason in result.stderr
    assert result.stdout == ""


def test_control_characters_of_a_word_do_not_reach_the_terminal():
    result = omnibroker("\033[31mrun\u202e")

    assert result.returncode == 2
    assert "\033" not in result.stderr
    assert "\u202e" not in result.stderr


def test_version_names_the_plugin_abi_the_compiler_and_the_libraries():
    result = omnibroker("version")

    assert result.returncode == 0
    assert re.fullmatch(r"omnibroker \d+\.\d+\.\d+", result.stdout.splitlines()[0])
    assert re.search(r"^plugins +ABI \d+\.\d+$", result.stdout, re.M)
    assert re.search(r"^compiler +(GNU|Clang) \d+", result.stdout, re.M)
    for library in ("POCO 1.", "OpenSSL 3.", "Boost 1.", "yaml-cpp 0.", "spdlog 1.", "simdjson "):
        assert library in result.stdout
    assert omnibroker("--version").stdout == result.stdout


def test_colours_are_for_terminals_only():
    with Terminal("--help") as terminal:
        assert terminal.wait() == 0
        assert "\033[1m" in terminal.text

    assert "\033" not in omnibroker("--help").stdout


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_none(env):
    with Terminal("--help", env=env) as terminal:
        assert terminal.wait() == 0
        assert "Commands" in terminal.text
        assert "\033" not in terminal.text
