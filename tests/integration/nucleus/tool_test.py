"""`omnibroker nucleus`: the data folder from the command line."""

import asyncio
import os
import re
import signal
import sqlite3
import stat
import sys
import termios

import pytest
import yaml
from nucleus import ROOT, Server, Sows, http

sys.path.insert(0, str(ROOT / "tests/integration/cli"))
from program import Running, Terminal, omnibroker  # noqa: E402

PASSWORD = "correct horse"


def nucleus(*words, **options):
    return omnibroker("nucleus", *words, **options)


def done(*words, stdin=None):
    result = nucleus(*words, stdin=stdin)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(sentence, *words, code=1, stdin=None):
    result = nucleus(*words, stdin=stdin)
    assert result.returncode == code, (result.stdout, result.stderr)
    assert sentence in result.stderr, result.stderr
    assert "Traceback" not in result.stderr and "terminate" not in result.stderr


@pytest.fixture
def data(tmp_path):
    """A Nucleus with the administrator omniverse."""
    folder = tmp_path / "data"
    done("init", folder, "--password-file", "-", stdin=PASSWORD + "\n")
    return folder


async def call(url, method, **params):
    async with Sows(url) as auth:
        return await auth.call(method, **params)


# ------------------------------------------------------------------------------------------------------------ init


def test_a_new_one_has_an_administrator_and_is_for_its_owner_alone(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from a file\r\n")
    folder = tmp_path / "new" / "data"

    said = done("init", folder, "--admin", "ada", "--password-file", secret)

    assert f"{folder} is a Nucleus now, with the administrator ada." in said
    assert f"omnibroker nucleus serve {folder}" in said
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert re.search(r"^ada +administrator +enabled", done("user", "list", folder), re.M)
    with Server(tmp_path, data=folder) as server:
        assert asyncio.run(server.log_in("ada", "from a file"))["status"] == "OK"


def test_init_leaves_alone_what_is_there(data, tmp_path):
    refused("is a Nucleus already, and has users", "init", data, "--password-file", "-", stdin="x")
    other = tmp_path / "other"
    other.mkdir()
    (other / "file").write_text("mine")
    refused("neither empty nor a data folder", "init", other, "--password-file", "-", stdin="x")
    refused("cannot be made", "init", other / "file" / "data", "--password-file", "-", stdin="x")


@pytest.mark.parametrize("given,sentence", [("", "the password is empty"), ("\n", "the password is empty"),
                                            ("x" * 2000, "a password has at most 1024 bytes")])
def test_a_password_that_is_none_is_refused(tmp_path, given, sentence):
    refused(sentence, "init", tmp_path / "data", "--password-file", "-", stdin=given)


def test_without_a_terminal_there_is_nobody_to_ask(tmp_path):
    refused("give --password-file FILE", "init", tmp_path / "data", stdin="")
    refused("cannot be read: No such file", "init", tmp_path / "data", "--password-file", tmp_path / "none")


def test_a_terminal_is_asked_twice_and_shows_nothing(tmp_path):
    with Terminal("nucleus", "init", tmp_path / "data") as terminal:
        terminal.wait_for("Password of omniverse: ")
        terminal.type("hush hush\n")
        terminal.wait_for("once more: ")
        terminal.type("hush hush\n")
        assert terminal.wait() == 0
        assert "is a Nucleus now" in terminal.text and "hush" not in terminal.text
    with Terminal("nucleus", "user", "add", tmp_path / "data", "ann") as terminal:
        terminal.wait_for("Password of ann: ")
        terminal.type("one\n")
        terminal.wait_for("once more: ")
        terminal.type("other\n")
        assert terminal.wait() == 1
        assert "the two passwords are not the same" in terminal.text


def test_a_terminal_shows_again_what_is_typed_when_it_was_interrupted(tmp_path):
    with Terminal("nucleus", "init", tmp_path / "data") as terminal:
        terminal.wait_for("Password of omniverse: ")
        assert not termios.tcgetattr(terminal.master)[3] & termios.ECHO
        terminal.type("\x03")
        assert terminal.wait() == -signal.SIGINT
        assert termios.tcgetattr(terminal.master)[3] & termios.ECHO
    assert done("user", "list", tmp_path / "data").splitlines() == ["NAME  ROLE  STATE  MADE"]


# ----------------------------------------------------------------------------------------------- users and tokens


def test_users_are_made_changed_and_removed(data, tmp_path):
    assert done("user", "add", data, "ann", "--password-file", "-", stdin="1") == "ann is a user now\n"
    done("user", "add", data, "guest", "--read-only", "--password-file", "-", stdin="1")
    done("user", "passwd", data, "ann", "--password-file", "-", stdin="new")
    done("user", "admin", data, "ann")
    done("user", "disable", data, "guest")
    listed = [line.split()[:3] for line in done("user", "list", data).splitlines()]
    assert listed == [["NAME", "ROLE", "STATE"], ["ann", "administrator", "enabled"], ["guest", "reader", "disabled"],
                      ["omniverse", "administrator", "enabled"]]
    with Server(tmp_path, data=data) as server:
        assert asyncio.run(server.log_in("ann", "new"))["profile"]["admin"] is True
        assert asyncio.run(server.log_in("guest", "1"))["status"] == "DISABLED"

    done("user", "enable", data, "guest")
    done("user", "admin", data, "ann", "--off")
    assert "Nobody is an administrator now" in done("user", "disable", data, "omniverse")
    done("user", "remove", data, "ann")
    assert re.findall(r"^\w+ +\w+ +\w+", done("user", "list", data), re.M)[1:] == [
        "guest      reader         enabled", "omniverse  administrator  disabled"]


def test_users_that_are_not_there_or_there_already_are_named(data):
    refused("there is a user of this name already: omniverse", "user", "add", data, "omniverse")
    refused("a user or a group has this name: users", "user", "add", data, "users", "--password-file", "-", stdin="x")
    refused("a name has 1 to 255 bytes", "user", "add", data, "a/b", "--password-file", "-", stdin="x")
    for action in ("passwd", "disable", "enable", "admin", "remove"):
        refused("there is no user nobody", "user", action, data, "nobody")
    refused("there is no user nobody", "token", "create", data, "nobody", "ci")
    refused("there is no user nobody", "token", "list", data, "nobody")


def test_tokens_are_shown_once(data, tmp_path):
    token = done("token", "create", data, "omniverse", "ci", "--days", "30").strip()
    assert re.fullmatch(r"[\w-]{43}", token)
    assert token not in done("token", "list", data, "omniverse")
    assert re.search(r"^ci +\d{4}-\d\d-\d\d \d\d:\d\d +- +\d{4}-", done("token", "list", data, "omniverse"), re.M)
    refused("omniverse has a token of this name: ci", "token", "create", data, "omniverse", "ci")
    with Server(tmp_path, data=data) as server:
        assert asyncio.run(call(server.url("auth"), "Tokens.auth_with_api_token", api_token=token))["status"] == "OK"

    assert done("token", "revoke", data, "omniverse", "ci") == "The token ci of omniverse is revoked\n"
    refused("omniverse has no token of this name: ci", "token", "revoke", data, "omniverse", "ci")
    assert done("token", "list", data, "omniverse").splitlines() == ["NAME  MADE  LAST USED  EXPIRES"]


# --------------------------------------------------------------------------------------------- backup and verify


def test_a_folder_that_is_served_is_backed_up_and_verified(data, tmp_path):
    async def write(server):
        async with server.api() as api:
            await api.write("/a", b"x" * 100_000)
            await api.write("/b", b"small")

    async def read(server):
        async with server.api() as api:
            assert (await api.ok("read_asset_version", path={"path": "/b"}))["content"] == b"small"

    with Server(tmp_path, data=data) as server:
        asyncio.run(write(server))
        pid = server.process.pid
        refused(f"is open in process {pid}: this needs it alone", "user", "list", data)
        refused(f"is open in process {pid}: this needs it alone", "serve", data)
        assert done("verify", data) == "3 entries and 2 contents with 100005 bytes: nothing is wrong\n"
        said = done("backup", data, tmp_path / "copy")
        assert said.startswith(f"{tmp_path}/copy has 3 entries and 2 contents with 100005 bytes")
        refused("a backup goes into an empty folder", "backup", data, tmp_path / "copy")
    assert done("verify", tmp_path / "copy") == "3 entries and 2 contents with 100005 bytes: nothing is wrong\n"
    with Server(tmp_path, data=tmp_path / "copy") as server:
        asyncio.run(read(server))


def test_what_is_damaged_is_said_in_sentences(data):
    async def write(server):
        async with server.api() as api:
            await api.write("/f/a", b"x" * 100_000)

    with Server(data.parent, data=data) as server:
        asyncio.run(write(server))
    blob = next(file for file in (data / "blobs").rglob("*") if file.is_file())
    with open(blob, "r+b") as file:
        file.write(b"y")
    with sqlite3.connect(data / "meta.db") as database:
        database.execute("UPDATE nodes SET size = 7 WHERE name = 'a'")
    database.close()

    result = nucleus("verify", data)

    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert lines[0] == "/f/a has a content of another size, or none"
    assert re.fullmatch(rf"content [0-9a-f]{{64}} is damaged: {blob}", lines[1])
    assert lines[2].endswith("something is wrong, as said above")


def test_what_is_no_data_folder_is_not_made_one(tmp_path):
    nowhere = tmp_path / "nowhere"
    for words in (["verify", nowhere], ["backup", nowhere, tmp_path / "to"], ["user", "list", nowhere],
                  ["token", "list", nowhere, "ann"]):
        refused(f"there is no Nucleus in {nowhere}", *words)
    assert list(tmp_path.iterdir()) == []


# ----------------------------------------------------------------------------------------------------------- serve


def test_it_is_served_at_once_on_one_port(data, tmp_path):
    environment = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_RUNTIME_DIR": str(tmp_path)}
    with Running("nucleus", "serve", data, "--port", "0", "--host", "127.0.0.1", env=environment, cwd=tmp_path) as running:
        port = int(running.wait_for(r"Listening.*web.*127\.0\.0\.1:(\d+)")[1])
        running.wait_for("omnibroker .* is serving")
        assert http("GET", f"http://127.0.0.1:{port}/omni/api/healthcheck")[0] == 200
        url = f"ws://127.0.0.1:{port}/omni/auth"
        answer = asyncio.run(call(url, "Credentials.auth", username="omniverse", password=PASSWORD))
        assert answer["status"] == "OK"
        assert running.stop(signal.SIGTERM) == 0
    assert not (data / "first-password").exists()


def test_serve_runs_what_the_configuration_says(tmp_path):
    """configs/nucleus.yaml and `serve` are one pipeline; here it fails to start, for the address is nobody's."""
    result = nucleus("serve", tmp_path / "data", "--host", "192.0.2.1")
    assert result.returncode == 3, result.stderr
    written = yaml.safe_load((tmp_path / "data/serve.yaml").read_text())

    text = (ROOT / "configs/nucleus.yaml").read_text().replace("${OMNIBROKER_NUCLEUS:-nucleus-data}", f"{tmp_path}/data")
    assert written == yaml.safe_load(text.replace("localhost:", "192.0.2.1:"))


def test_a_fresh_one_has_an_administrator_whose_password_is_in_a_file(tmp_path):
    config = yaml.safe_load((ROOT / "configs/nucleus.yaml").read_text())
    for listener in config["listeners"].values():
        listener["address"] = "127.0.0.1:0"
    config["log"] = {"format": "json"}
    config["control"] = {"socket": "off"}

    class Fresh(Server):
        def __init__(self):
            super().__init__(tmp_path)
            self.config_text = yaml.safe_dump(config)
            self.env = {"OMNIBROKER_NUCLEUS": str(self.data)}

        @property
        def port(self):
            return self.port_of("web")

    with Fresh() as server:
        file = tmp_path / "data/first-password"
        said = server.wait_for_log("The first administrator was made; his password is in a file, change it and remove the file")
        assert said["password_file"] == str(file) and said["user"] == "omniverse"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        password = file.read_text().strip()
        assert re.fullmatch("[A-Z0-9]{20}", password) and password not in server.log_text()
        assert asyncio.run(server.log_in("omniverse", password))["profile"]["admin"] is True
        os.remove(file)
    with Fresh() as server:
        assert not file.exists()
        assert asyncio.run(server.log_in("omniverse", password))["status"] == "OK"


# ----------------------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize("words,sentence", [
    ([], "something is missing"),
    (["frobnicate"], "there is no frobnicate, but init, user, token, backup, verify and serve"),
    (["user"], "user is followed by one of add, list, passwd, disable, enable, remove, admin"),
    (["token", "steal", "x"], "token is followed by one of create, list, revoke"),
    (["init"], "something is missing: omnibroker nucleus init DATA"),
    (["user", "add", "x"], "something is missing: omnibroker nucleus user add DATA NAME"),
    (["verify", "x", "y"], "too many words: omnibroker nucleus verify DATA"),
    (["verify", "x", "--port", "1"], "--port does not go with verify"),
    (["serve", "x", "--port", "70000"], "--port must be a whole number from 0 to 65535, not 70000"),
    (["token", "create", "x", "a", "b", "--days", "soon"], "--days must be a whole number from 1 to 36500, not soon"),
    (["verify", ""], "the data folder has no name"),
])
def test_wrong_usage_says_what_is_wrong(tmp_path, words, sentence):
    result = nucleus(*words, cwd=tmp_path)

    assert result.returncode == 2, result.stderr
    assert sentence in result.stderr
    assert "omnibroker nucleus --help tells more" in result.stderr or not words or "--" in sentence
    assert list(tmp_path.iterdir()) == []
