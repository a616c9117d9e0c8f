#include "broker/broker.hpp"
#include "command.hpp"
#include "components.hpp"
#include "config/wording.hpp"
#include "configuration.hpp"
#include "telemetry/log.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

/// False: it has mistakes.
bool print_findings(const core::LoadedConfig& loaded) {
  const auto paint = output_paint();
  for (const auto& error : loaded.errors) std::printf("%s\n", paint.red(error.to_string()).c_str());
  for (const auto& warning : loaded.warnings) {
    std::printf("%s\n", paint.yellow(warning.to_string() + " (warning)").c_str());
  }
  return loaded.errors.empty();
}

bool check_file(const std::string& file, bool dump) {
  const auto read = read_configuration(file);
  if (!print_findings(read.loaded)) return false;
  if (dump) {
    std::fputs(core::dump_config(read.loaded.config, read.find_type).c_str(), stdout);
  } else {
    std::printf("%s: %s\n", file.c_str(), output_paint().green("ok").c_str());
  }
  return true;
}

/// What is tried may crash: that must end this process as the signal that it is, without a core dump, and this process
/// must not outlive whoever waits for the answer.
void become_expendable() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) std::signal(signal, SIG_DFL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

Status try_one(ReadConfiguration& read, const std::string& name) {
  const auto& config = read.loaded.config;
  const auto all = components_of(config);
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto* each) { return each->name == name; });
  if (found == all.end()) {
    return Error{ErrorCode::NotFound, config.file + " has no component " + core::shown(name) + instead_of(name, all)};
  }
  core::LogConfig settings;
  settings.level = core::LogLevel::Warn;
  auto log = core::Log::open(settings);
  if (!log) return log.error();
  return core::try_component(config, **found, *read.catalog, **log);
}

int check_and_try(const std::string& file, const std::string& name, const std::string& plugin) {
  become_expendable();
  core::PluginOverride instead;
  if (!plugin.empty()) instead = {name, plugin};
  auto read = read_configuration(file, instead);
  read.loaded.warnings.clear();  // what is asked here is whether it works
  if (!print_findings(read.loaded)) return kRefused;
  const auto status = try_one(read, name);
  const auto paint = output_paint();
  if (status) {
    std::printf("%s: %s\n", printable(name).c_str(), paint.green("ok").c_str());
    return kDone;
  }
  std::printf("%s\n", paint.red(printable(status.error().message)).c_str());
  std::fflush(nullptr);
  _exit(kRefused);  // a thread may still be inside what was tried
}

int wrong_usage(const char* sentence) {
  std::fprintf(stderr, "omnibroker: check: %s\nomnibroker check --help tells more\n", sentence);
  return kWrongUsage;
}

int check(const Arguments& arguments) {
  const auto& files = arguments.words();
  if (arguments.has("try")) {
    if (files.size() != 1) return wrong_usage("--try takes one file");
    if (arguments.has("dump")) return wrong_usage("--try and --dump do not go together");
    return check_and_try(files.front(), arguments.text("try", ""), arguments.text("plugin", ""));
  }
  if (arguments.has("plugin")) return wrong_usage("--plugin needs --try, the component that is to have it");
  bool good = true;
  for (const auto& file : files) good = check_file(file, arguments.has("dump")) && good;
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
                        "what was included in its place, secrets as ***."},
                       {"try", "t", "NAME",
                        "Also make and prepare this component (transports.realtime),\n"
                        "without any traffic, as `swap` does before it changes something."},
                       {"plugin", "p", "PLUGIN", "With --try: take this plugin instead of the file's."}},
           .examples = {{"omnibroker check configs/gateway.yaml", "one file"},
                        {"omnibroker check configs/*.yaml", "several"},
                        {"omnibroker check --dump configs/minimal.yaml", "what its defaults come to"},
                        {"omnibroker check --try transports.realtime my.yaml", "does it start?"}},
           .exit_codes = {kDone, kRefused, kWrongUsage},
           .least_words = 1,
           .most_words = 10'000},
          check};
}

}  // namespace omnibroker::tools
