"""libomniclient from outside: what is installed of it compiles in every language it is for, exports what its header
declares and nothing else, and runs a program written to the C API."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import outside_project

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/nucleus"))
import nucleus  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INCLUDE = ROOT / "sdk/omniclient/include"
PROGRAM = HERE / "omniclient_program"
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wshadow", "-Werror"]
SANITIZE = os.environ.get("OMNIBROKER_SANITIZE", "")
FLAGS = [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"] if SANITIZE else []

# What a sanitizer's own instrumentation adds to every library.
OF_A_SANITIZER = re.compile(r"^(__|_?)(asan|odr_asan|ubsan|tsan|lsan|sancov|sanitizer)")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    outside_project.run(outside_project.CMAKE, "--install", outside_project.BUILD, "--prefix", prefix,
                        "--component", "omniclient")
    return prefix


@pytest.fixture(scope="module")
def library(prefix):
    found = [file for file in prefix.rglob("libomniclient.so") if file.exists()]
    assert len(found) == 1, found
    return found[0]


def compiler(language):
    return os.environ.get("OMNIBROKER_CXX", "c++") if "++" in language else os.environ.get("OMNIBROKER_CC", "cc")


def compile_program(source, language, prefix, library, target):
    outside_project.run(compiler(language), f"-std={language}", *WARNINGS, *FLAGS, f"-I{prefix / 'include'}", source,
                        f"-L{library.parent}", "-lomniclient", f"-Wl,-rpath,{library.parent}", "-o", target)
    return target


def run_program(*command, **environment):
    return outside_project.run(*command, timeout=120, env={**os.environ, **environment})


def declared():
    text = (INCLUDE / "OmniClient.h").read_text(encoding="utf-8")
    return set(re.findall(r"OMNICLIENT_EXPORT\([^)]*\)\s+(omniClient\w+)", text))


# Both forms of the callback, and none.
LIVE_CALLBACKS = """
void parts(void*, OmniClientUrl const*, OmniClientLiveUpdateType, uint64_t, uint64_t) OMNICLIENT_CALLBACK_NOEXCEPT {}
void info(void*, OmniClientLiveUpdateInfo const*) OMNICLIENT_CALLBACK_NOEXCEPT {}
uint32_t use() {
  return omniClientLiveRegisterQueuedCallback2(nullptr, parts) + omniClientLiveRegisterQueuedCallback2(nullptr, &info) +
         omniClientLiveRegisterQueuedCallback2(nullptr, nullptr) +
         omniClientLiveRegisterQueuedCallback2(nullptr, [](void*, OmniClientLiveUpdateInfo const*) noexcept {}) +
         omniClientLiveRegisterQueuedCallback2(
             nullptr, [](void*, OmniClientUrl const*, OmniClientLiveUpdateType, uint64_t, uint64_t) noexcept {});
}
"""


@pytest.mark.parametrize("language", ["c++14", "c++17", "c++20"])
def test_the_header_takes_live_callbacks_of_both_forms(language, prefix):
    done = subprocess.run([compiler(language), f"-std={language}", *WARNINGS, "-Wno-missing-declarations",
                           "-fsyntax-only", f"-I{prefix / 'include'}", "-x", "c++", "-"],
                          input=f"#include <OmniClient.h>\n{LIVE_CALLBACKS}", text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", ["c++14", "c++17", "c++20"])
def test_the_header_is_what_programs_for_the_vendors_are_written_to(language, prefix):
    done = subprocess.run([compiler(language), f"-std={language}", *WARNINGS, "-Wno-missing-declarations",
                           "-fsyntax-only", f"-I{prefix / 'include'}", PROGRAM / "public_facts.cpp"],
                          text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("header", ["OmniClient.h", "OmniClientAbi.h", "OmniClientVersion.h"])
@pytest.mark.parametrize("language", ["c11", "c17", "c++14", "c++17", "c++20"])
def test_the_header_compiles_alone(language, header, prefix):
    done = subprocess.run([compiler(language), f"-std={language}", *WARNINGS, "-fsyntax-only", f"-I{prefix / 'include'}",
                           "-x", "c++" if "++" in language else "c", "-"],
                          input=f"#include <{header}>\ntypedef int Something;\n", text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr


def test_all_of_the_header_is_installed(prefix):
    assert sorted(file.name for file in (prefix / "include").iterdir()) == sorted(
        file.name for file in INCLUDE.iterdir())


def test_the_library_exports_what_the_header_declares(library):
    table = outside_project.run("nm", "--dynamic", "--defined-only", "--format=posix", library)
    exported = {line.split()[0] for line in table.splitlines() if not OF_A_SANITIZER.match(line.split()[0])}

    assert exported == declared()
    assert len(exported) > 100


def rows_of_the_table():
    page = (ROOT / "docs/omniclient.md").read_text(encoding="utf-8")
    table = page[page.index("## Every function"):page.index("## The functions of the two")]
    return re.findall(r"^\| `(omniClient\w+)` \| (.*) \|$", table, re.MULTILINE)


def test_every_function_has_one_line_in_the_table():
    assert sorted(name for name, _ in rows_of_the_table()) == sorted(declared())


def test_every_line_of_the_table_names_a_test():
    without = [name for name, tested in rows_of_the_table()
               if not re.search(r"`[A-Z]\w+\.\w*[*…]?`|`[a-z]+\.[a-z_]+`", tested)]

    assert not without


def test_functions_that_the_page_names_are_there():
    page = (ROOT / "docs/omniclient.md").read_text(encoding="utf-8")

    assert set(re.findall(r"`(omniClient[A-Z]\w+)`", page)) - declared() == set()


def test_the_tests_that_the_table_names_are_there():
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests/unit/omniclient").glob("*_test.cpp"))
    tests = {".".join(names) for names in re.findall(r"TEST(?:_F|_P)?\((\w+), (\w+)\)", code)}
    for file in (ROOT / "tests").rglob("CMakeLists.txt"):
        tests.update(re.findall(r"omnibroker_add_python_test\(([\w.]+)", file.read_text(encoding="utf-8")))
    named = [name for _, tested in rows_of_the_table() for name in re.findall(r"`(\w+)\.(\w*)(\*|…)?`", tested)]

    assert len(named) > 50
    for suite, test, more in named:
        found = [name for name in tests if name == f"{suite}.{test}" or (more and name.startswith(f"{suite}.{test}"))]
        assert found, f"there is no test {suite}.{test}"


# Of the sections below: what asks no server, and a login in a browser, which our server does not offer.
ASKS_NO_SERVER = {f"omniClient{name}" for name in (
    "AuthenticationCancel", "SetAuthenticationMessageBoxCallback", "RegisterAuthDeviceFlowCallback",
    "RegisterStorageAuthCallback", "SetStorageAccessToken", "BypassListCache", "FreeBranchAndCheckpoint",
    "GetBranchAndCheckpointFromQuery", "MakeQueryFromBranchAndCheckpoint")}
SECTIONS_ABOUT_SERVERS = ["Authentication and connections", "Looking and watching", "Files and folders", "Checkpoints",
                          "Locks and channels", "Live objects", "Access, users, groups"]


def suites_over_the_network():
    """Those that are run once for each server, or at each place: a Nucleus is one."""
    code = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests/unit/omniclient").glob("*_test.cpp"))
    return set(re.findall(r"INSTANTIATE_TEST_SUITE_P\(\w+, (\w+), testing::ValuesIn\((?:servers|places)\(\)\)", code))


def test_every_function_that_asks_a_server_names_a_test_over_the_network():
    page = (ROOT / "docs/omniclient.md").read_text(encoding="utf-8")
    suites = suites_over_the_network()
    assert {"Provider", "Nucleus", "Rights"} <= suites
    for section in SECTIONS_ABOUT_SERVERS:
        table, = re.findall(rf"^### {section}\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL)
        rows = re.findall(r"^\| `(omniClient\w+)` \| (.*) \|$", table, re.MULTILINE)
        assert rows, section
        for name, tested in rows:
            named = set(re.findall(r"`(\w+)\.\w*[*…]?`", tested))
            assert named & suites or name in ASKS_NO_SERVER, f"{name} is tested over no network: {tested}"


@pytest.mark.parametrize("language", ["c++14", "c++17", "c++20"])
def test_a_program_runs_on_files_and_on_a_server(language, prefix, library, tmp_path):
    program = compile_program(PROGRAM / "tour.cpp", language, prefix, library, tmp_path / "tour")

    for base, offers in ((f"file:{tmp_path}/url/", "files"), (f"{tmp_path}/path/", "files"),
                         ("mem://server/base/", "full")):
        said = run_program(program, base, offers, OMNICLIENT_MEMORY_PROVIDER="1", XDG_CONFIG_HOME=str(tmp_path))
        assert said.endswith("done\n"), said


def test_a_program_runs_on_a_nucleus(prefix, library, tmp_path):
    program = compile_program(PROGRAM / "tour.cpp", "c++14", prefix, library, tmp_path / "tour")

    with nucleus.Server(tmp_path) as server:
        said = run_program(program, f"omniverse://127.0.0.1:{server.port}/", "full", OMNI_USER=nucleus.ADMIN,
                           OMNI_PASS=nucleus.PASSWORD, XDG_CONFIG_HOME=str(tmp_path))

    assert said.endswith("done\n"), said


def test_a_program_in_c_runs(prefix, library, tmp_path):
    program = compile_program(PROGRAM / "plain.c", "c11", prefix, library, tmp_path / "plain")

    assert run_program(program, f"{tmp_path}/") == f"{tmp_path}/plain.txt Ok\n"
    assert (tmp_path / "plain.txt").read_text(encoding="utf-8") == "hello"


def test_the_memory_server_is_there_only_where_it_is_switched_on(prefix, library, tmp_path):
    program = compile_program(PROGRAM / "plain.c", "c11", prefix, library, tmp_path / "plain")
    environment = {key: value for key, value in os.environ.items() if key != "OMNICLIENT_MEMORY_PROVIDER"}

    done = subprocess.run([program, "mem://server/"], text=True, capture_output=True, check=False, env=environment,
                          timeout=120)

    assert done.stdout == "mem://server/plain.txt ErrorNotSupported\n"


def test_a_project_finds_the_package(prefix, tmp_path):
    outside_project.configure(PROGRAM, tmp_path / "build", prefix)
    outside_project.run(outside_project.CMAKE, "--build", tmp_path / "build")

    said = run_program(tmp_path / "build/tour", f"file:{tmp_path}/", "files", XDG_CONFIG_HOME=str(tmp_path))
    assert said.endswith("done\n"), said
