// The one executable. What each subcommand does stands in the file of its name.
#include "command.hpp"
#include "isolation/child_process.hpp"
#include "isolation/component_process.hpp"
#include "terminal.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace omnibroker::tools {
namespace {

std::vector<Command> all_commands() {
  return {run_command(),        check_command(),   status_command(),    sessions_command(), generations_command(),
          plan_command(),       apply_command(),   swap_command(),      rollback_command(), drain_command(),
          disconnect_command(), crashes_command(), log_level_command(), plugins_command(),  describe_command(),
          schema_command(),     sim_command(),     listen_command(),    bench_command(),    nucleus_command(),
          version_command()};
}

std::string overview(const std::vector<Command>& commands) {
  std::vector<Manual> manuals;
  for (const auto& command : commands) manuals.push_back(command.manual);
  return overview_text(manuals);
}

const Command* find_command(const std::vector<Command>& commands, const std::string& name) {
  for (const auto& command : commands) {
    if (command.manual.name == name) return &command;
  }
  return nullptr;
}

int wrong_usage(const std::string& sentence, const std::string& more) {
  std::fprintf(stderr, "omnibroker: %s\n%s tells more\n", sentence.c_str(), more.c_str());
  return kWrongUsage;
}

int unknown_command(const std::vector<Command>& commands, const std::string& name) {
  std::vector<std::string> names = {"help"};
  for (const auto& command : commands) names.push_back(command.manual.name);
  return wrong_usage("unknown command " + printable(name) + suggestion(name, names), "omnibroker --help");
}

int help(const std::vector<Command>& commands, const std::vector<std::string>& names) {
  if (names.empty() || names.front() == "help") {
    std::fputs(overview(commands).c_str(), stdout);
    return kDone;
  }
  const auto* command = find_command(commands, names.front());
  if (command == nullptr) return unknown_command(commands, names.front());
  std::fputs(help_text(command->manual).c_str(), stdout);
  return kDone;
}

/// What a broker starts for a component with `isolation: process`. Nobody else needs it, so no help lists it.
int isolated_component() {
  struct stat socket {};
  if (::fstat(core::ChildProcess::kSocket, &socket) != 0 || !S_ISSOCK(socket.st_mode)) {
    return wrong_usage("isolated-component is what a broker starts, and nobody else", "omnibroker --help");
  }
  return core::run_component_process(core::ChildProcess::kSocket);
}

int main(const std::vector<std::string>& words) {
  const auto commands = all_commands();
  if (words.empty()) {
    std::fputs(overview(commands).c_str(), stderr);
    return kWrongUsage;
  }
  if (words.front() == "isolated-component") return isolated_component();
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words.front() == "help" || words.front() == "--help" || words.front() == "-h") return help(commands, rest);

  const auto* command = find_command(commands, words.front() == "--version" ? "version" : words.front());
  if (command == nullptr) return unknown_command(commands, words.front());
  const auto arguments = parse_arguments(command->manual, rest);
  const auto& name = command->manual.name;
  if (!arguments)
    return wrong_usage(name + ": " + printable(arguments.error().message), "omnibroker " + name + " --help");
  if (arguments.value().has("help")) return help(commands, {name});
  return command->run(arguments.value());
}

}  // namespace
}  // namespace omnibroker::tools

int main(int count, char** words) {
  try {
    return omnibroker::tools::main({words + 1, words + count});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "omnibroker: %s\n", failure.what());
    return omnibroker::tools::kCouldNotStart;
  }
}
