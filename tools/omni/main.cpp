#include "command.hpp"
#include "output.hpp"
#include "progress.hpp"

#include <algorithm>
#include <cstdio>

namespace omni {
namespace {

using Commands = std::vector<Command>;

constexpr const char* kAbout =
    "omni asks Omniverse servers, web servers and the local file system, by URLs.\n"
    "\n"
    "usage: omni COMMAND ...\n"
    "       omni COMMAND --help | --help | --version\n"
    "\n"
    "commands:\n";
constexpr const char* kMore =
    "\n"
    "A URL is such as omniverse://host/folder/file, https://host/file, file:///folder or a path.\n"
    "OMNI_USER and OMNI_PASS say who logs in at a Nucleus; the user $omni-api-token has a token as password.\n"
    "Exit status: 0 done, 1 not done, 2 the command line was not understood.\n";

Commands all_commands() {
  Commands all;
  for (const auto group :
       {looking_commands, content_commands, changing_commands, version_commands, sharing_commands, live_commands}) {
    for (auto& command : group()) {
      command.options.push_back({0, "json", "", "one JSON object a line"});
      command.options.push_back({'h', "help", "", "this help"});
      all.push_back(std::move(command));
    }
  }
  return all;
}

void print_help(const Commands& commands) {
  std::fputs(kAbout, stdout);
  for (const auto& command : commands) std::printf("  %-18s %s\n", command.name.c_str(), command.summary.c_str());
  std::fputs(kMore, stdout);
}

void print_help(const Command& command) {
  std::printf("usage: omni %s %s\n\n%s.%s%s\n\noptions:\n", command.name.c_str(), command.takes.c_str(),
              command.summary.c_str(), command.manual.empty() ? "" : "\n", command.manual.c_str());
  for (const auto& option : command.options) {
    const auto letter = option.letter == 0 ? std::string("    ") : std::string("-") + option.letter + ", ";
    const auto name = "--" + option.name + (option.value.empty() ? "" : " " + option.value);
    std::printf("  %s%-18s %s\n", letter.c_str(), name.c_str(), option.help.c_str());
  }
}

int wrong_usage(const std::string& problem, const std::string& help) {
  std::fprintf(stderr, "omni: %s\n  try: %s\n", printable(problem).c_str(), help.c_str());
  return kWrongUsage;
}

/// The command whose name the line begins with; takes the name off.
const Command* find(const Commands& commands, std::vector<std::string>& line) {
  for (const std::size_t words : {2, 1}) {
    if (line.size() < words) continue;
    const auto name = words == 2 ? line[0] + " " + line[1] : line[0];
    const auto found =
        std::find_if(commands.begin(), commands.end(), [&](const Command& command) { return command.name == name; });
    if (found == commands.end()) continue;
    line.erase(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(words));
    return &*found;
  }
  return nullptr;
}

/// For what is no command, the group it may belong to.
int unknown(const Commands& commands, const std::string& word) {
  std::string group;
  for (const auto& command : commands) {
    if (command.name.compare(0, word.size() + 1, word + " ") == 0) {
      group += (group.empty() ? "" : ", ") + command.name.substr(word.size() + 1);
    }
  }
  if (!group.empty()) return wrong_usage("`" + word + "` needs one of: " + group, "omni --help");
  return wrong_usage("unknown command `" + word + "`", "omni --help");
}

int run_command(const Command& command, const std::vector<std::string>& line) {
  const auto help = "omni " + command.name + " --help";
  try {
    const auto arguments = read_arguments(line, command.options, command.takes_rest);
    if (arguments.has("help")) {
      print_help(command);
      return kDone;
    }
    if (arguments.words.size() < command.least || arguments.words.size() > command.most) {
      throw WrongUsage(command.name + " takes " + command.takes);
    }
    set_json(arguments.has("json"));
    const Session session;
    if (!json()) progress::show();
    const int status = command.run(arguments);
    progress::hide();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    return fail("write to standard output", "it takes no more");
  } catch (const WrongUsage& wrong) {
    return wrong_usage(wrong.what(), help);
  }
}

int main(std::vector<std::string> line) {
  const auto commands = all_commands();
  if (line.empty() || line[0] == "--help" || line[0] == "-h" || line[0] == "help") {
    print_help(commands);
    return line.empty() ? kWrongUsage : kDone;
  }
  if (line[0] == "--version") {
    std::printf("omni %s\n", omniClientGetVersionString());
    return kDone;
  }
  const auto word = line[0];
  const auto* const command = find(commands, line);
  return command == nullptr ? unknown(commands, word) : run_command(*command, line);
}

}  // namespace
}  // namespace omni

int main(int count, char** words) { return omni::main({words + 1, words + count}); }
