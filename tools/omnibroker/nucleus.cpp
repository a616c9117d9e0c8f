#include "command.hpp"
#include "installation.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>
#include <vector>

namespace omnibroker::tools {
namespace {

/// What the program behind this takes, by name.
const std::vector<Option>& options() {
  static const std::vector<Option> all = {
      {"admin", "", "NAME", "init: the first administrator (omniverse)."},
      {"password-file", "", "FILE",
       "init, user add, user passwd: the password is the first file's\n"
       "content, - is standard input. Without it the terminal is asked."},
      {"read-only", "", "", "user add: may look at everything, and change nothing."},
      {"off", "", "", "user admin: be one no more."},
      {"days", "", "NUMBER", "token create: how long it is good (for ever)."},
      {"host", "", "HOST", "serve: where to listen (localhost)."},
      {"port", "p", "PORT",
       "serve: everything at /omni/* of this one port, instead of the\n"
       "ports 3333, 3100, 3009, 3030 and 8080."},
  };
  return all;
}

int nucleus(const Arguments& arguments) {
  const auto program = command_program("nucleus");
  if (!program) {
    std::fprintf(stderr, "omnibroker: nucleus: %s\n", program.error().message.c_str());
    return kCouldNotStart;
  }
  std::vector<std::string> words = {program.value().string(), executable_path().string()};
  words.insert(words.end(), arguments.words().begin(), arguments.words().end());
  for (const auto& option : options()) {
    if (!arguments.has(option.name)) continue;
    const auto value = arguments.text(option.name, "");
    words.push_back("--" + option.name + (option.value.empty() ? "" : "=" + value));
  }
  std::vector<char*> raw;
  for (auto& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(raw.front(), raw.data());
  std::fprintf(stderr, "omnibroker: nucleus: %s cannot be started: %s\n", raw.front(), std::strerror(errno));
  return kCouldNotStart;
}

}  // namespace

Command nucleus_command() {
  return {{.name = "nucleus",
           .purpose = "make, look after and serve the data folder of a Nucleus",
           .usage = "ACTION DATA [NAME...]",
           .text = "The actions, each on the data folder DATA:\n\n"
                   "  init DATA                       make it, with its first administrator\n"
                   "  user add|passwd DATA NAME       make a user, give him a new password\n"
                   "  user disable|enable DATA NAME   keep him out, let him in again\n"
                   "  user admin|remove DATA NAME     make him an administrator, remove him\n"
                   "  user list DATA                  who there is\n"
                   "  token create DATA USER NAME     an API token to log in with, shown once\n"
                   "  token list DATA USER            which there are\n"
                   "  token revoke DATA USER NAME     end one, with all that was got by it\n"
                   "  backup DATA TO                  copy it into the new folder TO\n"
                   "  verify DATA                     compare everything with everything\n"
                   "  serve DATA                      run it, until SIGTERM or SIGINT\n\n"
                   "backup and verify work while it is served; all others need the folder alone.\n",
           .options = options(),
           .examples = {{"omnibroker nucleus init nucleus-data", "a new one; asks for a password"},
                        {"omnibroker nucleus serve nucleus-data", "programs find it as omniverse://localhost"},
                        {"omnibroker nucleus user add nucleus-data ann", "a user"},
                        {"omnibroker nucleus verify nucleus-data", "is it whole?"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart, kForcedStop},
           .least_words = 1,
           .most_words = 5},
          nucleus};
}

}  // namespace omnibroker::tools
