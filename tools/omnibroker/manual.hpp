#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::tools {

struct Option {
  std::string name;    ///< `robots` for `--robots`
  std::string letter;  ///< `r` for `-r`, or empty
  std::string value;   ///< What stands behind it, as help shows it: `NUMBER`. Empty: a switch.
  std::string doc;
};

/// All that there is to know about a subcommand: its help is printed from this, and its options are parsed by it.
struct Manual {
  struct Example {
    std::string line;
    std::string purpose;
  };

  std::string name;
  std::string purpose;  ///< One line, without a full stop.
  std::string usage;    ///< What stands behind the name: `[CONFIG]`
  std::string text;     ///< What a newcomer must know, in lines of at most 80 characters.
  std::vector<Option> options;
  std::vector<Example> examples;
  std::vector<int> exit_codes;
  std::size_t least_words = 0;  ///< How many words that are not options it takes.
  std::size_t most_words = 0;
};

/// `omnibroker NAME --help`
std::string help_text(const Manual& manual);

/// `omnibroker --help`
std::string overview_text(const std::vector<Manual>& manuals);

/// `; did you mean NAME?`, or nothing where no name is near enough to have been meant.
std::string suggestion(std::string_view word, const std::vector<std::string>& names);

}  // namespace omnibroker::tools
