#include "command.hpp"
#include "control_client.hpp"
#include "text_table.hpp"

#include <chrono>

#include <Poco/JSON/Array.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

std::string generations_text(const Object& result) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "GEN", "STATE", "VERSION", "HASH", "CONNECTIONS", "AGE", "PLUGIN"}};
  for (const auto& each : *result.getArray("generations")) {
    const auto& one = *each.extract<Object::Ptr>();
    const auto text = [&](const char* member) { return one.getValue<std::string>(member); };
    rows.push_back({text("name"), text("generation"), text("state") + (one.has("draining") ? ", draining" : ""),
                    text("version"), text("sha256").substr(0, kShortHash), text("connections"),
                    span_text(std::chrono::seconds(one.getValue<Poco::Int64>("age_s"))), text("plugin")});
  }
  return text_table(rows, output_paint());
}

int generations(const Arguments& arguments) {
  return ask_broker(arguments, new_request("generations"), generations_text);
}

}  // namespace

Command generations_command() {
  return {{.name = "generations",
           .purpose = "list the generations of a running broker's components",
           .usage = "",
           .text = "A swap or an apply makes a new generation. `current` takes what comes, `canary` a\n"
                   "share of it; `previous` has been\n"
                   "replaced and is ready to take everything back; `draining` still serves connections that\n"
                   "could not move, or calls that it has put off. `current, draining`: it was drained, and takes\n"
                   "nothing until `omnibroker drain NAME --undo`.\n",
           .options = {control_option(), json_option()},
           .examples = {{"omnibroker generations", "which plugin serves what, since when"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
          generations};
}

}  // namespace omnibroker::tools
