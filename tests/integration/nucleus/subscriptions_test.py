"""Who subscribes sees every change from there on: of folders, files, live objects."""

import asyncio
import signal

from nucleus import Server, run


async def subscribed(api, path, command="subscribe_list"):
    number = await api.begin(command, path={"branch": "", "path": path})
    answer = await api.next(number)
    assert answer["status"] == "LATEST", answer
    return number


async def events(api, number, count):
    """The next changes, as (event, path below the folder's parent)."""
    return [(one["event"], one["entry"]["path"]) for one in [await api.next(number) for _ in range(count)]]


@run
async def test_a_folder_tells_what_happens_in_it(server, folder):
    async with server.api() as api, server.api() as other:
        await other.ok("create_directory", path={"path": folder})
        number = await subscribed(api, f"{folder}/")
        await other.write(f"{folder}/a", b"1")
        await other.ok("update_asset", b"2", path={"path": f"{folder}/a"})
        await other.ok("lock", uri=f"{folder}/a", etag="0")
        await other.ok("unlock", uri=f"{folder}/a")
        await other.ok("checkpoint_version", path={"path": f"{folder}/a"})
        await other.ok("create_directory", path={"path": f"{folder}/sub"})
        await other.write(f"{folder}/sub/below", b"not told here")
        await other.ok("set_acl_v2", path={"path": f"{folder}/a"}, acl=[{"name": "users", "acl": ["read"]}])
        await other.ok("rename", src_path=f"{folder}/a", dst_path=f"{folder}/b")
        await other.all(await other.begin("delete2", paths=[f"{folder}/b"]))
        await other.ok("undelete", path={"path": f"{folder}/b"})

        seen = await events(api, number, 6)
        assert seen == [("create", f"{folder}/a"), ("full", f"{folder}/a"), ("lock", f"{folder}/a"),
                        ("unlock", f"{folder}/a"), ("checkpoints_changed", f"{folder}/a"), ("create", f"{folder}/sub/")]
        rest = [await api.next(number)]
        while rest[-1]["event"] != "delete" or not rest[-1]["entry"]["path"].endswith("/b"):
            rest.append(await api.next(number))
        names = [(one["event"], one["entry"]["path"]) for one in rest]
        assert ("change_acl", f"{folder}/a") in names
        renamed = next(one for one in rest if one["event"] == "rename")
        assert (renamed["entry"]["path"], renamed["entry"]["destination"]) == (f"{folder}/a", f"{folder}/b")
        assert not any(path.startswith(f"{folder}/sub/b") for _, path in names)
        back = await api.next(number)
        assert (back["event"], back["entry"]["path"]) == ("create", f"{folder}/b")
        ids = [int(one["entry"]["transaction_id"]) for one in rest]
        assert ids == sorted(ids)


@run
async def test_what_moves_into_a_folder_is_new_there(server, folder):
    async with server.api() as api:
        await api.ok("create_directory", path={"path": f"{folder}/to"})
        await api.write(f"{folder}/from/a", b"1")
        there = await subscribed(api, f"{folder}/to")
        here = await subscribed(api, f"{folder}/from")
        await api.ok("rename", src_path=f"{folder}/from/a", dst_path=f"{folder}/to/b")
        assert await events(api, here, 1) == [("rename", f"{folder}/from/a")]
        assert await events(api, there, 1) == [("create", f"{folder}/to/b")]


@run
async def test_a_subscription_ends_with_its_folder(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/sub/a", b"1")
        number = await subscribed(api, f"{folder}/sub")
        await api.all(await api.begin("delete", uri=f"{folder}/sub"))
        answers = await api.all(number)
        assert [one.get("event") for one in answers[:-1]] == ["delete"] * (len(answers) - 1)
        assert answers[-1]["status"] == "NOT_EXIST" and answers[-1]["fin"] is True


@run
async def test_a_subscription_is_stopped(server, folder):
    async with server.api() as api:
        await api.ok("create_directory", path={"path": folder})
        number = await subscribed(api, folder)
        await api.ok("stop", subscription_id=number)
        assert (await api.next(number))["stopped"] is True
        await api.write(f"{folder}/a", b"")
        await api.ok("ping")
        assert api.queue(number).empty()
        await api.ok("stop", subscription_id=number)
        await api.ok("stop", subscription_id=12345)


@run
async def test_only_folders_are_subscribed_to(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/a", b"")
        assert (await api.call("subscribe_list", path={"path": f"{folder}/a"}))["status"] == "INVALID_PARAMETERS"


@run
async def test_nobody_is_told_what_he_may_not_read(server, folder):
    await server.add_user("eve")
    async with server.api() as api, server.api("eve") as eve:
        await api.ok("create_directory", path={"path": folder})
        number = await subscribed(eve, folder)
        await api.write(f"{folder}/secret", b"1")
        assert await events(eve, number, 1) == [("create", f"{folder}/secret")]
        await api.ok("set_acl_v2", path={"path": f"{folder}/secret"}, acl=[{"name": "eve", "acl": []}])
        await api.ok("update_asset", b"2", path={"path": f"{folder}/secret"})
        await api.write(f"{folder}/open", b"3")
        assert await events(eve, number, 1) == [("create", f"{folder}/open")]
        assert list(await eve.list(folder)) == [f"{folder}/open"]

        await api.ok("set_acl_v2", path={"path": folder}, acl=[{"name": "eve", "acl": []}])
        assert (await eve.next(number))["status"] == "ACCESS_LOST"
        assert (await eve.call("list2", path=folder))["status"] == "DENIED"


@run
async def test_nobody_is_told_that_what_he_may_not_read_goes(server, folder):
    """What is deleted or moved has no rights any more when that is told: those of before count."""
    await server.add_user("eve")
    hidden = [{"name": "eve", "acl": []}]
    async with server.api() as api, server.api("eve") as eve:
        for name in ("gone", "moved", "open"):
            await api.write(f"{folder}/{name}", name.encode())
        await api.write(f"{folder}/closed/x", b"x")
        for name in ("gone", "moved", "closed"):
            await api.ok("set_acl_v2", path={"path": f"{folder}/{name}"}, acl=hidden)
        number = await subscribed(eve, folder)
        await api.all(await api.begin("delete", uri=f"{folder}/gone"))
        await api.ok("rename", src_path=f"{folder}/moved", dst_path=f"{folder}/elsewhere")
        await api.ok("obliterate", path={"path": f"{folder}/gone"})
        await api.all(await api.begin("delete", uri=f"{folder}/closed"))
        await api.ok("rename", src_path=f"{folder}/open", dst_path=f"{folder}/known")
        assert await events(eve, number, 1) == [("rename", f"{folder}/open")]


@run
async def test_who_may_not_know_where_something_goes_is_told_that_it_has_gone(server, folder):
    await server.add_user("eve")
    async with server.api() as api, server.api("eve") as eve:
        await api.write(f"{folder}/a", b"1")
        await api.ok("create_directory", path={"path": f"{folder}/closed"})
        await api.ok("set_acl_v2", path={"path": f"{folder}/closed"}, acl=[{"name": "eve", "acl": []}])
        number = await subscribed(eve, folder)
        await api.ok("rename", src_path=f"{folder}/a", dst_path=f"{folder}/closed/a")
        told = await eve.next(number)
        assert told["event"] == "delete" and "destination" not in told["entry"], told


@run
async def test_the_folder_itself_is_told_as_renamed(server, folder):
    async with server.api() as api:
        await api.write(f"{folder}/a/x", b"1")
        number = await subscribed(api, f"{folder}/a")
        await api.ok("rename", src_path=f"{folder}/a", dst_path=f"{folder}/b")
        answers = await api.all(number)
        assert [(one["event"], one["entry"]["path"]) for one in answers[:-1]] == [("rename", f"{folder}/a/")], answers
        assert answers[0]["entry"]["destination"] == f"{folder}/b/" and answers[-1]["status"] == "NOT_EXIST"


@run
async def test_subscriptions_end_with_the_right_to_read_wherever_it_came_from(server, folder):
    """From a folder above, from a group, by a move below other rights, and with the user."""
    await server.add_user("mia")
    async with server.api() as api, server.api("mia") as mia:
        await api.ok("create_group", group="readers")
        for case in ("above", "group", "moved", "user"):
            await api.write(f"{folder}/{case}/sub/a", b"1")
            await api.ok("create_object", b"1", path={"path": f"{folder}/{case}/sub/live"})
        await api.ok("create_directory", path={"path": f"{folder}/closed"})
        await api.ok("set_acl_v2", path={"path": f"{folder}/closed"}, acl=[{"name": "mia", "acl": []}])
        await api.ok("add_user_to_group", user="mia", group="readers")
        await api.ok("set_acl_v2", path={"path": f"{folder}/group"},
                     acl=[{"name": "readers", "acl": ["read"]}, {"name": "users", "acl": []}])

        async def watch(case):
            path = f"{folder}/{case}/sub"
            numbers = [await subscribed(mia, path)]
            for command, name in (("subscribe_read_asset", "a"), ("subscribe_read_object", "live")):
                numbers.append(await mia.begin(command, path={"path": f"{path}/{name}"}))
                assert (await mia.next(numbers[-1]))["content"] == b"1"
            return numbers

        async def lost(numbers, statuses=("ACCESS_LOST",)):
            for number in numbers:
                last = (await mia.all(number, end="ACCESS_LOST"))[-1]
                assert last["status"] in statuses and last["fin"] is True, last

        numbers = await watch("above")
        await api.ok("set_acl_v2", path={"path": f"{folder}/above"}, acl=[{"name": "mia", "acl": []}])
        await lost(numbers)
        numbers = await watch("group")
        await api.ok("remove_user_from_group", user="mia", group="readers")
        await lost(numbers)
        numbers = await watch("moved")
        await api.ok("rename", src_path=f"{folder}/moved", dst_path=f"{folder}/closed/moved")
        await lost(numbers, ("NOT_EXIST", "ACCESS_LOST"))
        numbers = await watch("user")
        async with server.sows("auth") as auth:
            assert (await auth.call("Profiles.disable", access_token=await server.token(), username="mia"))["status"] == "OK"
        await lost(numbers)


@run
async def test_super_users_see_everything(server, folder):
    await server.add_user("bob")
    async with server.api() as api, server.api("bob") as bob:
        assert (await bob.call("service_subscribe_list"))["status"] == "DENIED"
        number = await api.begin("service_subscribe_list")
        assert (await api.next(number))["status"] == "LATEST"
        await bob.write(f"{folder}/x/y", b"")
        paths = [path for _, path in await events(api, number, 3)]
        assert paths == [f"{folder}/", f"{folder}/x/", f"{folder}/x/y"]


@run
async def test_list_and_subscription_have_no_gap(server, folder):
    """While many files are written somebody subscribes, then lists: what is in neither has been lost."""
    count = 300
    async with server.api() as writer, server.api() as api:
        await writer.ok("create_directory", path={"path": folder})
        requests = [await writer.begin("create_asset", b"", path={"path": f"{folder}/{n:03}"}) for n in range(count)]
        number = await subscribed(api, folder)
        listed = set(await api.list(folder))
        for request in requests:
            assert (await writer.next(request))["status"] == "OK"
        await writer.write(f"{folder}/last", b"")
        told = []
        while not told or told[-1] != f"{folder}/last":
            told.append((await api.next(number))["entry"]["path"])
        assert len(told) == len(set(told)), "once"
        assert told == sorted(told[:-1]) + told[-1:], "in order"
        assert listed | set(told) == {f"{folder}/{n:03}" for n in range(count)} | {f"{folder}/last"}


# ------------------------------------------------------------------------------------------------- files and live objects


@run
async def test_a_file_is_watched(server, folder):
    path = {"path": f"{folder}/a"}
    async with server.api() as api:
        made = await api.write(f"{folder}/a", b"1")
        number = await api.begin("subscribe_read_asset", path=path)
        first = await api.next(number)
        assert (first["status"], first["content"]) == ("OK", b"1")
        known = await api.begin("subscribe_read_asset", path=path, etag=made["etag"])
        assert (await api.next(known))["status"] == "LATEST"
        await api.ok("update_asset", b"2", path=path)
        assert (await api.next(number))["content"] == (await api.next(known))["content"] == b"2"
        await api.all(await api.begin("delete", uri=path["path"]))
        assert (await api.next(number)).get("fin") and (await api.next(known))["status"] == "NOT_EXIST"


@run
async def test_a_live_object_is_made_added_to_and_read(server, folder):
    path = {"path": f"{folder}/root.live"}
    async with server.api() as api:
        made = await api.ok("create_object", b"one", path=path)
        assert made["sequence"] == 1 and made["object_id"] > 0 and made["path_type"] == "omniobject"
        second = await api.ok("update_object", b"two", path=path, object_id=made["object_id"])
        assert second["sequence"] == 2
        assert (await api.call("update_object", b"x", path=path, object_id=made["object_id"] + 77))["status"] == "NOT_OBJECT"

        updates = await api.all(await api.begin("read_object_version", path=path))
        assert [(one["status"], one.get("content")) for one in updates] == [("OK", b"one"), ("LATEST", b"two"), ("DONE", None)]
        rest = await api.all(await api.begin("read_object_resolved", path=path, object_id=made["object_id"], sequence=1))
        assert [one.get("content") for one in rest] == [b"two", None]

        whole = await api.ok("update_object", b"all", path=path, whole=True)
        from_start = await api.all(await api.begin("read_object_version", path=path))
        assert [one.get("content") for one in from_start] == [b"all", None] and whole["sequence"] == 3

        again = await api.ok("create_object", b"new", path=path)
        assert again["object_id"] != made["object_id"]
        copied = await api.ok("deep_copy_object_struct", src=path, dst={"path": f"{folder}/copy.live"})
        assert copied["object_id"] not in (0, again["object_id"])


@run
async def test_a_live_object_is_followed_from_any_sequence(server, folder):
    path = {"path": f"{folder}/root.live"}
    async with server.api() as api, server.api() as other:
        made = await api.ok("create_object", b"1", path=path)
        late = await other.begin("subscribe_read_object", path=path, object_id=made["object_id"], sequence=1)
        first = await other.next(late)
        assert first["status"] == "LATEST" and first["sequence"] == 1 and "content" not in first
        number = await other.begin("subscribe_read_object", path=path)
        assert (await other.next(number))["content"] == b"1"

        requests = [await api.begin("update_object", str(n).encode(), path=path) for n in range(2, 202)]
        for request in requests:
            await api.next(request)
        for subscription in (late, number):
            got = [await other.next(subscription) for _ in range(200)]
            assert [one["sequence"] for one in got] == list(range(2, 202))
            assert [one["content"] for one in got] == [str(n).encode() for n in range(2, 202)]

        again = await api.ok("create_object", b"other", path=path)
        fresh = await other.next(number)
        assert (fresh["object_id"], fresh["content"]) == (again["object_id"], b"other")
        await api.all(await api.begin("delete", uri=path["path"]))
        assert (await other.next(number))["status"] == "NOT_EXIST"


# ------------------------------------------------------------------------------------------------------------------ limits


@run
async def test_subscriptions_of_a_connection_are_bounded(tmp_path):
    with Server(tmp_path, api={"max_subscriptions": 2}) as server:
        async with server.api() as api:
            first = await subscribed(api, "/")
            await subscribed(api, "/")
            assert (await api.call("subscribe_list", path={"path": "/"}))["status"] == "QUOTA_REACHED"
            await api.ok("stop", subscription_id=first)
            await subscribed(api, "/")
        async with server.api() as api:
            await subscribed(api, "/")


@run
async def test_a_slow_reader_loses_its_subscription_and_nobody_else_notices(tmp_path):
    with Server(tmp_path, api={"max_unread": "64KiB"}, limits={"max_control_queue": "64KiB"}) as server:
        async with server.api() as quick, server.api(small_window=True) as api:
            many = [await subscribed(api, "/") for _ in range(50)]  # so that a change is much for it to read
            number = await subscribed(quick, "/")
            api.reader.cancel()  # from here on it reads nothing
            api.socket.transport.pause_reading()
            written = 0
            while len(server.find_log("A subscription ended because its client does not read")) < len(many):
                await quick.ok("create_directory", path={"path": f"/{'x' * 200}{written:06}"})
                assert (await quick.next(number))["entry"]["path"] == f"/{'x' * 200}{written:06}/"
                written += 1
            api.socket.transport.resume_reading()
            api.reader = asyncio.create_task(api._read())
            for slow in many:
                answers = await api.all(slow, end="QUOTA_REACHED")
                assert answers[-1]["status"] == "QUOTA_REACHED"
                paths = [one["entry"]["path"] for one in answers[:-1]]
                assert paths == [f"/{'x' * 200}{n:06}/" for n in range(len(paths))], "up to there all, in order"
                assert len(paths) < written
            assert (await api.call("ping"))["status"] == "OK", "the connection lives"


@run
async def test_the_server_says_when_it_goes(tmp_path):
    with Server(tmp_path) as server:
        async with server.api() as api:
            number = await api.begin("subscribe_server_notifications")
            assert (await api.next(number))["status"] == "OK"
            server.signal(signal.SIGTERM)
            said = await api.next(number)
            assert said["level"] == "WARNING"
            assert (await api.next(number))["status"] == "CONNECTION_LOST"
            assert api.socket.close_code == 1001
        assert server.wait() == 0
