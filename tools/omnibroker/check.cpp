#include "command.hpp"
#include "configuration.hpp"
#include "terminal.hpp"

#include <cstdio>

namespace omnibroker::tools {
namespace {

bool check_file(const std::string& file, bool dump) {
  const auto read = read_configuration(file);
  const auto paint = output_paint();
  const auto& loaded = read.loaded;
  for (const auto& error : loaded.errors) std::printf("%s\n", paint.red(error.to_string()).c_str());
  for (const auto& warning : loaded.warnings) {
    std::printf("%s\n", paint.yellow(warning.to_string() + " (warning)").c_str());
  }
  if (!loaded.errors.empty()) return false;

  if (dump) {
    std::fputs(core::dump_config(loaded.config, read.find_type).c_str(), stdout);
  } else {
    std::printf("%s: %s\n", file.c_str(), paint.green("ok").c_str());
  }
  return true;
}

int check(const Arguments& arguments) {
  bool good = true;
  for (const auto& file : arguments.words()) good = check_file(file, arguments.has("dump")) && good;
  return good ? kDone : kRefused;
}

}  // namespace

Command check_command() {
  return {{.name = "check",
           .purpose = "read configuration files and say everything that is wrong with them",
           .usage = "FILE...",
           .text = "Reads each file as `run` would, with the plugins that it names, and starts nothing.\n"
                   "Each mistake is a line: FILE:LINE:COLUMN: PATH: PROBLEM. All of them are shown at\n"
                   "once. A file without mistakes is a line `FILE: ok`.\n",
           .options = {{"dump", "d", "",
                        "Print what is in force instead: every default filled in,\n"
                        "what was included in its place, secrets as ***."}},
           .examples = {{"omnibroker check configs/gateway.yaml", "one file"},
                        {"omnibroker check configs/*.yaml", "several"},
                        {"omnibroker check --dump configs/minimal.yaml", "what its defaults come to"}},
           .exit_codes = {kDone, kRefused, kWrongUsage},
           .least_words = 1,
           .most_words = 10'000},
          check};
}

}  // namespace omnibroker::tools
