#pragma once

#include "arguments.hpp"

#include <string>
#include <vector>

namespace omni {

enum Exit : int {
  kDone = 0,
  kFailed = 1,      ///< What was asked for was not done; the reason is on standard error.
  kWrongUsage = 2,  ///< The command line was not understood, and nothing was done.
};

/// One command: what its help says, what it takes, and what it does. Its name may be two words.
struct Command {
  std::string name;
  std::string takes;  ///< As the help shows it.
  std::string summary;
  std::string manual;
  std::vector<Option> options;
  std::size_t least = 1;  ///< How many words it takes.
  std::size_t most = 1;
  bool takes_rest = false;  ///< What stands after `--` is somebody else's.
  int (*run)(const Arguments&);
};

/// By group, as the help shows them.
std::vector<Command> looking_commands();
std::vector<Command> content_commands();
std::vector<Command> changing_commands();
std::vector<Command> version_commands();
std::vector<Command> sharing_commands();
std::vector<Command> live_commands();

}  // namespace omni
