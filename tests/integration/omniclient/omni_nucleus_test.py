"""`omni` with a Nucleus: what one command cannot show alone. The commands by themselves are in tour_test.py."""

import asyncio
import json
import os
import pathlib
import sys

import pytest
from omni import Omni

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "nucleus"))

from nucleus import Server  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("nucleus")) as running:
        yield running


async def api_token(server):
    async with server.sows("auth") as auth:
        made = await auth.call("Tokens.create_api_token", access_token=await server.token(), name="omni")
        return made["api_token"]


@pytest.fixture(scope="module")
def token(server):
    """Quicker to check than a password."""
    return asyncio.run(api_token(server))


@pytest.fixture
def omni(tmp_path, token):
    return Omni(tmp_path, OMNI_USER="$omni-api-token", OMNI_PASS=token)


@pytest.fixture
def folder(server, omni, request):
    url = f"omniverse://127.0.0.1:{server.port}/{request.node.name}"
    omni.ok("mkdir", url)
    return url


def test_holds_a_lock_until_it_is_interrupted(omni, folder):
    omni.ok("cp", "-", f"{folder}/a", stdin="one")
    with omni.begin("lock", f"{folder}/a") as lock:
        assert lock.line() == f"locked {folder}/a"
        assert "ErrorLocked" in omni.fails("cp", "-f", "-", f"{folder}/a", stdin="two")
        assert omni("stat", "--json", f"{folder}/a").objects()[0]["locked_by"] == "omniverse"
        assert lock.interrupt() == ([], 0)
    omni.ok("cp", "-f", "-", f"{folder}/a", stdin="two")


def test_answers_what_the_program_answers_that_has_the_lock(omni, folder):
    omni.ok("cp", "-", f"{folder}/a", stdin="one")
    done = omni("lock", f"{folder}/a", "--", "sh", "-c", "echo held; exit 7")
    assert (done.status, done.out) == (7, "held\n")
    assert "could not run none-such" in omni.fails("lock", f"{folder}/a", "--", "none-such")
    omni.ok("cp", "-f", "-", f"{folder}/a", stdin="two")


def test_says_that_a_lock_is_lost_with_its_connection(tmp_path):
    with Server(tmp_path) as server:
        omni = Omni(tmp_path, OMNI_USER="$omni-api-token", OMNI_PASS=asyncio.run(api_token(server)))
        files = [f"omniverse://127.0.0.1:{server.port}/{name}" for name in "ab"]
        for file in files:
            omni.ok("cp", "-", file, stdin="one")
        os.mkfifo(tmp_path / "end")
        with omni.begin("lock", files[0]) as alone, \
                omni.begin("lock", files[1], "--", "sh", "-c", "echo held; cat end") as program:
            assert alone.line() == f"locked {files[0]}"
            assert program.line() == "held"
            server.stop()
            assert program.error().startswith(f"omni: could not keep the lock of {files[1]}")
            (tmp_path / "end").write_text("done")
            assert program.rest() == (["done"], 1)
            assert alone.error().startswith(f"omni: could not keep the lock of {files[0]}")
            assert alone.rest() == ([], 1)


def test_talks_in_a_channel(omni, folder):
    with omni.begin("channel", "join", "--json", "-n", "2", f"{folder}/.chat") as member:
        assert json.loads(member.line())["event"] == "join"
        omni.ok("channel", "send", f"{folder}/.chat", "hello")
        omni.ok("channel", "send", f"{folder}/.chat", "-", stdin="bytes \0 and more")
        lines, status = member.rest()
    assert status == 0
    said = [line["content"] for line in map(json.loads, lines) if line["event"] == "message"]
    assert said == ["hello", "bytes \0 and more"]


def test_follows_a_live_object(omni, folder):
    omni.ok("live", "create", f"{folder}/.pose", "0")
    with omni.begin("live", "read", "-n", "3", f"{folder}/.pose") as reader:
        assert reader.line() == "1: 0"
        assert omni.ok("live", "append", f"{folder}/.pose", "1") == "2"
        assert omni.ok("live", "append", f"{folder}/.pose", "-", stdin="2") == "3"
        assert reader.rest() == (["2: 1", "3: 2"], 0)


def test_refuses_who_may_not(server, omni, folder, tmp_path):
    asyncio.run(server.add_user("ann"))
    omni.ok("acl", "set", folder, "users=", "omniverse=rwa")
    ann = Omni(tmp_path, OMNI_USER="ann", OMNI_PASS="ann")
    assert "ErrorAccessDenied" in ann.fails("ls", folder)
    stranger = Omni(tmp_path, OMNI_USER="ann", OMNI_PASS="wrong")
    assert "ErrorConnection" in stranger.fails("ls", folder)
    complaint = Omni(tmp_path, OMNI_USER="", OMNI_PASS="").fails("ls", folder)
    assert "OMNI_USER and OMNI_PASS" in complaint


def test_deletes_nothing_that_it_may_not_copy(server, omni, folder, tmp_path):
    asyncio.run(server.add_user("ann"))
    ann = Omni(tmp_path, OMNI_USER="ann", OMNI_PASS="ann")
    for name in ("from/a", "from/secret", "to/from/old"):
        omni.ok("cp", "-", f"{folder}/{name}", stdin=name)
    omni.ok("acl", "set", f"{folder}/from/secret", "ann=w")

    assert "after it was copied" in ann.fails("mv", "-f", f"{folder}/from", f"{folder}/to/")
    assert omni.ok("ls", f"{folder}/from").splitlines() == ["a", "secret"]
    assert omni.ok("cat", f"{folder}/to/from/a") == "from/a"


def test_copies_between_all_kinds(omni, folder, tmp_path):
    content = os.urandom(3 << 20)
    (tmp_path / "in").mkdir()
    (tmp_path / "in/large").write_bytes(content)
    omni.ok("cp", "in", f"{folder}/up")
    omni.ok("cp", f"{folder}/up", "back")
    assert (tmp_path / "back/large").read_bytes() == content
    assert omni("cat", f"{folder}/up/large", text=False).out == content


def test_keeps_names_whatever_is_in_them(omni, folder, tmp_path):
    names = {"a b": "a%20b", "a#1": "a%231", "50%25.txt": "50%2525.txt", "what? caf\u00e9": "what%3F%20caf%C3%A9"}
    (tmp_path / "back").mkdir()
    for name, encoded in names.items():
        (tmp_path / name).write_text(name)
        omni.ok("cp", name, f"{folder}/")
        omni.ok("cp", f"{folder}/{encoded}", "back")
        assert (tmp_path / "back" / name).read_text() == name
        omni.ok("mv", "-f", f"{folder}/{encoded}", "back/")
    assert omni.ok("ls", folder) == ""
    assert sorted(os.listdir(tmp_path / "back")) == sorted(names)
    for name in names:
        omni.ok("mv", f"back/{name}", folder)
    assert os.listdir(tmp_path / "back") == []
    assert sorted(item["path"] for item in omni("ls", "--json", folder).objects()) == sorted(names)
    assert omni("cp", "..", folder).status == 2
