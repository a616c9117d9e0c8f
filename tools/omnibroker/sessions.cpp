#include "command.hpp"
#include "control_client.hpp"
#include "text_table.hpp"

#include <chrono>

#include <Poco/JSON/Array.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string sessions_text(const Object& result) {
  std::vector<std::vector<std::string>> rows = {
      {"CLIENT", "ROLE", "COMPONENT", "GEN", "PEER", "WORKER", "PENDING", "DROPPED", "AGE"}};
  for (const auto& each : *result.getArray("sessions")) {
    const auto& one = *each.extract<Object::Ptr>();
    const auto text = [&](const char* member) { return one.getValue<std::string>(member); };
    rows.push_back({text("client_id"), or_dash(text("role")), or_dash(text("component")), text("generation"),
                    or_dash(text("peer")), text("worker"),
                    text("pending_bytes") + (one.getValue<bool>("catching_up") ? " (catching up)" : ""),
                    text("dropped"), span_text(std::chrono::seconds(one.getValue<Poco::Int64>("age_s")))});
  }
  return text_table(rows, output_paint());
}

int sessions(const Arguments& arguments) { return ask_broker(arguments, new_request("sessions"), sessions_text); }

}  // namespace

Command sessions_command() {
  return {
      {.name = "sessions",
       .purpose = "list the clients of a running broker",
       .usage = "",
       .text = "Each client with its role, the transport and generation that serve it, where it comes\n"
               "from, the bytes that it has not taken, and how many messages it has not got because it\n"
               "was too slow.\n",
       .options = {control_option(), json_option()},
       .examples = {{"omnibroker sessions", "who is there"}, {"omnibroker sessions --json", "the same for a program"}},
       .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
      sessions};
}

}  // namespace omnibroker::tools
