#include "plan_report.hpp"

#include "swap_report.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

#include <vector>

#include <Poco/JSON/Array.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;

std::string untouched_text(const Object& plan) {
  const auto count = plan.getValue<std::string>("untouched");
  return count + (count == "1" ? " component stays" : " components stay") + " untouched\n";
}

std::string steps_text(const Object& plan, const char* heading) {
  std::vector<std::vector<std::string>> rows = {{heading, "NAME", "DETAILS"}};
  for (const auto& each : *plan.getArray("steps")) {
    const auto& step = *each.extract<Object::Ptr>();
    auto change = step.getValue<std::string>("change");
    auto name = step.getValue<std::string>("name");
    const auto details = step.getArray("details");
    if (details->size() == 0) rows.push_back({change, name, ""});
    for (const auto& detail : *details) {
      rows.push_back({change, name, detail.toString()});
      change.clear();
      name.clear();
    }
  }
  return text_table(rows, output_paint());
}

}  // namespace

std::string plan_text(const Object& plan) {
  const auto restarts = plan.getArray("only_by_restart");
  if (plan.getArray("steps")->size() == 0 && restarts->size() == 0) {
    return "Nothing to change; " + untouched_text(plan);
  }
  std::string text = plan.getArray("steps")->size() == 0 ? "" : steps_text(plan, "CHANGE") + "\n";
  text += untouched_text(plan);
  for (const auto& one : *restarts) text += "Only a restart can change " + printable(one.toString()) + "\n";
  return text;
}

std::string apply_text(const Object& report) {
  if (report.getArray("steps")->size() == 0) return "Nothing to change; " + untouched_text(report);
  auto text = steps_text(report, "DONE") + "\n" + untouched_text(report);
  for (const auto& each : *report.getArray("swaps")) text += swap_report_text(*each.extract<Object::Ptr>());
  return text;
}

}  // namespace omnibroker::tools
