"""`omni`: each command over local files and over a web server; what needs a Nucleus is in omni_nucleus_test.py."""

import json
import os
import pty
import re
import subprocess

import pytest
from nginx import Nginx
from omni import OMNI, TIMEOUT, Omni


@pytest.fixture
def omni(tmp_path):
    return Omni(tmp_path)


def test_says_what_it_can(omni):
    helped = omni.ok("--help")
    names = re.findall(r"^  (\w+(?: \w+)?)  ", helped, re.MULTILINE)
    assert set(names) >= {"ls", "stat", "cat", "cp", "mv", "rm", "mkdir", "watch", "lock", "unlock", "checkpoint create",
                          "checkpoint list", "acl get", "acl set", "channel join", "channel send", "live create",
                          "live append", "live read"}
    for name in names:
        assert omni.ok(*name.split(), "--help").startswith(f"usage: omni {name} ")
    assert re.fullmatch(r"omni \d+\.\d+\.\d+.*", omni.ok("--version"))


@pytest.mark.parametrize("words, says", [
    ([], None), (["fly"], "unknown command `fly`"), (["acl"], "`acl` needs one of: get, set"), (["ls"], "ls takes"),
    (["ls", "a", "b"], "ls takes"), (["ls", "-x", "a"], "unknown option -x"), (["ls", "--no", "a"], "unknown option --no"),
    (["watch", "-n", "0", "a"], "above 0"), (["watch", "-n", "a"], "watch takes"), (["watch", "a", "-n"], "needs a value"),
    (["ls", "--long=1", "a"], "takes no value"), (["cp", "-", "-"], "one of the two"),
    (["acl", "set", "a", "joe"], "NAME=ACCESS"), (["acl", "set", "a", "joe=x"], "NAME=ACCESS")])
def test_refuses_what_it_does_not_understand(omni, words, says):
    done = omni(*words)
    assert done.status == 2
    assert says is None or (says in done.err and "try: omni" in done.err), done.err


def test_lists_and_tells(omni, tmp_path):
    (tmp_path / "files/in").mkdir(parents=True)
    (tmp_path / "files/a b.txt").write_text("hello")
    (tmp_path / "files/tricky\x1b[31m").write_text("")

    assert omni.ok("ls", "files").splitlines() == ["a b.txt", "in/", "tricky\\x1b[31m"]
    assert omni.ok("ls", f"file:{tmp_path}/files/a%20b.txt") == "a b.txt"
    rows = omni.ok("ls", "-l", "files").splitlines()
    assert re.fullmatch(r"rw[a-]  5  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  -  a b\.txt", rows[0])
    assert re.fullmatch(r"rw[a-]  -  .*Z  -  in/", rows[1])
    first, second, _ = omni("ls", "--json", "files").objects()
    assert (first["path"], first["kind"], first["size"]) == ("a b.txt", "file", 5)
    assert (second["path"], second["kind"]) == ("in", "folder")

    told = dict(re.split(r"  +", line, maxsplit=1) for line in omni.ok("stat", "files/a b.txt").splitlines())
    assert (told["name"], told["kind"], told["size"]) == ("a b.txt", "file", "5")
    assert omni("stat", "--json", "files").objects()[0]["kind"] == "folder"


def test_prints_every_name(omni, tmp_path):
    (tmp_path / "in").mkdir()
    for name in [b'a"\\\n\t\x01', b"caf\xc3\xa9", b"no utf-8 \xff\xc3\x28\xed\xa0\x80 \xc2\x9b"]:
        with open(os.path.join(os.fsencode(tmp_path), b"in", name), "wb"):
            pass
    names = [item["path"] for item in omni("ls", "--json", "in").objects()]
    assert names == ['a"\\\n\t\x01', "caf\u00e9", "no utf-8 \ufffd\ufffd(\ufffd\ufffd\ufffd \u009b"]
    assert omni.ok("ls", "in").splitlines() == [
        'a"\\' + r"\x0a\x09\x01", "caf\u00e9", r"no utf-8 \xff\xc3(\xed\xa0\x80 \xc2\x9b"]


def test_writes_reads_and_copies(omni, tmp_path):
    omni.ok("cp", "-", "a", stdin="hello")
    assert omni.ok("cat", "a") == "hello"
    assert omni.ok("cp", "a", "-") == "hello"
    assert omni("cat", "--json", "a").objects() == [{"url": "a", "content": "hello"}]
    assert omni.ok("mkdir", "in/deep") == ""
    assert omni("cp", "--json", "a", "in").objects() == [{"done": "cp", "from": "a", "to": "in/a"}]
    assert "AlreadyExists" in omni.fails("cp", "a", "in/a")
    assert "AlreadyExists" in omni.fails("cp", "-", "a", stdin="other")
    omni.ok("cp", "-f", "-", "a", stdin="other")
    omni.ok("cp", "-f", "a", "in/")
    assert (tmp_path / "in/a").read_text() == "other"
    omni.ok("cp", "in", "copied")
    assert (tmp_path / "copied/a").read_text() == "other"

    raw = bytes(range(256)) * 1000
    assert omni("cp", "-", "raw", stdin=raw, text=False).status == 0
    assert omni("cat", "raw", text=False).out == raw
    assert set(omni("cat", "--json", "raw").objects()[0]) == {"url", "content_base64"}


def test_keeps_local_names_whatever_is_in_them(omni, tmp_path):
    names = ["a b", "a#1", "a#2", "50%25.txt", "what?", "a&b=c"]
    (tmp_path / "to").mkdir()
    for name in names:
        (tmp_path / name).write_text(name)
        omni.ok("cp", name, "to")
        omni.ok("mv", "-f", name, "to/")
    assert sorted(item["path"] for item in omni("ls", "--json", "to").objects()) == sorted(names)
    assert all((tmp_path / "to" / name).read_text() == name for name in names)
    for name in ("..", ".", "to/.."):
        done = omni("cp", name, "to")
        assert (done.status, "has no name of its own" in done.err) == (2, True)
        assert omni("mv", name, "to").status == 2


def test_replaces_nothing_that_has_come_meanwhile(omni, tmp_path):
    with omni.begin("cp", "-", "a", stdin=True) as copying:
        (tmp_path / "a").write_text("somebody else's")
        copying.process.stdin.write("mine")
        lines, status = copying.rest()
    assert (lines, status) == ([], 1)
    assert (tmp_path / "a").read_text() == "somebody else's"


def test_moves_and_deletes(omni, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "a").write_text("a")

    omni.ok("mv", "a", "in")
    omni.ok("mv", "in/a", "b")
    assert (tmp_path / "b").read_text() == "a"
    (tmp_path / "in/c").write_text("c")
    assert "FolderNotEmpty" in omni.fails("rm", "in")
    assert omni.ok("rm", "-r", "in", "b") == ""
    assert not (tmp_path / "in").exists() and not (tmp_path / "b").exists()


def test_watches_a_folder_and_an_item(omni, tmp_path):
    (tmp_path / "in").mkdir()
    with omni.begin("watch", "-n", "2", "in") as watch, omni.begin("watch", "--json", "in/a") as item:
        assert watch.line() == "watching folder in"
        assert json.loads(item.line()) == {"watching": "item", "url": "in/a"}
        omni.ok("cp", "-", "in/a", stdin="one")
        assert watch.line() == "created a"
        assert json.loads(item.line())["item"]["path"] == "a"
        omni.ok("rm", "in/a")
        assert watch.rest() == (["deleted a"], 0)
        lines, status = item.interrupt()
        assert status == 0 and all("event" in json.loads(line) for line in lines)


def test_says_what_failed_and_what_to_try(omni):
    complaint = omni.fails("cat", "none")
    assert complaint.splitlines() == ["omni: could not read none", "  ErrorNotFound: there is nothing of this name",
                                      "  try: see what there is with `omni ls`"]
    error = json.loads(omni.fails("stat", "--json", "none"))
    assert error["error"]["result"] == "ErrorNotFound" and error["error"]["asked"] == "stat none"


@pytest.mark.parametrize("words", [
    ["lock", "a"], ["unlock", "a"], ["checkpoint", "create", "a"], ["checkpoint", "list", "a"], ["acl", "get", "a"],
    ["acl", "set", "a", "joe=r"], ["channel", "join", "a"], ["channel", "send", "a", "x"], ["live", "create", "a", "x"],
    ["live", "append", "a", "x"], ["live", "read", "a"], ["undelete", "a"], ["lock", "a", "--", "touch", "made"]])
def test_says_what_local_files_cannot(omni, tmp_path, words):
    (tmp_path / "a").write_text("a")
    assert "NotSupported" in omni.fails(*words)
    assert not (tmp_path / "made").exists()


def test_reads_from_the_web(omni, tmp_path):
    with Nginx(tmp_path / "web") as nginx:
        (nginx.files / "in").mkdir()
        (nginx.files / "in/a").write_text("hello")
        assert omni.ok("ls", nginx.url()) == "in/"
        assert omni.ok("cat", nginx.url("/in/a")) == "hello"
        omni.ok("cp", nginx.url("/in"), "copy")
        assert (tmp_path / "copy/a").read_text() == "hello"
        assert "NotFound" in omni.fails("cat", nginx.url("/none"))
        assert "NotSupported" in omni.fails("cp", "copy/a", nginx.url("/b"))
    assert "the library says: " in omni.fails("cat", nginx.url("/in/a"))


def test_draws_a_bar_on_a_terminal_alone(omni, tmp_path):
    (tmp_path / "large").write_bytes(bytes(64 << 20))
    leader, follower = pty.openpty()
    with subprocess.Popen([OMNI, "cp", "large", "copy"], cwd=tmp_path, env=omni.environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=follower) as process:
        os.close(follower)
        drawn = b""
        try:
            while part := os.read(leader, 65536):
                drawn += part
        except OSError:  # Linux says so that the other end is closed.
            pass
        assert process.wait(TIMEOUT) == 0
    os.close(leader)
    assert re.search(rb"\[#+\.+\] \d+%", drawn), drawn
    assert drawn.endswith(b"\r\x1b[K")
    assert omni("cp", "large", "another").err == ""
