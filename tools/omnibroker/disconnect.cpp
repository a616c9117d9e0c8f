#include "command.hpp"
#include "control_client.hpp"
#include "terminal.hpp"

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

int disconnect(const Arguments& arguments) {
  auto request = new_request("disconnect");
  request.set("client_id", arguments.words().front());
  return ask_broker(arguments, request, [](const Object& result) {
    return printable(result.getValue<std::string>("client_id")) + " is disconnected\n";
  });
}

}  // namespace

Command disconnect_command() {
  return {{.name = "disconnect",
           .purpose = "end a client's connection to a running broker",
           .usage = "CLIENT_ID",
           .text = "The client is told that the connection ends, and may connect again.\n",
           .options = {control_option(), json_option()},
           .examples = {{"omnibroker sessions", "shows the ids"},
                        {"omnibroker disconnect 0190f3b4-6c1e-4d2a-9b57-2f1c8e6a7d30", "ends one of them"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart},
           .least_words = 1,
           .most_words = 1},
          disconnect};
}

}  // namespace omnibroker::tools
