#include "command.hpp"
#include "swap_report.hpp"

namespace omnibroker::tools {
namespace {

int rollback(const Arguments& arguments) {
  auto request = new_request("rollback");
  request.set("name", arguments.words().front());
  return ask_broker(arguments, request, swap_report_text, shown_progress());
}

}  // namespace

Command rollback_command() {
  return {{.name = "rollback",
           .purpose = "go back to the generation that a swap has replaced",
           .usage = "NAME",
           .text = "The previous generation has been kept ready for limits.rollback_window, so this needs\n"
                   "nothing that could fail.\n",
           .options = {control_option(), json_option()},
           .examples = {{"omnibroker rollback transports.realtime", "what ran before serves again"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart},
           .least_words = 1,
           .most_words = 1},
          rollback};
}

}  // namespace omnibroker::tools
