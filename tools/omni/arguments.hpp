#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace omni {

struct Option {
  char letter = 0;  ///< 0: it has none.
  std::string name;
  std::string value;  ///< What the help calls its value; empty: it takes none.
  std::string help;
};

/// A command line that is not understood; the message says what was expected.
struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;  ///< By name; an option without a value has an empty one.
  std::vector<std::string> rest;               ///< After `--`, where the command takes that.

  bool has(const std::string& option) const { return options.count(option) != 0; }
  std::string value(const std::string& option) const;
  /// A whole number above 0; 0 where the option is not given. Throws WrongUsage.
  std::uint64_t count(const std::string& option) const;
};

/// Reads what stands behind the name of a command. `-` alone is a word. Throws WrongUsage.
Arguments read_arguments(const std::vector<std::string>& line, const std::vector<Option>& options, bool takes_rest);

}  // namespace omni
