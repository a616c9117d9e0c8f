"""Files: written, read, versioned, copied, moved, deleted, listed."""

import hashlib
import json

import pytest
from nucleus import run


@run
async def test_a_file_is_written_and_read(server, folder):
    async with server.api() as api:
        made = await api.ok("create_asset", b"hello \0 world", path={"path": f"{folder}/a.txt"})
        assert made["path_type"] == "asset" and made["size"] == 13 and made["created_by"] == "omniverse"
        assert made["hash_type"] == "sha-256-flat" and made["hash_value"] == hashlib.sha256(b"hello \0 world").hexdigest()

        read = await api.ok("read_asset_version", path={"path": f"{folder}/a.txt"})
        assert read["content"] == b"hello \0 world" and read["etag"] == made["etag"]
        latest = await api.call("read_asset_version", path={"path": f"{folder}/a.txt"}, etag=made["etag"])
        assert latest["status"] == "LATEST" and "content" not in latest
        stat = await api.ok("stat2", path={"path": f"{folder}/a.txt"})
        assert stat["acl"] == ["read", "write", "admin"] and stat["etag"] == made["etag"]
        assert abs(stat["created_timestamp"] - made["ts"]["omni_server_out_ts"] / 1e6) < 60

        empty = await api.ok("create_asset", path={"path": f"{folder}/empty"})
        assert empty["size"] == 0
        assert (await api.ok("read_asset_version", path={"path": f"{folder}/empty"}))["content"] == b""


@run
async def test_a_file_is_made_once_unless_it_may_be_replaced(server, folder):
    path = {"path": f"{folder}/a"}
    async with server.api() as api:
        first = await api.ok("create_asset", b"1", path=path)
        assert (await api.call("create_asset", b"2", path=path))["status"] == "ALREADY_EXISTS"
        second = await api.ok("create_asset", b"2", path=path, overwrite=True)
        assert int(second["etag"]) > int(first["etag"]) and int(second["transaction_id"]) > int(first["transaction_id"])
        updated = await api.ok("update_asset", b"3", path=path, etag=second["etag"])
        assert (await api.call("update_asset", b"4", path=path, etag=second["etag"]))["status"] == "INVALID_ETAG"
        assert (await api.ok("update_asset", b"5", path=path, etag="0"))["etag"] > updated["etag"]
        assert (await api.ok("read_asset_version", path=path))["content"] == b"5"
        assert (await api.call("update_asset", b"x", path={"path": f"{folder}/missing"}))["status"] == "NOT_EXIST"
        assert (await api.call("update_asset", b"x", path=path, delta=True))["status"] == "NOT_IMPLEMENTED"


@run
async def test_a_content_that_is_known_is_named_by_its_hash(server, folder):
    content = b"said once " * 5000
    known = {"hash_type": "sha-256-flat", "hash_value": hashlib.sha256(content).hexdigest(), "hash_bsize": 1048576}
    async with server.api() as api:
        unknown = await api.call("create_asset_with_hash", path={"path": f"{folder}/b"}, **known)
        assert unknown["status"] == "INVALID_CONTENT_ID"
        await api.write(f"{folder}/a", content)
        made = await api.ok("create_asset_with_hash", path={"path": f"{folder}/b"}, **known)
        assert made["size"] == len(content)
        await api.write(f"{folder}/c", b"old")
        updated = await api.ok("update_asset_with_hash", path={"path": f"{folder}/c"}, **known)
        assert updated["hash_value"] == known["hash_value"]
        md5 = {**known, "hash_type": "md5"}
        assert (await api.call("create_asset_with_hash", path={"path": f"{folder}/d"}, **md5))["status"] == "INVALID_PARAMETERS"


@run
async def test_a_content_that_somebody_may_not_read_is_unknown_to_him(server, folder):
    await server.add_user("eve")
    content = f"secret {folder}".encode()
    known = {"hash_type": "sha-256-flat", "hash_value": hashlib.sha256(content).hexdigest(), "hash_bsize": 1048576}
    async with server.api() as api, server.api("eve") as eve:
        await api.write(f"{folder}/secret", content)
        await api.ok("set_acl_v2", path={"path": f"{folder}/secret"}, acl=[{"name": "eve", "acl": []}])
        await eve.write(f"{folder}/mine", b"")
        for command, name in (("create_asset_with_hash", "new"), ("update_asset_with_hash", "mine")):
            assert (await eve.call(command, path={"path": f"{folder}/{name}"}, **known))["status"] == "INVALID_CONTENT_ID"
        await api.ok("create_asset_with_hash", path={"path": f"{folder}/open"}, **known)
        await eve.ok("create_asset_with_hash", path={"path": f"{folder}/new"}, **known)


# A parameter of another type is never taken for one that is not there: an etag that cannot be read would replace what
# another has written, and a content that is none would empty a file.
WRONG = [("stat2", {"path": 7}, "path is a number"), ("stat2", {"path": {"path": []}}, "path is an array"),
         ("stat2", {"path": "/", "checkpoint": True}, "checkpoint is a boolean"),
         ("stat2", {"path": "/", "deleted": "maybe"}, "deleted is another text"),
         ("list2", {"path": "/", "show_hidden": 1}, "show_hidden is a number"),
         ("list2", {"path": "/", "path_types": ["file"]}, "path_types is no type of paths"),
         ("list2", {"path": "/", "branches": "x"}, "branches is a text, and should be an array of texts"),
         ("create_asset", {"content": 7}, "content is a number, and should be a text"),
         ("create_asset", {"content": ["x"]}, "content is an array"),
         ("create_asset", {"content_id": 12}, "content_id is a number"),
         ("create_asset", {"overwrite": "true"}, "overwrite is a text, and should be true or false"),
         ("create_asset", {"message": {}}, "message is an object"),
         ("update_asset", {"etag": {}}, "etag is an object, and should be a number from 0 on, or a text of digits"),
         ("update_asset", {"etag": "new"}, "etag is a text that is no number"),
         ("update_asset", {"etag": -1}, "etag is a negative number"), ("update_asset", {"delta": 0}, "delta is a number"),
         ("create_asset_with_hash", {"hash_value": 1}, "hash_value is a number"),
         ("read_asset_version", {"etag": 1.5}, "etag is a number with a fraction"),
         ("read_asset_resolved", {"branches": [None]}, "branches[] is null"),
         ("subscribe_read_asset", {"etag": []}, "etag is an array"), ("subscribe_list", {"path": True}, "path is a boolean"),
         ("create_object", {"content": True}, "content is a boolean"),
         ("update_object", {"object_id": "a"}, "object_id is a text that is no number"),
         ("update_object", {"whole": 1}, "whole is a number"),
         ("read_object_version", {"sequence": {}}, "sequence is an object"),
         ("subscribe_read_object", {"object_id": []}, "object_id is an array"),
         ("create_directory", {"path": 1}, "path is a number"), ("rename", {"src_path": 1}, "src_path is a number"),
         ("copy2", {"paths_to_copy": {}}, "paths_to_copy is an object, and should be an array"),
         ("copy2", {"paths_to_copy": [7]}, "paths_to_copy[] is a number"),
         ("delete2", {"paths": "/a"}, "paths is a text"), ("delete2", {"paths": [None]}, "paths[] is null"),
         ("obliterate", {"obliterate_checkpoints": "no"}, "obliterate_checkpoints is a text"),
         ("checkpoint_version", {"force": 1}, "force is a number"), ("lock", {"duration": "1"}, "duration is a text"),
         ("lock", {"duration": -1}, "duration is out of range"), ("unlock", {"force": "yes"}, "force is a text"),
         ("change_acl", {"acl": None}, "acl is missing"), ("set_acl_v2", {"acl": {}}, "acl is an object"),
         ("set_acl_v2", {"acl": [{"name": "users", "acl": ["fly"]}]}, "acl[].acl has another text in it"),
         ("create_group", {"group": 1}, "group is a number"), ("create", {"type": 1.5}, "type is a number with a fraction"),
         ("create", {"type": "file"}, "type is none that there is"), ("stop", {"subscription_id": "x"}, "subscription_id is"),
         ("authorize_token", {"token": 1}, "token is a number"), ("auth", {"username": 1}, "username is a number")]


@run
async def test_parameters_of_another_type_are_named_and_change_nothing(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/a", b"kept")
        for command, params, expected in WRONG:
            number = next(api.ids)  # by hand: `content` is a text here
            request = {"command": command, "id": number, "path": {"path": f"{folder}/a"}, **params}
            await api.socket.send(json.dumps(request))
            answer = await api.next(number)
            assert answer["status"] == "INVALID_PARAMETERS" and answer["message"].startswith(expected), (command, answer)
        assert (await api.ok("read_asset_version", path={"path": f"{folder}/a"}))["content"] == b"kept"
        await api.ok("stat2", path={"path": f"{folder}/a", "branch": None, "checkpoint": None}, deleted=None)


@pytest.mark.parametrize("path", ["", "no-slash", "/a/../b", "/a//b", "/a/./b", "/a\nb", "/" + "x" * 256, "/a" * 3000])
@run
async def test_paths_that_are_none_are_refused(server, path):
    async with server.api() as api:
        assert (await api.call("create_asset", b"", path={"path": path}))["status"] == "INVALID_URI"
        assert (await api.call("stat2", path={"path": path}))["status"] == "INVALID_URI"


@run
async def test_names_may_be_in_any_language(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/로봇 \U0001f916.usd", b"x")
        assert list(await api.list(folder)) == [f"{folder}/로봇 \U0001f916.usd"]


@run
async def test_what_is_not_there(server, folder):
    path = {"path": f"{folder}/missing"}
    async with server.api() as api:
        for command in ("stat2", "read_asset_version", "subscribe_read_asset", "get_checkpoints", "get_branches", "get_acl",
                        "checkpoint_version", "read", "update", "lock", "read_object_version", "subscribe_read_object"):
            assert (await api.call(command, path=path))["status"] == "NOT_EXIST", command
        for command in ("list2", "subscribe_list"):
            assert (await api.call(command, path=f"{folder}/missing/"))["status"] == "NOT_EXIST", command


@run
async def test_folders_are_listed_one_level_at_a_time(server, folder):
    async with server.api() as api:
        made = await api.ok("create_directory", path={"path": f"{folder}/sub"})
        assert made["path"] == f"{folder}/sub/" and made["path_type"] == "folder" and made["empty"] is True
        assert (await api.call("create_directory", path={"path": f"{folder}/sub"}))["status"] == "ALREADY_EXISTS"
        await api.write(f"{folder}/sub/deep/a", b"1")
        await api.write(f"{folder}/b", b"22")
        await api.write(f"{folder}/.hidden", b"")

        entries = await api.list(f"{folder}/")
        assert list(entries) == [f"{folder}/b", f"{folder}/sub/"]
        assert entries[f"{folder}/b"]["size"] == 2 and entries[f"{folder}/sub/"]["empty"] is False
        assert f"{folder}/.hidden" in await api.list(folder, show_hidden=True)
        assert list(await api.list(folder, path_types=["folder"])) == [f"{folder}/sub/"]
        assert list(await api.list(folder, path_types=["asset"])) == [f"{folder}/b"]
        assert (await api.call("list2", path=f"{folder}/b"))["status"] == "INVALID_PARAMETERS"
        everything = await api.all(await api.begin("list", uri=folder, recursive=True))
        found = {entry["path"] for answer in everything[:-1] for entry in answer["entries"]}
        assert found == {f"{folder}/b", f"{folder}/sub/", f"{folder}/sub/deep/", f"{folder}/sub/deep/a"}


@run
async def test_a_large_folder_comes_in_pages(server, folder):
    count = 2500
    async with server.api() as api:
        requests = [await api.begin("create_asset", b"", path={"path": f"{folder}/{number:04}"}) for number in range(900)]
        for request in requests:
            assert (await api.next(request))["status"] == "OK"
        for begin in range(900, count, 800):
            requests = [await api.begin("create_asset", b"", path={"path": f"{folder}/{number:04}"})
                        for number in range(begin, min(begin + 800, count))]
            for request in requests:
                assert (await api.next(request))["status"] == "OK"

        answers = await api.all(await api.begin("list2", path=folder))
        assert [answer["status"] for answer in answers] == ["PARTIALLY_COMPLETED", "PARTIALLY_COMPLETED", "OK", "DONE"]
        paths = [entry["path"] for answer in answers[:-1] for entry in answer["entries"]]
        assert paths == [f"{folder}/{number:04}" for number in range(count)]


@run
async def test_files_are_copied_and_moved(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/a", b"1")
        await api.write(f"{folder}/b", b"2")
        answers = await api.all(await api.begin("copy2", paths_to_copy=[
            {"src": {"path": f"{folder}/a"}, "dst": {"path": f"{folder}/to/a"}},
            {"src": {"path": f"{folder}/a"}, "dst": {"path": f"{folder}/b"}},
            {"src": {"path": f"{folder}/a"}, "dst": {"path": f"{folder}/b"}, "overwrite": True},
            {"src": {"path": f"{folder}/none"}, "dst": {"path": f"{folder}/c"}}]))
        assert [answer["status"] for answer in answers] == ["OK", "ALREADY_EXISTS", "OK", "NOT_EXIST", "DONE"]
        assert (await api.ok("read_asset_version", path={"path": f"{folder}/b"}))["content"] == b"1"

        copied = await api.ok("copy", uri=f"{folder}/to", to=f"{folder}/again")
        assert copied["path"] == f"{folder}/again/"
        assert list(await api.list(f"{folder}/again")) == [f"{folder}/again/a"]
        assert (await api.call("copy", uri=f"{folder}/to", to=f"{folder}/to/inside"))["status"] == "INVALID_PARAMETERS"

        moved = await api.ok("rename", src_path=f"{folder}/again", dst_path=f"{folder}/moved")
        assert moved["path"] == f"{folder}/moved/"
        assert (await api.call("stat2", path={"path": f"{folder}/again"}))["status"] == "NOT_EXIST"
        assert (await api.call("rename2", src_path=f"{folder}/a", dst_path=f"{folder}/b"))["status"] == "ALREADY_EXISTS"
        assert (await api.all(await api.begin("copy2", paths_to_copy=[])))[0]["status"] == "DONE"


@run
async def test_what_is_deleted_can_be_brought_back_until_it_is_obliterated(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/sub/a", b"1")
        answers = await api.all(await api.begin("delete2", paths=[f"{folder}/sub", f"{folder}/sub/a", f"{folder}/sub/none",
                                                                  {"path": f"{folder}/sub/"}]))
        assert [answer["status"] for answer in answers] == ["FOLDER_NOT_EMPTY", "OK", "NOT_EXIST", "OK", "DONE"]
        assert (await api.call("stat2", path={"path": f"{folder}/sub/a"}))["status"] == "NOT_EXIST"
        deleted = await api.list(folder, deleted="only")
        assert deleted[f"{folder}/sub/"]["is_deleted"] is True and deleted[f"{folder}/sub/"]["deleted_by"] == "omniverse"

        assert (await api.ok("undelete", path={"path": f"{folder}/sub/a"}))["size"] == 1
        assert (await api.ok("read_asset_version", path={"path": f"{folder}/sub/a"}))["content"] == b"1"

        answers = await api.all(await api.begin("delete", uri=f"{folder}/sub"))
        assert [answer["status"] for answer in answers] == ["OK", "DONE"] and answers[0]["count"] == 2
        assert (await api.call("obliterate", path={"path": f"{folder}/sub"}))["status"] == "FOLDER_NOT_EMPTY"
        assert (await api.ok("obliterate", path={"path": f"{folder}/sub/a"}))["status"] == "OK"
        assert (await api.call("undelete", path={"path": f"{folder}/sub/a"}))["status"] == "NOT_EXIST"


@run
async def test_checkpoints_keep_what_was(server, folder):
    path = {"path": f"{folder}/a"}
    async with server.api() as api:
        await api.write(f"{folder}/a", b"1", message="first")
        assert (await api.call("checkpoint_version", path=path, message="again"))["status"] == "ALREADY_EXISTS"
        forced = await api.ok("checkpoint_version", path=path, message="again", force=True)
        assert (forced["checkpoint"], forced["branch"]) == (2, "")
        await api.ok("update_asset", b"3", path=path)
        third = await api.ok("checkpoint_version", path=path, message="third")
        assert third["checkpoint"] == 3

        listed = (await api.ok("get_checkpoints", path=path))["checkpoints"]
        assert [(one["checkpoint"], one["message"]) for one in listed] == [(1, "first"), (2, "again"), (3, "third")]
        old = await api.ok("read_asset_version", path={**path, "checkpoint": 1})
        assert old["content"] == b"1"
        assert (await api.call("read_asset_version", path={**path, "checkpoint": 9}))["status"] == "INVALID_VERSION"

        restored = await api.ok("replace_version", src={**path, "checkpoint": 1}, dst=path, message="back")
        assert restored["size"] == 1
        assert (await api.ok("read_asset_version", path=path))["content"] == b"1"
        assert (await api.ok("stat2", path=path))["checkpoint_count"] == 4
        assert (await api.call("checkpoint_version", path={"path": folder}))["status"] == "NOT_ASSET"


@run
async def test_branches_have_heads_of_their_own(server, folder):
    path = f"{folder}/a"
    async with server.api() as api:
        await api.write(path, b"main")
        await api.ok("create_asset", b"draft", path={"path": path, "branch": "draft"})
        assert (await api.ok("read_asset_version", path={"path": path}))["content"] == b"main"
        assert (await api.ok("read_asset_version", path={"path": path, "branch": "draft"}))["content"] == b"draft"
        assert sorted((await api.ok("get_branches", path={"path": path}))["branches"]) == ["", "draft"]
        first = await api.ok("read_asset_resolved", path={"path": path}, branches=["none", "draft", ""])
        assert first["content"] == b"draft"
        assert (await api.call("read_asset_resolved", path={"path": path}, branches=["none"]))["status"] == "NOT_EXIST"
        assert (await api.call("read_asset_resolved", path={"path": path}, branches=[]))["status"] == "INVALID_PARAMETERS"


@run
async def test_a_file_is_no_folder_and_no_object(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/a", b"1")
        assert (await api.call("read_object_version", path={"path": f"{folder}/a"}))["status"] == "NOT_OBJECT"
        assert (await api.call("create_object", b"1", path={"path": f"{folder}/a"}))["status"] == "NOT_OBJECT"
        assert (await api.call("read_asset_version", path={"path": folder}))["status"] == "NOT_ASSET"
        assert (await api.call("create_asset", b"", path={"path": folder}, overwrite=True))["status"] == "NOT_ASSET"


@run
async def test_the_old_calls_do_what_the_new_ones_do(server, folder):
    async with server.api() as api:
        await api.ok("create", b"1", uri=f"{folder}/a", type="asset")
        assert (await api.call("create", b"1", uri=f"{folder}/a"))["status"] == "ALREADY_EXISTS"
        await api.ok("create", uri=f"{folder}/sub", type=2)
        await api.ok("create", b"1", uri=f"{folder}/live", type="omniobject")
        await api.ok("update", b"2", uri=f"{folder}/a")
        assert (await api.ok("read", uri=f"{folder}/a"))["content"] == b"2"
        assert (await api.call("create", uri=f"{folder}/m", type="mount"))["status"] == "NOT_IMPLEMENTED"
        assert (await api.call("create", uri=f"{folder}/m", type=17))["status"] == "INVALID_PARAMETERS"
        before = int((await api.ok("get_transaction_id"))["transaction_id"])
        await api.write(f"{folder}/b", b"")
        assert int((await api.ok("get_transaction_id"))["transaction_id"]) > before
