#include "command.hpp"
#include "control_client.hpp"
#include "text_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <Poco/JSON/Array.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;
using Rows = std::vector<std::vector<std::string>>;

/// What is looked at first; `--json` has every number.
constexpr std::array kCounters{"connections",
                               "connections_accepted_total",
                               "connections_refused_total",
                               "connections_closed_total",
                               "messages_total",
                               "messages_refused_total",
                               "messages_over_rate_total",
                               "messages_dropped_total",
                               "received_bytes_total",
                               "sent_bytes_total"};

std::string head(const Object& status, const Paint& paint) {
  const auto text = [&](const char* member) { return status.getValue<std::string>(member); };
  const auto up = std::chrono::seconds(status.getValue<Poco::Int64>("uptime_s"));
  const auto workers = text("workers");
  return paint.bold("omnibroker " + text("version")) + ", process " + text("pid") + ", up " + span_text(up) + ", " +
         workers + (workers == "1" ? " worker" : " workers") + ", log level " + text("log_level") + "\n" +
         "configuration  " + text("configuration") + "\n" + "control        " + text("control") + "\n" +
         (status.getValue<bool>("draining")
              ? paint.yellow("draining") + "       nothing listens until `omnibroker drain --undo`\n"
              : "");
}

/// Nothing where nothing is left out.
std::string safe_mode(const Object& status, const Paint& paint) {
  if (status.getArray("safe_mode")->size() == 0) return {};
  Rows rows = {{"LEFT OUT", "PLUGIN", "HASH", "CRASHES"}};
  for (const auto& each : *status.getArray("safe_mode")) {
    const auto& one = *each.extract<Object::Ptr>();
    rows.push_back({one.getValue<std::string>("name"), one.getValue<std::string>("plugin"),
                    one.getValue<std::string>("sha256").substr(0, kShortHash), one.getValue<std::string>("crashes")});
  }
  return paint.yellow("safe mode") + "      the reports are in " +
         printable(status.getValue<std::string>("crash_reports")) + "\n\n" + text_table(rows, paint);
}

std::string listeners(const Object& status, const Paint& paint) {
  Rows rows = {{"LISTENER", "ADDRESS", "TLS", "PATHS"}};
  for (const auto& each : *status.getArray("listeners")) {
    const auto& listener = *each.extract<Object::Ptr>();
    std::string paths;
    for (const auto& mount : *listener.getArray("mounts")) {
      const auto& place = *mount.extract<Object::Ptr>();
      paths += (paths.empty() ? "" : ", ") + place.getValue<std::string>("path") + " " +
               place.getValue<std::string>("component");
    }
    rows.push_back({listener.getValue<std::string>("listener"), listener.getValue<std::string>("address"),
                    listener.getValue<bool>("tls") ? "yes" : "no", paths});
  }
  return text_table(rows, paint);
}

std::string components(const Object& status, const Paint& paint) {
  Rows rows = {{"COMPONENT", "KIND", "GEN", "PLUGIN"}};
  const auto& all = *status.getArray("components");
  const bool some_drain = std::any_of(
      all.begin(), all.end(), [](const auto& one) { return one.template extract<Object::Ptr>()->has("draining"); });
  if (some_drain) rows.front().push_back("STATE");
  for (const auto& each : all) {
    const auto& component = *each.extract<Object::Ptr>();
    rows.push_back({component.getValue<std::string>("name"), component.getValue<std::string>("kind"),
                    component.has("generation") ? component.getValue<std::string>("generation") : "-",
                    component.getValue<std::string>("plugin")});
    if (component.has("draining")) rows.back().push_back("draining");
  }
  return text_table(rows, paint);
}

std::string sessions(const Object& status, const Paint& paint) {
  const auto& counts = *status.getObject("sessions");
  Rows rows = {{"SESSIONS", counts.getValue<std::string>("total")}};
  for (const auto& [role, count] : *counts.getObject("by_role")) rows.push_back({role, count.toString()});
  if (counts.getValue<int>("not_registered") > 0) {
    rows.push_back({"(not registered)", counts.getValue<std::string>("not_registered")});
  }
  return text_table(rows, paint);
}

std::string counters(const Object& status, const Paint& paint) {
  const auto& all = *status.getObject("counters");
  Rows rows = {{"COUNTER", "VALUE"}};
  for (const auto* name : kCounters) {
    if (all.has(name)) rows.push_back({name, all.getValue<std::string>(name)});
  }
  return text_table(rows, paint);
}

std::string status_text(const Object& status) {
  const auto paint = output_paint();
  return head(status, paint) + safe_mode(status, paint) + "\n" + listeners(status, paint) + "\n" +
         components(status, paint) + "\n" + sessions(status, paint) + "\n" + counters(status, paint);
}

int status(const Arguments& arguments) { return ask_broker(arguments, new_request("status"), status_text); }

}  // namespace

Command status_command() {
  return {{.name = "status",
           .purpose = "show what a running broker is doing",
           .usage = "",
           .text = "Its version, configuration file, listeners, components, clients by role, and the\n"
                   "counters that are looked at first; with --json all of them.\n",
           .options = {control_option(), json_option()},
           .examples = {{"omnibroker status", "the broker that runs"},
                        {"omnibroker status --json", "the same for a program, with every counter"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart}},
          status};
}

}  // namespace omnibroker::tools
