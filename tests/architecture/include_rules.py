"""Who may include whom, and what the core may not name. Each rule answers its violations as `file:line: what is wrong`.

A wrong include mostly does not compile: every layer has its own include root. These rules hold what a compiler lets pass.
"""

import pathlib
import re

# The arrows between the folders of the core go downwards only: a folder may include what stands on its own step or on one
# below. Folders that share a step may know each other's headers, as long as no file includes itself over others.
CORE_STEPS = [{"telemetry"}, {"config"}, {"containment"}, {"plugin"}, {"net"}, {"session"}, {"routing"}, {"runtime"},
              {"isolation"},
              {"broker"}]

# Each of these libraries is included by one .cpp file, and by no header. A plugin is a library of its own: it may have one
# such file, too.
ONE_HOME = {"yaml-cpp": "yaml-cpp/", "spdlog": "spdlog/", "Boost.DLL": "boost/dll/", "Boost.Beast": "boost/beast/",
            "simdjson": "simdjson.h"}

# What only handlers, transports and configurations know.
MESSAGE_TYPES = {"client_register", "coordinate_update", "select_object", "ack", "error"}
ROLES = {"omniverse_extension", "web_ui"}
JSON_KEYS = {"prim_path", "client_type", "original_type", "error_code", "error_message", "latitude", "longitude", "height",
             "metadata", "timestamp"}
# Words that are the core's own in another sense: a log level, an option of a route, a table's function.
NOT_THE_MESSAGE = {"ack", "error", "timestamp"}

SOURCES = {".c", ".h", ".cpp", ".hpp"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Include:
    def __init__(self, file, line, quoted, path):
        self.file, self.line, self.quoted, self.path = file, line, quoted, path

    def complaint(self, root, what):
        return f"{self.file.relative_to(root)}:{self.line}: includes {self.path}, {what}"


def sources(folder):
    return sorted(file for file in folder.rglob("*") if file.suffix in SOURCES and file.is_file())


def includes(folder):
    for file in sources(folder):
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(text)
            if match:
                yield Include(file, number, match.group(1) == '"', match.group(2))


def is_standard(path):
    """A header of the C++ standard library, or the two that C shares with it."""
    return ("/" not in path and "." not in path) or path in {"stddef.h", "stdint.h"}


def sdk_uses_only_the_standard_library(root):
    found = []
    for include in includes(root / "sdk/include"):
        if include.quoted or not (is_standard(include.path) or include.path.startswith("omnibroker/")):
            found.append(include.complaint(root, "and the SDK uses only the C++ standard library and itself"))
        elif include.path.startswith("omnibroker/testing/"):
            found.append(include.complaint(root, "and the SDK does not need its test host"))
    for include in includes(root / "sdk/testing"):
        if include.quoted or is_standard(include.path) or include.path.startswith("omnibroker/"):
            continue
        found.append(include.complaint(root, "and the test host uses only the C++ standard library and the SDK"))
    return found


def plugin_folders(root):
    """The plugins, and the libraries that they share (plugins/common): these stay at home, too."""
    return sorted(folder for kind in (root / "plugins").iterdir() if kind.is_dir()
                  for folder in kind.iterdir() if folder.is_dir())


def shared_by_plugins(root):
    """What a plugin includes of plugins/common, as `websocket/frame.hpp`."""
    common = root / "plugins/common"
    return {str(file.relative_to(common)) for file in sources(common)} if common.is_dir() else set()


def plugins_stay_at_home(root):
    found = []
    core = {str(file.relative_to(root / "core")) for file in sources(root / "core")}
    shared = shared_by_plugins(root)
    for home in plugin_folders(root):
        others = {f"{other.name}/{file.relative_to(other)}" for other in plugin_folders(root) if other != home
                  for file in sources(other)} - shared
        for include in includes(home):
            if include.quoted:
                beside, in_home = include.file.parent / include.path, home / include.path
                inside = any(file.is_file() and file.resolve().is_relative_to(home.resolve()) for file in (beside, in_home))
                if not inside:
                    found.append(include.complaint(root, "which is not a file of this plugin"))
            elif include.path in core or include.path.startswith(("core/", "plugins/", "omnibroker/testing/")):
                found.append(include.complaint(root, "and a plugin uses the SDK and its own libraries only"))
            elif include.path in others:
                found.append(include.complaint(root, "which belongs to another plugin"))
            elif include.path in shared and home.parent.name == "common":
                found.append(include.complaint(root, "and libraries in common do not use one another"))
    return found


def step_of(folder):
    return next((number for number, step in enumerate(CORE_STEPS) if folder in step), None)


def core_arrows_go_downwards(root):
    found = []
    for include in includes(root / "core"):
        own = include.file.relative_to(root / "core").parts[0]
        if not include.quoted:
            continue
        other = include.path.split("/")[0]
        if not (root / "core" / include.path).is_file():
            found.append(include.complaint(root, "which is not a file of the core, named from the core's folder"))
        elif step_of(own) is None or step_of(other) is None:
            found.append(include.complaint(root, "from or to a folder that has no place in the order of the core"))
        elif step_of(other) > step_of(own):
            found.append(include.complaint(root, f"and {own} stands below {other}"))
    return found + core_has_no_circles(root)


def core_has_no_circles(root):
    graph = {}
    for include in includes(root / "core"):
        if include.quoted:
            graph.setdefault(str(include.file.relative_to(root / "core")), set()).add(include.path)
    found, done = [], set()

    def visit(file, way):
        if file in way:
            found.append("core/" + " -> core/".join(way[way.index(file):] + [file]) + ": includes itself in a circle")
            return
        if file in done:
            return
        for other in sorted(graph.get(file, ())):
            visit(other, way + [file])
        done.add(file)

    for file in sorted(graph):
        visit(file, [])
    return found


def each_library_has_one_home(root):
    """One file, so that what it costs to compile is paid once. The client library is a program of its own, and speaks
    WebSocket and HTTP: that is a file for each of the two there."""
    found = []
    plugins = plugin_folders(root)
    for library, prefix in ONE_HOME.items():
        for owner in (None, *plugins):
            folders = [owner] if owner else [root / part for part in ("core", "sdk", "tools")]
            homes = {}
            for folder in folders:
                for include in includes(folder):
                    if include.file.is_relative_to(root / "sdk/omniclient") and include.file.suffix == ".cpp":
                        continue
                    if not include.quoted and include.path.startswith(prefix):
                        homes.setdefault(include.file, include)
            headers = [home for home in homes if home.suffix != ".cpp"]
            found += [homes[home].complaint(root, f"and {library} is included by no header") for home in headers]
            if len(homes) > 1:
                names = ", ".join(str(home.relative_to(root)) for home in sorted(homes))
                found.append(f"{names}: {library} is included by more than one file")
    return found


def literals(text):
    """(line, content) of every string literal; comments are skipped, and the examples in the documentation of options."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\((.*?)\)\1"|"((?:\\.|[^"\\\n])*)"|\'(?:\\.|[^\'\\\n])+\'',
                         re.DOTALL)
    for match in pattern.finditer(text):
        content = match.group(2) if match.group(2) is not None else match.group(3)
        if content is not None and not text[:match.start()].endswith(".example("):
            yield text.count("\n", 0, match.start()) + 1, content


def core_names_no_message(root):
    forbidden = (MESSAGE_TYPES | ROLES | JSON_KEYS) - NOT_THE_MESSAGE
    found = []
    for file in sources(root / "core"):
        text = file.read_text(encoding="utf-8")
        for line, content in literals(text):
            for word in sorted(forbidden & set(re.findall(r"[a-z_]+", content))):
                found.append(f"{file.relative_to(root)}:{line}: names {word}; the core knows no message but its `type`")
    return found


def tools_use_no_plugin(root):
    found = []
    plugins = {str(file.relative_to(home)) for home in plugin_folders(root) for file in sources(home)}
    for include in includes(root / "tools"):
        own = (include.file.parent / include.path).is_file() or (root / "core" / include.path).is_file()
        if include.quoted and not own and include.path in plugins:
            found.append(include.complaint(root, "which belongs to a plugin"))
        elif include.path.startswith(("plugins/", "../")):
            found.append(include.complaint(root, "and tools use the core and the SDK"))
    return found


RULES = [sdk_uses_only_the_standard_library, plugins_stay_at_home, core_arrows_go_downwards, each_library_has_one_home,
         core_names_no_message, tools_use_no_plugin]
