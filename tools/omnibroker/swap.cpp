#include "command.hpp"
#include "config/units.hpp"
#include "swap_report.hpp"
#include "terminal.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

/// The broker may run in another folder than this command.
std::string plugin_for_broker(const std::string& given) {
  const bool is_file = given.find('/') != std::string::npos || given.ends_with(".so");
  return is_file ? std::filesystem::absolute(given).lexically_normal().string() : given;
}

/// Empty, or what is wrong with the options.
std::string add_canary(const Arguments& arguments, Poco::JSON::Object& request) {
  if (!arguments.has("canary")) return arguments.has("for") ? "--for goes with --canary" : "";
  auto text = arguments.text("canary", "");
  double percent = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const bool is_share = failed == std::errc() && std::string_view(end) == "%" && percent >= 0.1 && percent <= 100;
  if (!is_share) return "--canary takes a share from 0.1% to 100%, not " + printable(text);
  const auto lasting = core::parse_duration(arguments.text("for", "60s"));
  const auto milliseconds = lasting ? std::chrono::duration_cast<std::chrono::milliseconds>(*lasting).count() : 0;
  if (milliseconds < 1 || *lasting > std::chrono::hours(24)) {
    return "--for takes a time like 60s, of at most a day, not " + printable(arguments.text("for", ""));
  }
  request.set("canary_percent", percent);
  request.set("for_ms", static_cast<Poco::Int64>(milliseconds));
  if (is_terminal(STDERR_FILENO)) {
    std::fprintf(stderr, "%s of the new connections go to the new generation for %s ...\n", text.c_str(),
                 arguments.text("for", "60s").c_str());
  }
  return {};
}

int swap(const Arguments& arguments) {
  auto request = new_request("swap");
  request.set("name", arguments.words().front());
  if (arguments.has("plugin")) request.set("plugin", plugin_for_broker(arguments.text("plugin", "")));
  if (const auto mistake = add_canary(arguments, request); !mistake.empty()) {
    std::fprintf(stderr, "omnibroker: swap: %s\nomnibroker swap --help tells more\n", mistake.c_str());
    return kWrongUsage;
  }
  const std::chrono::milliseconds lasting(request.optValue("for_ms", Poco::Int64{0}));  // nothing comes meanwhile
  return ask_broker(arguments, request, swap_report_text, shown_progress(), ControlClient::kPatience + lasting);
}

}  // namespace

Command swap_command() {
  return {{.name = "swap",
           .purpose = "put a new generation of a component in the place of the present one",
           .usage = "NAME",
           .text = "NAME is as `generations` shows it: transports.realtime. The broker reads its configuration\n"
                   "file again and takes the plugin and options of this component from there. First it tries\n"
                   "the new generation in a process of its own, so that one that crashes or hangs changes\n"
                   "nothing. Then new connections go to it, and the others move while they live. What cannot\n"
                   "move stays with the old generation until it ends.\n",
           .options = {control_option(),
                       {"plugin", "p", "PLUGIN",
                        "Take this plugin instead of the file's: a file, or a name\n"
                        "that the broker finds."},
                       {"canary", "C", "SHARE",
                        "At first let a share of the new connections (10%) go to the new\n"
                        "generation, and go back by itself where it fails more often."},
                       {"for", "f", "TIME", "With --canary: for how long (60s)."},
                       json_option()},
           .examples = {{"omnibroker swap transports.realtime", "the file of the plugin, or its options, have changed"},
                        {"omnibroker swap transports.realtime --plugin ./websocket.so", "another build of it"},
                        {"omnibroker swap transports.realtime --canary 10% --for 5m", "carefully"},
                        {"omnibroker rollback transports.realtime", "and back"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart},
           .least_words = 1,
           .most_words = 1},
          swap};
}

}  // namespace omnibroker::tools
