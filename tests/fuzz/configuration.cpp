// Any text as a configuration, with files beside it and an environment: it is read or refused in words, and what the
// effective configuration prints means the same when it is read again.
//
//   # env: NAME=value     a variable; there are no others
//   === name              what follows, up to the next such line, is another file

#include "config/document.hpp"
#include "config/files.hpp"
#include "config/loader.hpp"
#include "config/utf8.hpp"
#include "fake_types.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;

void require(bool holds, const char* what, const std::string& shown = {}) {
  if (holds) return;
  std::fprintf(stderr, "The configuration: %s\n%s\n", what, shown.c_str());
  std::abort();
}

// ---------------------------------------------------------------------------------------------------- files of memory

/// What stands for the file system, where nothing that a text says can have an effect.
std::map<std::string, std::string> files;
int files_read = 0;

const std::string* find_file(const fs::path& file) {
  static const auto here = fs::current_path();
  std::error_code code;
  const auto found = files.find(fs::absolute(file, code).lexically_normal().lexically_relative(here).string());
  return code || found == files.end() ? nullptr : &found->second;
}

}  // namespace

// In place of core/config/files.cpp.
Result<std::string> read_small_file(const fs::path& file, std::size_t limit) {
  const auto* content = find_file(file);
  if (content == nullptr) return Error{ErrorCode::NotFound, "No such file"};
  if (content->size() > limit) return Error{ErrorCode::ResourceExhausted, "too large"};
  ++files_read;
  return *content;
}

Status can_read(const fs::path& file) {
  return find_file(file) != nullptr ? Status() : Status(Error{ErrorCode::NotFound, "No such file"});
}

namespace {

// ------------------------------------------------------------------------------------------------------------ one
// input

struct Input {
  std::string text;
  std::map<std::string, std::string> variables;

  explicit Input(std::string_view bytes) {
    files.clear();
    files_read = 0;
    auto* into = &text;
    while (!bytes.empty()) {
      const auto line = bytes.substr(0, std::min(bytes.find('\n'), bytes.size() - 1) + 1);
      bytes.remove_prefix(line.size());
      if (line.starts_with("=== ")) {
        into = &files[std::string(line.substr(4, line.find('\n') - 4))];
        continue;
      }
      if (line.starts_with("# env: ")) take_variable(line.substr(7, line.find('\n') - 7));
      *into += line;
    }
  }

  Environment environment() const {
    return [this](const std::string& name, std::string& value) {
      const auto found = variables.find(name);
      if (found != variables.end()) value = found->second;
      return found != variables.end();
    };
  }

 private:
  void take_variable(std::string_view variable) {
    const auto equals = std::min(variable.find('='), variable.size());
    variables[std::string(variable.substr(0, equals))] = variable.substr(std::min(equals + 1, variable.size()));
  }
};

/// A copy in a block of its own, so that the sanitizer sees a step beyond it.
LoadedConfig load(const std::string& text, const TypeLookup& find_type, const Environment& environment) {
  const std::vector<char> block(text.begin(), text.end());
  return parse_config({block.data(), block.size()}, "fuzzed.yaml", find_type, environment);
}

/// Whether each finding is one line that a terminal can show.
void check_words(const std::vector<ConfigError>& findings) {
  for (const auto& finding : findings) {
    const auto words = finding.path + finding.problem;
    const bool printable = std::all_of(words.begin(), words.end(),
                                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    require(!finding.problem.empty() && printable, "an error is not a line", words);
    require(valid_utf8_prefix(words) == words.size(), "an error is not UTF-8", words);
    require(!finding.position.file.empty(), "an error is in no file", words);
    const bool is_placed = finding.position.line > 0;
    require(is_placed ? finding.position.column > 0 : finding.position.column == 0, "an error is nowhere", words);
  }
}

std::set<std::string> words_of(const std::vector<ConfigError>& findings) {
  std::set<std::string> words;
  for (const auto& finding : findings) words.insert(finding.path + ": " + finding.problem);
  return words;
}

void check_dump(const LoadedConfig& loaded) {
  const auto types = testing::fake_lookup();
  const auto dump = dump_config(loaded.config, types);
  if (dump.size() > kMaxFileSize) return;  // what aliases and defaults add is not written by anyone
  files_read = 0;
  const auto again = load(dump, types, {});

  for (const auto& error : again.errors) require(false, "the dump is refused", error.to_string() + "\n" + dump);
  require(files_read == 0, "the dump names files to read", dump);
  const auto second = dump_config(again.config, types);
  require(second == dump, "the dump means something else when it is read", dump + "----------\n" + second);
  const auto before = words_of(loaded.warnings), after = words_of(again.warnings);
  require(std::includes(before.begin(), before.end(), after.begin(), after.end()), "the dump is warned of", dump);
}

}  // namespace
}  // namespace omnibroker::core

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omnibroker::core;
  const Input input({reinterpret_cast<const char*>(data), size});

  const auto loaded = load(input.text, testing::fake_lookup(), input.environment());
  check_words(loaded.errors);
  check_words(loaded.warnings);
  if (!loaded.errors.empty()) return 0;
  check_dump(loaded);

  const auto untyped = load(input.text, {}, input.environment());
  require(untyped.errors.empty(), "it is refused when nobody knows the plugins");
  static_cast<void>(dump_config(untyped.config, {}));
  return 0;
}
