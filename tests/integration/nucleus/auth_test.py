"""Logging in, tokens, users: the authentication service, and the API's side of it."""

import base64
import json

import pytest
from nucleus import ADMIN, PASSWORD, Api, Failure, Server, http, run


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


@run
async def test_a_password_is_traded_for_tokens(server):
    answer = await server.log_in()

    assert answer["status"] == "OK" and answer["username"] == ADMIN
    assert answer["profile"]["admin"] is True
    said = claims(answer["access_token"])
    assert said["sub"] == ADMIN and said["profile"]["admin"] is True and said["profile"]["enabled"] is True
    assert said["exp"] - said["iat"] == 24 * 3600 and said["jti"]
    assert "password" not in json.dumps(answer).lower()


@pytest.mark.parametrize("user,password,status", [(ADMIN, "wrong", "DENIED"), ("nobody", "wrong", "DENIED"), (ADMIN, "", "DENIED"),
                                                  ("", "x", "USERNAME_REQUIRED")])
@run
async def test_a_wrong_password_is_refused_in_the_same_words_as_a_wrong_name(server, user, password, status):
    answer = await server.log_in(user, password)
    assert answer == {"status": status, "version": 2}


@run
async def test_a_refresh_token_gives_new_access_tokens_until_it_is_revoked(server):
    first = await server.log_in()
    async with server.sows("auth") as auth:
        again = await auth.call("Tokens.refresh", refresh_token=first["refresh_token"])
        assert again["status"] == "OK" and claims(again["access_token"])["jti"] != claims(first["access_token"])["jti"]
        assert (await auth.call("Tokens.refresh", refresh_token="garbage"))["status"] == "INVALID_TOKEN"
        assert (await auth.call("Tokens.invalidate", refresh_token=first["refresh_token"]))["status"] == "OK"
        assert (await auth.call("Tokens.refresh", refresh_token=first["refresh_token"]))["status"] == "INVALID_TOKEN"


@run
async def test_api_tokens_are_made_listed_used_and_deleted(server):
    token = await server.token()
    async with server.sows("auth") as auth:
        made = await auth.call("Tokens.create_api_token", access_token=token, name="ci")
        assert made["status"] == "OK"
        twice = await auth.call("Tokens.create_api_token", access_token=token, name="ci")
        assert twice["status"] == "EXISTS"
        listed = await auth.call("Tokens.get_api_tokens", access_token=token)
        assert [one["name"] for one in listed["tokens"]] == ["ci"] and made["api_token"] not in json.dumps(listed)

        answer = await auth.call("Tokens.auth_with_api_token", api_token=made["api_token"])
        assert answer["status"] == "OK" and answer["username"] == ADMIN
        wrong = await auth.call("Tokens.auth_with_api_token", api_token=made["api_token"][:-1] + "!")
        assert wrong["status"] == "INVALID_TOKEN"

        assert (await auth.call("Tokens.delete_api_token", access_token=token, name="ci"))["status"] == "OK"
        assert (await auth.call("Tokens.auth_with_api_token", api_token=made["api_token"]))["status"] == "INVALID_TOKEN"
        assert (await auth.call("Tokens.delete_api_token", access_token=token, name="ci"))["status"] == "NOT_FOUND"


@run
async def test_calls_that_need_a_login_say_so(server):
    async with server.sows("auth") as auth:
        for token in ({}, {"access_token": "garbage"}, {"access_token": "a.b.c"}):
            assert (await auth.call("Profiles.get", **token))["status"] == "INVALID_TOKEN"
        header, payload, _ = (await server.token()).split(".")
        forged = f"{header}.{payload}.{'A' * 43}"
        assert (await auth.call("Profiles.get", access_token=forged))["status"] == "INVALID_TOKEN"
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=") + f".{payload}."
        assert (await auth.call("Profiles.get", access_token=unsigned))["status"] == "INVALID_TOKEN"
        with pytest.raises(Failure, match="There is no method Tokens.steal here"):
            await auth.call("Tokens.steal")


@run
async def test_administrators_look_after_users(server):
    token = await server.token()
    async with server.sows("auth") as auth:
        added = await auth.call("UserStore.add_user", access_token=token, username="ann", password="first",
                                profile={"first_name": "Ann"})
        assert added["status"] == "OK"
        assert (await auth.call("UserStore.add_user", access_token=token, username="ann", password="x"))["status"] == "EXISTS"
        hers = (await server.log_in("ann", "first"))["access_token"]
        assert claims(hers)["profile"]["first_name"] == "Ann" and claims(hers)["profile"]["admin"] is False

        denied = await auth.call("UserStore.add_user", access_token=hers, username="bob", password="x")
        assert denied["status"] == "DENIED"
        assert (await auth.call("Profiles.get_all", access_token=hers))["status"] == "DENIED"
        assert (await auth.call("Tokens.get_api_tokens", access_token=hers, username=ADMIN))["status"] == "DENIED"
        everybody = await auth.call("Profiles.get_all", access_token=token)
        assert {one["username"] for one in everybody["profiles"]} >= {ADMIN, "ann"}

        changed = await auth.call("Profiles.update", access_token=hers, profile={"last_name": "Lee"})
        assert changed["status"] == "OK"
        assert (await auth.call("Profiles.update", access_token=hers, profile={"admin": True}))["status"] == "DENIED"
        assert (await auth.call("Profiles.get", access_token=hers))["profile"]["last_name"] == "Lee"

        stolen = await auth.call("UserStore.reset_password", access_token=hers, password="second", old_password="wrong")
        assert stolen["status"] == "DENIED"
        reset = await auth.call("UserStore.reset_password", access_token=hers, password="second", old_password="first")
        assert reset["status"] == "OK"
        assert (await server.log_in("ann", "first"))["status"] == "DENIED"
        again = await server.log_in("ann", "second")
        assert again["status"] == "OK"
        # The token from before is good for nothing: not to make one that lasts, either.
        for method in ("Profiles.get", "Tokens.create_api_token", "Tokens.get_api_tokens"):
            assert (await auth.call(method, access_token=hers, name="stolen"))["status"] == "INVALID_TOKEN", method
        async with Api(server.url("api")) as api:
            assert (await api.call("authorize_token", token=hers))["status"] == "UNAUTHENTICATED"
        upload = server.url("lft", "http") + "/content/"
        for bearer, status in ((hers, 403), (again["access_token"], 200)):
            assert http("POST", upload, b"{}", {"Authorization": "Bearer " + bearer})[0] == status
        hers = again["access_token"]

        assert (await auth.call("Profiles.disable", access_token=token, username="ann"))["status"] == "OK"
        assert (await server.log_in("ann", "second"))["status"] == "DISABLED"
        assert (await auth.call("Profiles.get", access_token=hers))["status"] == "DISABLED"
        assert (await auth.call("Profiles.enable", access_token=token, username="ann"))["status"] == "OK"
        assert (await auth.call("UserStore.remove_user", access_token=token, username="ann"))["status"] == "OK"
        assert (await server.log_in("ann", "second"))["status"] == "DENIED"


# ---------------------------------------------------------------------------------------------------- the API's side of it


@run
async def test_a_session_says_what_it_is(server):
    async with server.api() as api:
        said = api.session
        assert said["username"] == ADMIN and said["super_user"] is True
        assert len(said["connection_id"]) == 16 and said["connection_id"].isalnum() and said["connection_id"].isupper()
        assert len(said["token"]) == 16 and len(said["connection_id_signature"]) == 64
        assert said["server_capabilities"]["list2"] == 5 and said["server_capabilities"]["omni_objects2"] == 1
        assert said["lft_address"] == server.url("lft", "http") and said["lft_threshold"] == 65536
        assert said["multipart_chunk_size"] == 5242880 and said["max_chunk_size"] == 16 * 1024 * 1024 - 65536
        whole = b"x" * said["max_chunk_size"]
        assert (await api.call("create_asset", whole, path={"path": "/whole/" + "n" * 200}))["status"] == "OK", "with its JSON"
        assert said["max_in_flight_requests"] == 1000 and said["backoff_time_ms"] == 500
        assert said["version"] == "1.19" and said["ts"]["omni_server_out_ts"] > 1e15

        again = await api.call("authorize_token", token=await server.token())
        assert again["status"] == "ALREADY_AUTHENTICATED"


@run
async def test_nothing_is_told_before_a_login(server):
    async with Api(server.url("api")) as api:
        for command in ("stat2", "list2", "create_asset", "lock", "get_users", "subscribe_server_notifications"):
            assert (await api.call(command, path={"path": "/"}))["status"] == "UNAUTHENTICATED", command
        for command in ("ping", "omni_objects2", "versioning", "hashes", "lft", "exchange_capabilities", "set_user_agent"):
            assert (await api.call(command))["status"] == "OK", command
        assert (await api.call("authorize_token", token="garbage"))["status"] == "UNAUTHENTICATED"
        assert (await api.call("authorize_token"))["status"] == "UNAUTHENTICATED"
        assert (await api.call("auth", username=ADMIN, password="wrong"))["status"] == "UNAUTHENTICATED"
        assert (await api.call("auth", username=ADMIN, password=PASSWORD))["status"] == "OK"
        assert (await api.call("stat2", path={"path": "/"}))["status"] == "OK"


@run
async def test_features(server):
    async with server.api() as api:
        assert (await api.ok("omni_objects2"))["ext_value_min_size"] == 262144
        assert (await api.ok("versioning"))["enabled"] is True
        assert (await api.ok("hashes"))["hash_types"] == ["sha-256-flat"]
        assert (await api.ok("lft"))["lft_address"] == server.url("lft", "http")
        assert (await api.ok("exchange_capabilities"))["server_capabilities"]["stat2"] == 2
        for command in ("mount", "unmount", "get_mount_info", "set_path_options", "set_path_options2"):
            assert (await api.call(command))["status"] == "NOT_IMPLEMENTED", command
        assert (await api.call("fly"))["status"] == "INVALID_COMMAND"
        assert (await api.call("list2", path={"path": "/"}, branches=7))["status"] == "INVALID_PARAMETERS"


@run
async def test_every_capability_is_a_command(server):
    async with server.api() as api:
        for command in api.session["server_capabilities"]:
            if command in ("delete", "auth", "authorize_token"):
                continue
            answer = await api.call(command)
            assert answer["status"] != "INVALID_COMMAND", command


@run
async def test_an_access_token_expires(tmp_path):
    with Server(tmp_path, auth={"access_token_lifetime": "1s"}) as server:
        token = (await server.log_in())["access_token"]
        status = "OK"
        while status == "OK":  # the first ones may be in time
            async with Api(server.url("api")) as api:
                status = (await api.call("authorize_token", token=token))["status"]
        assert status == "TOKEN_EXPIRED"
        async with server.sows("auth") as auth:
            assert (await auth.call("Profiles.get", access_token=token))["status"] == "EXPIRED"


@run
async def test_the_first_administrator_is_made_once_and_all_is_there_again(tmp_path):
    with Server(tmp_path) as server:
        async with server.api() as api:
            written = await api.write("/kept.txt", b"kept")
        token = await server.token()
    with Server(tmp_path, auth={"first_admin": "other", "first_admin_password": "x"}) as server:
        assert (await server.log_in("other", "x"))["status"] == "DENIED"
        async with Api(server.url("api")) as api:
            assert (await api.call("authorize_token", token=token))["status"] == "OK", "the key stays with the folder"
            read = await api.ok("read_asset_version", path={"path": "/kept.txt"})
            assert read["content"] == b"kept" and read["etag"] == written["etag"]
            later = await api.write("/later.txt", b"")
            assert int(later["etag"]) > int(written["etag"])
            assert int(later["transaction_id"]) > int(written["transaction_id"])


def test_one_process_at_a_time_has_a_folder(tmp_path):
    with Server(tmp_path) as first:
        with Server(tmp_path, data=first.data, serving=False) as second:
            assert second.wait() == 3
            assert str(first.pid) in second.log_text()


@run
async def test_what_an_api_token_gave_ends_with_it(server):
    await server.add_user("tom")
    mine = {"access_token": await server.token("tom", "tom")}
    async with server.sows("auth") as auth:
        token = (await auth.call("Tokens.create_api_token", **mine, name="ci"))["api_token"]
        got = await auth.call("Tokens.auth_with_api_token", api_token=token)
        assert (await auth.call("Tokens.refresh", refresh_token=got["refresh_token"]))["status"] == "OK"
        assert (await auth.call("Tokens.delete_api_token", **mine, name="ci"))["status"] == "OK"
        assert (await auth.call("Tokens.refresh", refresh_token=got["refresh_token"]))["status"] == "INVALID_TOKEN"

        token = (await auth.call("Tokens.create_api_token", **mine, name="ci"))["api_token"]
        changed = await auth.call("UserStore.reset_password", **mine, old_password="tom", password="tim")
        assert changed["status"] == "OK"
        assert (await auth.call("Tokens.auth_with_api_token", api_token=token))["status"] == "INVALID_TOKEN"


@run
async def test_a_user_who_is_made_again_is_somebody_else(server):
    await server.add_user("una")
    old = await server.token("una", "una")
    async with server.sows("auth") as auth:
        admin = {"access_token": await server.token()}
        assert (await auth.call("UserStore.remove_user", **admin, username="una"))["status"] == "OK"
        assert (await auth.call("UserStore.add_user", **admin, username="una", password="new"))["status"] == "OK"
        assert (await auth.call("Profiles.get", access_token=old))["status"] == "INVALID_TOKEN"
    async with Api(server.url("api")) as api:
        assert (await api.call("authorize_token", token=old))["status"] == "UNAUTHENTICATED"


@run
async def test_an_address_is_for_its_owner_and_administrators(server):
    for name in ("uma", "ute"):
        await server.add_user(name, email=f"{name}@example.org")
    async with server.sows("auth") as auth:
        async def seen(by, of):
            answer = await auth.call("Profiles.get", access_token=await server.token(*by), username=of)
            return answer["profile"].get("email")

        assert await seen(("uma", "uma"), "uma") == "uma@example.org"
        assert await seen(("uma", "uma"), "ute") is None
        assert await seen((ADMIN, PASSWORD), "ute") == "ute@example.org"
