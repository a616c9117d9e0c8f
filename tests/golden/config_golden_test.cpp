// One test for each file in tests/golden/config: a configuration, a line of dashes, and what reading it comes to, which
// is either the effective configuration (behind its warnings) or every error.
//
//   # env: NAME=value             a variable of the environment, which has no others
//   # show: routes, reply         only these top-level keys of the effective configuration
//   # instead: COMPONENT=PLUGIN  another plugin for one component than the file gives
//   === name                      what follows, up to the next such line, is another file beside the configuration
//
// What a change does to all of them is seen with
//   OMNIBROKER_UPDATE_GOLDEN=1 build/dev/bin/omnibroker_golden_tests && git diff tests/golden
// which writes what is, where what was expected stood.
#include "config/loader.hpp"
#include "fake_types.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core::testing {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();
  return content.str();
}

void write_file(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

/// A golden file in its parts.
struct Golden {
  std::string input;  ///< As it stands in the file, with its directives.
  std::map<std::string, std::string> files{{"gateway.yaml", ""}};
  std::map<std::string, std::string> variables;
  std::set<std::string> shown;
  PluginOverride instead;
  std::string expected;
};

std::string directive(const std::string& line, const std::string& name) {
  const auto prefix = "# " + name + ": ";
  return line.starts_with(prefix) ? line.substr(prefix.size()) : std::string();
}

void take_directives(const std::string& line, Golden& golden) {
  if (const auto variable = directive(line, "env"); !variable.empty()) {
    const auto equals = variable.find('=');
    golden.variables[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  if (const auto instead = directive(line, "instead"); !instead.empty()) {
    const auto equals = instead.find('=');
    golden.instead = {instead.substr(0, equals), instead.substr(equals + 1)};
  }
  std::istringstream keys(directive(line, "show"));
  for (std::string key; std::getline(keys >> std::ws, key, ',');) golden.shown.insert(key);
}

Golden parse_golden(const std::string& text) {
  Golden golden;
  std::string file = "gateway.yaml";
  bool is_expected = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (is_expected) {
      golden.expected += line + "\n";
    } else if (line.size() >= 10 && line.find_first_not_of('-') == std::string::npos) {
      is_expected = true;
    } else {
      golden.input += line + "\n";
      if (line.starts_with("=== ")) {
        file = line.substr(4);
        golden.files[file];
        continue;
      }
      take_directives(line, golden);
      golden.files[file] += line + "\n";
    }
  }
  return golden;
}

/// Only the blocks of the top-level keys that are to be shown; all, where nothing was said.
std::string selected(const std::string& dump, const std::set<std::string>& keys) {
  if (keys.empty()) return dump;
  std::string result;
  bool is_shown = false;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(' ')) is_shown = keys.count(line.substr(0, line.find(':'))) > 0;
    if (is_shown) result += line + "\n";
  }
  return result;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// A fresh folder that is the current one while it lives: file names in errors are then the same everywhere.
class Folder {
 public:
  Folder() : before_(fs::current_path()) {
    auto pattern = (fs::temp_directory_path() / "omnibroker-golden-XXXXXX").string();
    path_ = fs::canonical(mkdtemp(pattern.data()));
    fs::current_path(path_);
  }
  ~Folder() {
    fs::current_path(before_);
    fs::remove_all(path_);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path before_;
  fs::path path_;
};

std::string run(const Golden& golden) {
  const Folder folder;
  for (const auto& [name, content] : golden.files) write_file(folder.path() / name, content);
  const Environment environment = [&](const std::string& name, std::string& value) {
    const auto found = golden.variables.find(name);
    if (found != golden.variables.end()) value = found->second;
    return found != golden.variables.end();
  };

  const auto loaded = load_config("gateway.yaml", fake_lookup(), environment, golden.instead);

  std::string result;
  for (const auto& warning : loaded.warnings) result += "warning: " + warning.to_string() + "\n";
  for (const auto& error : loaded.errors) result += error.to_string() + "\n";
  if (loaded.errors.empty()) {
    const auto dump = dump_config(loaded.config, fake_lookup());
    const auto again = parse_config(dump, "dump.yaml", fake_lookup(), environment);
    for (const auto& error : again.errors) ADD_FAILURE() << "the dump is wrong: " << error.to_string();
    EXPECT_EQ(dump_config(again.config, fake_lookup()), dump) << "the dump does not mean the same when it is read";
    result += selected(dump, golden.shown);
  }
  return replaced(result, folder.path().string(), "{folder}");
}

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(OMNIBROKER_GOLDEN_CONFIGS)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class GoldenConfig : public ::testing::TestWithParam<fs::path> {};

TEST_P(GoldenConfig, ReadsAsExpected) {
  const auto golden = parse_golden(read_file(GetParam()));

  const auto result = run(golden);

  if (std::getenv("OMNIBROKER_UPDATE_GOLDEN") != nullptr) {
    write_file(GetParam(), golden.input + std::string(10, '-') + "\n" + result);
  } else {
    EXPECT_EQ(result, golden.expected) << GetParam().filename() << ": see the top of config_golden_test.cpp";
  }
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenConfig, ::testing::ValuesIn(golden_files()), [](const auto& file) {
  auto name = file.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace omnibroker::core::testing
