"""The client library against a Nucleus: the conformance suite of tests/unit/omniclient over `omniverse:`."""

import asyncio
import os
import pathlib
import subprocess

from broker import executable

TESTS = pathlib.Path(executable()).parent / "omniclient_tests"


async def api_token(server):
    async with server.sows("auth") as auth:
        answer = await auth.call("Tokens.create_api_token", access_token=await server.token(), name="tests")
        return answer["api_token"]


def environment(server, **more):
    token = asyncio.run(api_token(server))
    return {**os.environ, "OMNI_USER": "$omni-api-token", "OMNI_PASS": token,
            "OMNICLIENT_TEST_NUCLEUS": f"omniverse://127.0.0.1:{server.port}/", **more}


def run_tests(server, filter, **more):
    done = subprocess.run([TESTS, f"--gtest_filter={filter}", "--gtest_brief=1"], env=environment(server, **more),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-20000:]
    assert "[  PASSED  ]" in done.stdout and "[  PASSED  ] 0 tests" not in done.stdout, done.stdout


def test_every_provider_behaves_alike(server):
    run_tests(server, "*/Nucleus")
