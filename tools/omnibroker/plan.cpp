#include "command.hpp"
#include "control_client.hpp"
#include "plan_report.hpp"
#include "swap_report.hpp"

#include <filesystem>

namespace omnibroker::tools {
namespace {

Poco::JSON::Object request_of(const char* command, const Arguments& arguments) {
  auto request = new_request(command);
  if (arguments.has("config")) {  // the broker may run in another folder than this command
    request.set("config", std::filesystem::absolute(arguments.text("config", "")).lexically_normal().string());
  }
  return request;
}

Option config_option() {
  return {"config", "c", "FILE", "This file instead of the one that the broker was started with."};
}

Option socket_option() {
  auto option = control_option();
  option.letter.clear();
  return option;
}

int plan(const Arguments& arguments) { return ask_broker(arguments, request_of("plan", arguments), plan_text); }

int apply(const Arguments& arguments) {
  return ask_broker(arguments, request_of("apply", arguments), apply_text, shown_progress());
}

}  // namespace

Command plan_command() {
  return {
      {.name = "plan",
       .purpose = "show what `apply` would change in a running broker",
       .usage = "",
       .text = "The broker reads the configuration again and compares it with what runs: options, and the\n"
               "files of plugins and certificates. Nothing is changed.\n",
       .options = {config_option(), socket_option(), json_option()},
       .examples = {{"omnibroker plan", "the file has been edited"}, {"omnibroker plan -c new.yaml", "another file"}},
       .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
      plan};
}

Command apply_command() {
  return {{.name = "apply",
           .purpose = "bring a running broker to its configuration as it is now",
           .usage = "",
           .text = "One transaction: everything new is tried in a process of its own, then made, configured,\n"
                   "prepared and started beside what runs; only then the broker turns to it. If anything\n"
                   "fails, nothing has changed. Connections stay; those of a transport with a new generation\n"
                   "move to it. SIGHUP does the same with the file that the broker was started with.\n",
           .options = {config_option(), socket_option(), json_option()},
           .examples = {{"omnibroker apply", "the file has been edited"},
                        {"omnibroker apply -c new.yaml", "another file"},
                        {"omnibroker rollback transports.realtime", "one component back to what it was"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
          apply};
}

}  // namespace omnibroker::tools
