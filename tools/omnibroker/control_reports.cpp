#include "control_reports.hpp"

#include "components.hpp"
#include "config/kind_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string>
#include <tuple>

namespace omnibroker::tools {
namespace {

using core::LogLevel;
using Poco::JSON::Array;
using Poco::JSON::Object;

constexpr std::string_view kPrefix = "omnibroker_";
constexpr std::array kLevels{LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error};

Poco::Int64 number(std::size_t count) { return static_cast<Poco::Int64>(count); }
Poco::Int64 seconds(std::chrono::seconds span) { return static_cast<Poco::Int64>(span.count()); }
Poco::Int64 microseconds(std::chrono::nanoseconds span) {
  return static_cast<Poco::Int64>(std::chrono::round<std::chrono::microseconds>(span).count());
}

Array::Ptr texts_json(const std::vector<std::string>& texts) {
  Array::Ptr list = new Array;
  for (const auto& text : texts) list->add(text);
  return list;
}

const core::GenerationInfo* current_of(const std::vector<core::GenerationInfo>& generations, std::string_view name) {
  const auto found = std::find_if(generations.begin(), generations.end(), [&](const auto& one) {
    return one.name == name && one.state == core::GenerationInfo::State::Current;
  });
  return found == generations.end() ? nullptr : &*found;
}

}  // namespace

Object::Ptr new_object() { return new Object(Poco::JSON_PRESERVE_KEY_ORDER); }

Array::Ptr listeners_json(const std::vector<core::Broker::Listening>& listening) {
  Array::Ptr list = new Array;
  for (const auto& one : listening) {
    auto entry = new_object();
    entry->set("listener", one.listener);
    entry->set("address", one.address);
    entry->set("tls", one.tls);
    Array::Ptr mounts = new Array;
    for (const auto& mount : one.mounts) {
      auto place = new_object();
      place->set("path", mount.path);
      place->set("component", mount.component);
      mounts->add(place);
    }
    entry->set("mounts", mounts);
    list->add(entry);
  }
  return list;
}

Array::Ptr components_json(const core::BrokerConfig& config, const std::vector<core::GenerationInfo>& generations) {
  Array::Ptr list = new Array;
  for (const auto* component : components_of(config)) {
    const auto* current = current_of(generations, component->name);
    auto entry = new_object();
    entry->set("name", component->name);
    entry->set("kind", std::string(core::kind_name(component->kind)));
    entry->set("plugin", current == nullptr ? component->plugin : current->plugin);
    if (current != nullptr) entry->set("generation", current->number);
    if (current != nullptr && current->draining) entry->set("draining", true);
    list->add(entry);
  }
  return list;
}

Array::Ptr generations_json(const std::vector<core::GenerationInfo>& generations) {
  Array::Ptr list = new Array;
  for (const auto& one : generations) {
    auto entry = new_object();
    entry->set("name", one.name);
    entry->set("generation", one.number);
    entry->set("state", std::string(core::to_string(one.state)));
    if (one.draining) entry->set("draining", true);
    entry->set("plugin", one.plugin);
    entry->set("version", one.version);
    entry->set("sha256", one.hash);
    entry->set("connections", number(one.connections));
    entry->set("age_s", seconds(one.age));
    list->add(entry);
  }
  return list;
}

Array::Ptr sessions_json(std::vector<core::SessionInfo> sessions) {
  std::sort(sessions.begin(), sessions.end(),
            [](const auto& a, const auto& b) { return std::tie(a.role, a.client_id) < std::tie(b.role, b.client_id); });
  Array::Ptr list = new Array;
  for (const auto& one : sessions) {
    auto entry = new_object();
    entry->set("client_id", one.client_id);
    entry->set("role", one.role);
    entry->set("component", one.component);
    entry->set("generation", one.generation);
    entry->set("peer", one.peer);
    entry->set("worker", one.worker);
    entry->set("pending_bytes", number(one.pending));
    entry->set("dropped", static_cast<Poco::Int64>(one.dropped));
    entry->set("catching_up", one.catching_up);
    entry->set("age_s", seconds(one.age));
    list->add(entry);
  }
  return list;
}

Array::Ptr safe_mode_json(const SafeMode& safe_mode) {
  Array::Ptr list = new Array;
  for (const auto& one : safe_mode.left_out) {
    auto entry = new_object();
    entry->set("name", one.component);
    entry->set("plugin", one.plugin);
    entry->set("sha256", one.sha256);
    entry->set("crashes", number(one.crashes));
    list->add(entry);
  }
  return list;
}

Object::Ptr session_counts_json(const std::vector<core::SessionInfo>& sessions) {
  std::map<std::string, std::size_t> counts;
  for (const auto& one : sessions) {
    if (!one.role.empty()) ++counts[one.role];
  }
  auto roles = new_object();
  std::size_t registered = 0;
  for (const auto& [role, count] : counts) {
    roles->set(role, number(count));
    registered += count;
  }
  auto result = new_object();
  result->set("total", number(sessions.size()));
  result->set("by_role", roles);
  result->set("not_registered", number(sessions.size() - registered));
  return result;
}

Object::Ptr counters_json(const core::Metrics& metrics) {
  std::map<std::string, Poco::Int64> sums;
  const auto text = metrics.prometheus();
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto value = line.rfind(' ');
    if (line.starts_with('#') || value == std::string_view::npos) continue;
    auto name = line.substr(0, line.find_first_of("{ "));
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    Poco::Int64 amount = 0;
    std::from_chars(line.data() + value + 1, line.data() + line.size(), amount);
    sums[std::string(name)] += amount;
  }
  auto result = new_object();
  for (const auto& [name, sum] : sums) result->set(name, sum);
  return result;
}

Object::Ptr report_json(const core::SwapReport& report, const std::vector<core::GenerationInfo>& generations) {
  auto result = new_object();
  result->set("name", report.name);
  result->set("from", report.from);
  result->set("to", report.to);
  if (const auto* current = current_of(generations, report.name); current != nullptr) {
    result->set("plugin", current->plugin);
    result->set("version", current->version);
    result->set("sha256", current->hash);
  }
  result->set("moved", number(report.moved));
  result->set("staying", number(report.staying));
  result->set("refusal", report.refusal);
  result->set("took_us", microseconds(report.took));
  result->set("freeze_p50_us", microseconds(report.freeze_p50));
  result->set("freeze_p99_us", microseconds(report.freeze_p99));
  result->set("freeze_max_us", microseconds(report.freeze_max));
  if (report.canary) {
    auto canary = new_object();
    canary->set("opened", static_cast<Poco::Int64>(report.canary->opened));
    canary->set("failed", static_cast<Poco::Int64>(report.canary->failed));
    canary->set("present_opened", static_cast<Poco::Int64>(report.canary->present_opened));
    canary->set("present_failed", static_cast<Poco::Int64>(report.canary->present_failed));
    result->set("canary", canary);
  }
  if (report.state) {
    auto state = new_object();
    if (report.state->bytes) {
      state->set("bytes", number(*report.state->bytes));
      state->set("stood_still_us", microseconds(report.state->stood_still));
    } else {
      state->set("refusal", report.state->refusal);
    }
    result->set("state", state);
  }
  return result;
}

Object::Ptr drain_json(const core::DrainReport& report) {
  auto result = new_object();
  if (!report.name.empty()) result->set("name", report.name);
  result->set("draining", true);
  result->set("over_ms", static_cast<Poco::Int64>(report.over.count()));
  result->set("told", number(report.told));
  result->set("staying", number(report.staying));
  return result;
}

Object::Ptr undone_json(const std::string& name, const std::vector<core::Broker::Listening>& listening) {
  auto result = new_object();
  if (!name.empty()) result->set("name", name);
  result->set("draining", false);
  std::vector<std::string> addresses;
  for (const auto& one : listening) addresses.push_back(one.address);
  result->set("listening", texts_json(addresses));
  return result;
}

Object::Ptr plan_json(const core::Plan& plan) {
  Array::Ptr steps = new Array;
  for (const auto& step : plan.steps) {
    auto entry = new_object();
    entry->set("change", std::string(core::to_string(step.kind)));
    entry->set("name", step.name);
    entry->set("details", texts_json(step.details));
    steps->add(entry);
  }
  auto result = new_object();
  result->set("steps", steps);
  result->set("only_by_restart", texts_json(plan.only_by_restart));
  result->set("untouched", number(plan.untouched));
  return result;
}

Object::Ptr apply_json(const core::ApplyReport& report, const std::vector<core::GenerationInfo>& generations) {
  auto result = plan_json(report.done);
  Array::Ptr swaps = new Array;
  for (const auto& swap : report.swaps) swaps->add(report_json(swap, generations));
  result->set("swaps", swaps);
  return result;
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::Debug: return "debug";
    case LogLevel::Info: return "info";
    case LogLevel::Warn: return "warn";
    default: return "error";
  }
}

std::optional<LogLevel> level_named(std::string_view name) {
  for (const auto level : kLevels) {
    if (name == level_name(level)) return level;
  }
  return std::nullopt;
}

LogLevel level_of(const core::Log& log) {
  return *std::find_if(kLevels.begin(), kLevels.end() - 1, [&](LogLevel level) { return log.enabled(level); });
}

}  // namespace omnibroker::tools
