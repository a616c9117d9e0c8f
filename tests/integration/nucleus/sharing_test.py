"""Locks, rights, groups and channels: what several users have to do with one another."""

import struct

import pytest
from nucleus import Api, run


@pytest.fixture
def users(server):
    import asyncio

    async def add():
        await server.add_user("ann")
        await server.add_user("bob")
        await server.add_user("guest", nucleus_ro=True)
    asyncio.run(add())


@run
async def test_a_lock_keeps_others_out(server, folder, users):
    path = f"{folder}/a"
    async with server.api("ann") as ann, server.api("ann") as twin, server.api("bob") as bob:
        made = await ann.write(path, b"1")
        lock = await ann.ok("lock", uri=path, etag="0")
        assert (lock["locked_by"], lock["lock_owner"]) == ("ann", ann.session["connection_id"])
        stat = await bob.ok("stat2", path={"path": path})
        assert stat["locked_by"] == "ann" and stat["lock_owner"] == ann.session["connection_id"]
        for other in (bob, twin):
            assert (await other.call("lock", uri=path, etag="0"))["status"] == "RESOURCE_BUSY"
            assert (await other.call("update_asset", b"2", path={"path": path}))["status"] == "RESOURCE_BUSY"
            assert (await other.call("rename", src_path=path, dst_path=path + "b"))["status"] == "RESOURCE_BUSY"
            assert (await other.all(await other.begin("delete2", paths=[path])))[0]["status"] == "RESOURCE_BUSY"
            assert (await other.call("unlock", uri=path))["status"] == "DENIED"
        await ann.ok("lock", uri=path, etag="0")
        await ann.ok("update_asset", b"2", path={"path": path})
        await ann.ok("unlock", uri=path)
        await ann.ok("unlock", uri=path)
        await bob.ok("update_asset", b"3", path={"path": path})
        assert (await bob.call("lock", uri=path, etag=made["etag"]))["status"] == "INVALID_ETAG"
        await bob.ok("lock", uri=path, etag="0", duration=1000)
        assert (await ann.ok("stat2", path={"path": path}))["lock_duration"] == 1000
        for wrong in (-1, 0, 1e300):
            assert (await bob.call("lock", uri=path, etag="0", duration=wrong))["status"] == "INVALID_PARAMETERS"
        assert (await bob.call("lock", uri=path, etag="0", duration="long"))["status"] == "INVALID_PARAMETERS"
        async with server.api() as admin:
            await admin.ok("unlock", uri=path, force=True)


@run
async def test_a_lock_ends_with_its_connection(server, folder, users):
    path = f"{folder}/a"
    async with server.api("bob") as bob:
        await bob.write(path, b"1")
        number = await bob.begin("subscribe_list", path={"path": folder})
        await bob.next(number)
        async with server.api("ann") as ann:
            await ann.ok("lock", uri=path, etag="0")
            assert (await bob.next(number))["event"] == "lock"
            ann.socket.transport.abort()  # without a word
        assert (await bob.next(number))["event"] == "unlock"
        await bob.ok("lock", uri=path, etag="0")


@run
async def test_a_lock_ends_with_its_time(server, folder, users):
    path = f"{folder}/a"
    async with server.api("ann") as ann, server.api("bob") as bob:
        await ann.write(path, b"1")
        number = await bob.begin("subscribe_list", path={"path": folder})
        await bob.next(number)
        await ann.ok("lock", uri=path, etag="0", duration=0.05)
        assert [(await bob.next(number))["event"] for _ in range(2)] == ["lock", "unlock"]
        await bob.ok("lock", uri=path, etag="0")


# ------------------------------------------------------------------------------------------------------------------ rights


@run
async def test_access_lists_are_inherited_and_resolved(server, folder, users):
    async with server.api() as admin, server.api("ann") as ann, server.api("bob") as bob:
        await admin.write(f"{folder}/sub/a", b"1")
        await admin.ok("set_acl_v2", path={"path": folder}, acl=[{"name": "ann", "acl": ["read", "write", "admin"]},
                                                                {"name": "users", "acl": ["read"]}])
        listed = (await bob.ok("get_acl_v2", path={"path": folder}))["acl"]
        assert {one["name"]: one["acl"] for one in listed} == {"ann": ["read", "write", "admin"], "users": ["read"]}
        assert (await bob.ok("get_acl", uri=f"{folder}/sub/a"))["acl"] == []
        resolved = (await bob.ok("get_acl_resolved", path={"path": f"{folder}/sub/a"}))["acl"]
        assert {"name": "ann", "acl": ["read", "write", "admin"]} in resolved
        assert (await bob.ok("stat2", path={"path": f"{folder}/sub/a"}))["acl"] == ["read"]
        assert (await bob.call("update_asset", b"2", path={"path": f"{folder}/sub/a"}))["status"] == "DENIED"
        assert (await bob.call("set_acl_v2", path={"path": folder}, acl=[]))["status"] == "DENIED"
        await ann.ok("change_acl", path={"path": f"{folder}/sub"}, acl=[{"name": "bob", "acl": ["read", "write"]}])
        await bob.ok("update_asset", b"2", path={"path": f"{folder}/sub/a"})
        await ann.ok("change_acl", path={"path": f"{folder}/sub"}, acl=[{"name": "bob", "acl": []}])
        assert (await bob.call("update_asset", b"3", path={"path": f"{folder}/sub/a"}))["status"] == "DENIED"
        for wrong in ([{"name": "bob", "acl": ["fly"]}], [{"acl": ["read"]}], "bob", None):
            assert (await ann.call("set_acl_v2", path={"path": folder}, acl=wrong))["status"] == "INVALID_PARAMETERS"
        unknown = await ann.call("set_acl_v2", path={"path": folder}, acl=[{"name": "nobody", "acl": ["read"]}])
        assert unknown["status"] == "USER_NOT_FOUND"

        assert (await admin.ok("service_resolve_acl", path={"path": folder}, username="bob"))["acl"] == ["read"]
        assert (await ann.call("service_resolve_acl", path={"path": folder}, username="bob"))["status"] == "DENIED"


@run
async def test_a_read_only_user_changes_nothing(server, folder, users):
    async with server.api() as admin, server.api("guest") as guest:
        await admin.write(f"{folder}/a", b"1")
        assert (await guest.ok("read_asset_version", path={"path": f"{folder}/a"}))["content"] == b"1"
        for command, params in [("create_asset", {"path": {"path": f"{folder}/b"}}), ("lock", {"uri": f"{folder}/a"}),
                                ("create_directory", {"path": {"path": f"{folder}/c"}}),
                                ("checkpoint_version", {"path": {"path": f"{folder}/a"}})]:
            assert (await guest.call(command, **params))["status"] == "DENIED", command


@run
async def test_a_user_who_is_disabled_may_do_nothing_more(server, folder, users):
    await server.add_user("eve")
    async with server.api("eve") as eve:
        await eve.write(f"{folder}/a", b"1")
        async with server.sows("auth") as auth:
            assert (await auth.call("Profiles.disable", access_token=await server.token(), username="eve"))["status"] == "OK"
        assert (await eve.call("read_asset_version", path={"path": f"{folder}/a"}))["status"] == "DENIED"
        assert (await eve.call("update_asset", b"2", path={"path": f"{folder}/a"}))["status"] == "DENIED"
        async with Api(server.url("api")) as api:
            assert (await api.call("authorize_token", token=await server.token("eve", "eve")))["status"] == "DENIED"


@run
async def test_groups_give_rights(server, folder, users):
    async with server.api() as admin, server.api("ann") as ann:
        await admin.ok("create_group", group="crew")
        assert (await admin.call("create_group", group="crew"))["status"] == "GROUP_ALREADY_EXISTS"
        assert (await ann.call("create_group", group="mine"))["status"] == "DENIED"
        await admin.ok("add_user_to_group", user="ann", group="crew")
        assert (await admin.call("add_user_to_group", user="ann", group="crew"))["status"] == "USER_ALREADY_IN_GROUP"
        assert (await admin.call("add_user_to_group", user="nobody", group="crew"))["status"] == "USER_NOT_FOUND"
        assert (await admin.call("add_user_to_group", user="ann", group="none"))["status"] == "GROUP_NOT_FOUND"
        assert (await ann.ok("get_group_users", group="crew"))["users"] == ["ann"]
        assert "crew" in (await ann.ok("get_user_groups", user="ann"))["groups"]
        assert "crew" in (await ann.ok("get_groups"))["groups"]
        assert {"ann", "bob", "omniverse"} <= set((await ann.ok("get_users"))["users"])

        await admin.ok("create_directory", path={"path": folder})
        await admin.ok("set_acl_v2", path={"path": folder}, acl=[{"name": "crew", "acl": ["read", "write"]},
                                                                {"name": "users", "acl": []}])
        await ann.write(f"{folder}/a", b"1")
        await admin.ok("rename_group", group="crew", new_group="team")
        await ann.write(f"{folder}/a", b"2")
        await admin.ok("remove_user_from_group", user="ann", group="team")
        assert (await admin.call("remove_user_from_group", user="ann", group="team"))["status"] == "USER_NOT_IN_GROUP"
        assert (await ann.call("stat2", path={"path": folder}))["status"] == "DENIED"
        await admin.ok("add_user_to_group", user="bob", group="team")
        assert (await admin.ok("remove_group", group="team"))["change_count"] == 1
        assert (await admin.call("remove_group", group="team"))["status"] == "GROUP_NOT_FOUND"


# ---------------------------------------------------------------------------------------------------------------- channels


def frame(event, sender, content=b""):
    """docs/nucleus.md, Channels."""
    return b"OBCH\x01" + bytes([event]) + bytes([len(sender)]) + sender.encode() + content


MESSAGE, HELLO, JOIN, LEFT, DELETED = 1, 2, 3, 4, 5


async def joined(api, path):
    await api.call("create", uri=path, type=3)
    number = await api.begin("read", uri=path)
    answer = await api.next(number)
    assert answer["status"] == "LATEST", answer
    return number


@run
async def test_members_of_a_channel_hear_everything_and_themselves(server, folder, users):
    path = f"{folder}/talk.channel"
    async with server.api("ann") as ann, server.api("bob") as bob:
        hers, his = await joined(ann, path), await joined(bob, path)
        assert (await ann.ok("stat2", path={"path": path}))["path_type"] == "channel"
        said = [struct.pack("<I", n) * 10 for n in range(100)]
        for text in said:
            await ann.begin("update", text, uri=path)
        for api, number in ((ann, hers), (bob, his)):
            assert [(await api.next(number))["content"] for _ in said] == said


@run
async def test_who_leaves_a_channel_is_missed(server, folder, users):
    path = f"{folder}/talk.channel"
    async with server.api("bob") as bob:
        his = await joined(bob, path)
        async with server.api("ann") as ann:
            hers = await joined(ann, path)
            name = ann.session["connection_id"]
            await ann.ok("update", frame(JOIN, name), uri=path)
            assert (await bob.next(his))["content"] == (await ann.next(hers))["content"] == frame(JOIN, name)
            await bob.ok("update", frame(HELLO, bob.session["connection_id"]), uri=path)
            assert (await bob.next(his))["content"] == frame(HELLO, bob.session["connection_id"])
            forged = await ann.call("update", frame(MESSAGE, bob.session["connection_id"], b"lie"), uri=path)
            assert forged["status"] == "INVALID_PARAMETERS"
        assert (await bob.next(his))["content"] == frame(LEFT, name)

        await bob.all(await bob.begin("delete2", paths=[path]))
        assert (await bob.next(his))["content"] == frame(DELETED, "")
        assert (await bob.next(his))["status"] == "NOT_EXIST"


@run
async def test_a_channel_is_left_by_stop(server, folder, users):
    path = f"{folder}/talk.channel"
    async with server.api("ann") as ann, server.api("bob") as bob:
        hers, his = await joined(ann, path), await joined(bob, path)
        await ann.ok("stop", subscription_id=hers)
        assert (await ann.next(hers))["stopped"] is True
        await bob.ok("update", b"still here?", uri=path)
        assert (await bob.next(his))["content"] == b"still here?"
        await ann.ok("ping")
        assert ann.queue(hers).empty()


@run
async def test_who_loses_the_right_to_a_channel_hears_nothing_more(server, folder, users):
    path = f"{folder}/talk.channel"
    async with server.api() as admin, server.api("ann") as ann, server.api("bob") as bob:
        hers, his, mine = await joined(ann, path), await joined(bob, path), await joined(admin, path)
        for api, number in ((ann, hers), (bob, his)):
            await api.ok("update", frame(JOIN, api.session["connection_id"]), uri=path)
        for api, number in ((ann, hers), (bob, his), (admin, mine)):
            assert [(await api.next(number))["content"][5] for _ in range(2)] == [JOIN, JOIN]
        await admin.ok("set_acl_v2", path={"path": folder}, acl=[{"name": "bob", "acl": []}])
        await admin.ok("update", b"secret", uri=path)
        assert (await bob.next(his))["content"] == frame(DELETED, "")
        assert (await bob.next(his))["status"] == "ACCESS_LOST"
        said = [(await ann.next(hers))["content"] for _ in range(2)]
        assert sorted(said) == sorted([b"secret", frame(LEFT, bob.session["connection_id"])])
        assert (await bob.call("update", b"anybody?", uri=path))["status"] == "DENIED"
        assert (await bob.call("read", uri=path))["status"] == "DENIED"
        await bob.ok("ping")
        assert bob.queue(his).empty()


@run
async def test_who_leaves_a_group_leaves_its_channels(server, folder, users):
    path = f"{folder}/talk.channel"
    async with server.api() as admin, server.api("ann") as ann:
        await admin.ok("create_group", group="talkers")
        await admin.ok("add_user_to_group", user="ann", group="talkers")
        mine = await joined(admin, path)
        await admin.ok("set_acl_v2", path={"path": path},
                       acl=[{"name": "talkers", "acl": ["read"]}, {"name": "users", "acl": []}])
        hers = await joined(ann, path)
        await admin.ok("remove_group", group="talkers")
        assert (await ann.next(hers))["status"] == "ACCESS_LOST", "also where nobody speaks"
        await admin.ok("update", b"alone?", uri=path)
        assert (await admin.next(mine))["content"] == b"alone?"


@run
async def test_speaking_in_a_channel_needs_the_right_to_write(server, folder, users):
    path = f"{folder}/talk.channel"
    async with server.api() as admin, server.api("bob") as bob:
        await admin.ok("create", uri=path, type="channel")
        await admin.ok("create", uri=path, type="channel")
        await admin.ok("set_acl_v2", path={"path": path}, acl=[{"name": "bob", "acl": ["read"]}])
        number = await joined(bob, path)
        assert (await bob.call("update", b"hello", uri=path))["status"] == "DENIED"
        await admin.ok("update", b"listen", uri=path)
        assert (await bob.next(number))["content"] == b"listen"
