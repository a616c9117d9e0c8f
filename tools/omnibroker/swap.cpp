#include "command.hpp"
#include "swap_report.hpp"

#include <filesystem>

namespace omnibroker::tools {
namespace {

/// The broker may run in another folder than this command.
std::string plugin_for_broker(const std::string& given) {
  const bool is_file = given.find('/') != std::string::npos || given.ends_with(".so");
  return is_file ? std::filesystem::absolute(given).lexically_normal().string() : given;
}

int swap(const Arguments& arguments) {
  auto request = new_request("swap");
  request.set("name", arguments.words().front());
  if (arguments.has("plugin")) request.set("plugin", plugin_for_broker(arguments.text("plugin", "")));
  return ask_broker(arguments, request, swap_report_text, shown_progress());
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
                       json_option()},
           .examples = {{"omnibroker swap transports.realtime", "the file of the plugin, or its options, have changed"},
                        {"omnibroker swap transports.realtime --plugin ./websocket.so", "another build of it"},
                        {"omnibroker rollback transports.realtime", "and back"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart},
           .least_words = 1,
           .most_words = 1},
          swap};
}

}  // namespace omnibroker::tools
