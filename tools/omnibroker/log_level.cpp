#include "command.hpp"
#include "control_client.hpp"

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

int log_level(const Arguments& arguments) {
  auto request = new_request("log-level");
  request.set("level", arguments.words().front());
  return ask_broker(arguments, request, [](const Object& result) {
    return "The log's level is " + result.getValue<std::string>("level") + ", it was " +
           result.getValue<std::string>("before") + "\n";
  });
}

}  // namespace

Command log_level_command() {
  return {{.name = "log-level",
           .purpose = "change what a running broker writes to its log",
           .usage = "LEVEL",
           .text = "LEVEL is the least that is written: debug, info, warn or error. It holds until it is\n"
                   "changed again, or the broker ends.\n",
           .options = {control_option(), json_option()},
           .examples = {{"omnibroker log-level debug", "everything"}, {"omnibroker log-level info", "as usual"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart},
           .least_words = 1,
           .most_words = 1},
          log_level};
}

}  // namespace omnibroker::tools
