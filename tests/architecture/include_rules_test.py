"""The tree keeps its rules, and each rule would notice if it did not."""

import pathlib

import pytest

import include_rules

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("rule", include_rules.RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps(rule):
    assert rule(ROOT) == []


@pytest.mark.parametrize("folder", ["sdk/include", "core", "plugins", "tools"])
def test_there_is_something_to_judge_in(folder):
    assert list(include_rules.includes(ROOT / folder)) != []


def test_every_library_with_one_home_has_that_home():
    included = [include.path for include in include_rules.includes(ROOT / "core")]
    for prefix in include_rules.ONE_HOME.values():
        assert any(path.startswith(prefix) for path in included), prefix


@pytest.fixture
def tree(tmp_path):
    for folder in ["sdk/include/omnibroker", "sdk/testing", "tools", "plugins/handlers/one", "plugins/handlers/two",
                   "plugins/common/parts", "plugins/common/more",
                   *(f"core/{name}" for step in include_rules.CORE_STEPS for name in step)]:
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def write(tree, files):
    for name, text in files.items():
        (tree / name).write_text(text, encoding="utf-8")


BROKEN = [
    (include_rules.sdk_uses_only_the_standard_library, {"sdk/include/omnibroker/a.hpp": "#include <Poco/Net/Socket.h>\n"},
     "sdk/include/omnibroker/a.hpp:1: includes Poco/Net/Socket.h"),
    (include_rules.sdk_uses_only_the_standard_library, {"sdk/include/omnibroker/a.hpp": "#include <unistd.h>\n"},
     "a.hpp:1: includes unistd.h"),
    (include_rules.sdk_uses_only_the_standard_library, {"sdk/testing/a.cpp": "#include <gtest/gtest.h>\n"},
     "a.cpp:1: includes gtest/gtest.h"),
    (include_rules.plugins_stay_at_home,
     {"core/net/x.hpp": "", "plugins/handlers/one/p.cpp": '#include <omnibroker/abi.h>\n#include <net/x.hpp>\n'},
     "plugins/handlers/one/p.cpp:2: includes net/x.hpp"),
    (include_rules.plugins_stay_at_home,
     {"plugins/handlers/two/shared.hpp": "", "plugins/handlers/one/p.cpp": '#include "../two/shared.hpp"\n'},
     "p.cpp:1: includes ../two/shared.hpp, which is not a file of this plugin"),
    (include_rules.plugins_stay_at_home,
     {"plugins/handlers/two/shared.hpp": "", "plugins/handlers/one/p.cpp": "#include <two/shared.hpp>\n"},
     "p.cpp:1: includes two/shared.hpp, which belongs to another plugin"),
    (include_rules.plugins_stay_at_home,
     {"plugins/handlers/two/shared.hpp": "", "plugins/common/parts/p.cpp": "#include <two/shared.hpp>\n"},
     "p.cpp:1: includes two/shared.hpp, which belongs to another plugin"),
    (include_rules.plugins_stay_at_home,
     {"plugins/common/more/m.hpp": "", "plugins/common/parts/p.cpp": "#include <more/m.hpp>\n"},
     "libraries in common do not use one another"),
    (include_rules.core_arrows_go_downwards,
     {"core/runtime/r.hpp": "", "core/net/n.cpp": '#include "runtime/r.hpp"\n'}, "and net stands below runtime"),
    (include_rules.core_arrows_go_downwards,
     {"core/plugin/r.hpp": "", "core/config/n.cpp": '#include "plugin/r.hpp"\n'}, "and config stands below plugin"),
    (include_rules.core_arrows_go_downwards,
     {"core/net/a.hpp": '#include "net/b.hpp"\n', "core/net/b.hpp": '#include "net/a.hpp"\n'},
     "includes itself in a circle"),
    (include_rules.core_arrows_go_downwards, {"core/net/a.cpp": '#include "nowhere/b.hpp"\n'}, "not a file of the core"),
    (include_rules.each_library_has_one_home, {"core/config/a.hpp": "#include <yaml-cpp/yaml.h>\n"},
     "yaml-cpp is included by no header"),
    (include_rules.each_library_has_one_home,
     {"core/config/a.cpp": "#include <spdlog/spdlog.h>\n", "tools/b.cpp": "#include <spdlog/logger.h>\n"},
     "spdlog is included by more than one file"),
    (include_rules.each_library_has_one_home,
     {"plugins/handlers/one/a.cpp": "#include <boost/beast/core.hpp>\n",
      "plugins/handlers/one/b.cpp": "#include <boost/beast/http.hpp>\n"},
     "Boost.Beast is included by more than one file"),
    (include_rules.core_names_no_message, {"core/routing/a.cpp": '// web_ui may\nauto role = "web_ui";\n'},
     "core/routing/a.cpp:2: names web_ui"),
    (include_rules.core_names_no_message, {"core/routing/a.cpp": 'auto json = R"({"prim_path":1})";\n'},
     "a.cpp:1: names prim_path"),
    (include_rules.tools_use_no_plugin,
     {"plugins/handlers/one/frame.hpp": "", "tools/a.cpp": '#include "frame.hpp"\n'}, "which belongs to a plugin"),
]


@pytest.mark.parametrize("rule,files,complaint", BROKEN, ids=[f"{rule.__name__}-{i}" for i, (rule, _, _) in enumerate(BROKEN)])
def test_a_rule_notices(tree, rule, files, complaint):
    assert rule(tree) == []
    write(tree, files)

    found = rule(tree)

    assert len(found) == 1 and complaint in found[0], found


def test_comments_and_doubles_of_words_are_no_violations(tree):
    write(tree, {"core/routing/a.cpp": '/* "web_ui" */ auto level = "error"; auto quote = \'"\'; auto x = "web_uis";\n'
                                         'spec.field("role").example("web_ui");\n'})

    assert include_rules.core_names_no_message(tree) == []


def test_plugins_share_what_lies_in_common(tree):
    write(tree, {"plugins/common/parts/p.hpp": "", "plugins/common/parts/p.cpp": '#include "p.hpp"\n',
                 "plugins/handlers/one/a.cpp": "#include <parts/p.hpp>\n", "plugins/handlers/two/a.cpp": "#include <parts/p.hpp>\n"})

    assert include_rules.plugins_stay_at_home(tree) == []


def test_a_plugin_may_be_a_home_beside_the_core(tree):
    beast = "#include <boost/beast/core.hpp>\n"
    write(tree, {"core/net/a.cpp": beast, "plugins/handlers/one/a.cpp": beast, "plugins/handlers/two/a.cpp": beast})

    assert include_rules.each_library_has_one_home(tree) == []
