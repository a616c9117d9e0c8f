#include "broker/plan.hpp"

#include "config/components.hpp"
#include "config/loader.hpp"
#include "config/options.hpp"
#include "config/relations.hpp"
#include "config/sections.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

using Kind = PlannedStep::Kind;
using Lines = std::vector<std::pair<std::string, std::string>>;

std::string differs(std::string_view option, std::string_view before, std::string_view after) {
  return std::string(option) + ": " + std::string(before) + " -> " + std::string(after);
}

/// Both are of one section, so they have the same options in the same order.
std::vector<std::string> differences(const Lines& before, const Lines& after) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
    if (before[i].second != after[i].second) {
      found.push_back(differs(before[i].first, before[i].second, after[i].second));
    }
  }
  return found;
}

Lines lines_of(RouteConfig route) {
  if (route.from_anyone) route.from = {kAnyone};
  return route_spec().write(route);
}

template <class Item, class Name>
const Item* find_in(const std::vector<Item>& items, const Item& wanted, Name name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return name(item) == name(wanted); });
  return found == items.end() ? nullptr : &*found;
}

class Comparison {
 public:
  Comparison(const BrokerConfig& now, const BrokerConfig& next, const RunningFacts& facts)
      : now_(now), next_(next), facts_(facts) {}

  Plan compare() && {
    restarts();
    listeners();
    routes();
    roles();
    section("limits", limits_spec().write(now_.limits), limits_spec().write(next_.limits));
    if (now_.log.level != next_.log.level) log_level();
    components();
    return std::move(plan_);
  }

 private:
  void add(Kind kind, std::string name, std::vector<std::string> details = {}) {
    plan_.steps.push_back({kind, std::move(name), std::move(details)});
  }
  void section(const std::string& name, const Lines& before, const Lines& after) {
    if (auto details = differences(before, after); !details.empty()) add(Kind::Change, name, std::move(details));
  }

  void restarts() {
    const auto restart = [this](const std::string& name, const Lines& before, const Lines& after) {
      for (auto& one : differences(before, after)) plan_.only_by_restart.push_back(name + one);
    };
    RootOptions before, after;
    before.workers = now_.workers;
    after.workers = next_.workers;
    restart("", root_spec().write(before), root_spec().write(after));
    restart("plugins.", plugins_spec().write(now_), plugins_spec().write(next_));
    restart("control.", control_spec().write(now_.control), control_spec().write(next_.control));
    restart("crashes.", crashes_spec().write(now_.crashes), crashes_spec().write(next_.crashes));
    auto log = next_.log;
    log.level = now_.log.level;
    restart("log.", log_spec().write(now_.log), log_spec().write(log));
  }

  void log_level() {
    const auto before = log_spec().write(now_.log);
    const auto after = log_spec().write(next_.log);
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i].first == "level") {
        add(Kind::Change, "log", {differs("level", before[i].second, after[i].second)});
      }
    }
  }

  static Lines lines_of_listener(const ListenerConfig& listener) {
    auto lines = listener_spec().write(listener);
    for (auto& [key, value] : tls_spec().write(listener.tls)) lines.emplace_back("tls." + key, std::move(value));
    return lines;
  }
  void listeners() {
    const auto name = [](const ListenerConfig& listener) { return listener.name; };
    for (const auto& listener : next_.listeners) {
      const auto* before = find_in(now_.listeners, listener, name);
      if (before == nullptr) {
        add(Kind::Add, "listeners." + listener.name);
        continue;
      }
      auto details = differences(lines_of_listener(*before), lines_of_listener(listener));
      if (details.empty() && facts_.tls_files_differ(listener)) details.push_back("tls: the files have changed");
      if (!details.empty()) add(Kind::Change, "listeners." + listener.name, std::move(details));
    }
    for (const auto& listener : now_.listeners) {
      if (find_in(next_.listeners, listener, name) == nullptr) add(Kind::Remove, "listeners." + listener.name);
    }
  }

  void routes() {
    const auto type = [](const RouteConfig& route) { return route.type; };
    for (const auto& route : next_.routes) {
      const auto* before = find_in(now_.routes, route, type);
      if (before == nullptr) {
        add(Kind::Add, "routes." + route.type);
      } else {
        section("routes." + route.type, lines_of(*before), lines_of(route));
      }
    }
    for (const auto& route : now_.routes) {
      if (find_in(next_.routes, route, type) == nullptr) add(Kind::Remove, "routes." + route.type);
    }
  }

  void roles() {
    for (const auto& role : next_.roles) {
      const auto* before = find_in(now_.roles, role, [](const RoleConfig& r) { return r.name; });
      if (before != nullptr) section("roles." + role.name, role_spec().write(*before), role_spec().write(role));
    }
    for (const auto& bridge : next_.bridges) {
      const auto* before = find_in(now_.bridges, bridge, [](const BridgeConfig& b) { return b.component.name; });
      if (before != nullptr && before->role != bridge.role) {
        add(Kind::Change, bridge.component.name, {differs("role", before->role, bridge.role)});
      }
    }
  }

  void components() {
    for (const auto* wanted : components_of(next_)) {
      const auto* before = find_component(now_, wanted->name);
      const bool runs = before != nullptr && facts_.runs(wanted->name);
      if (runs) {
        component(*before, *wanted);
      } else if (!was_left_out(before, *wanted) && (wanted->type != nullptr || wanted->required)) {
        add(Kind::Add, wanted->name, {"plugin: " + wanted->plugin});
      }
    }
    for (const auto* present : components_of(now_)) {
      const bool gone = find_component(next_, present->name) == nullptr;
      if (gone && facts_.runs(present->name)) add(Kind::Remove, present->name);
    }
  }

  /// It would not start, and nothing is different now.
  static bool was_left_out(const ComponentConfig* before, const ComponentConfig& wanted) {
    return before != nullptr && !wanted.required && before->type == wanted.type &&
           before->isolation == wanted.isolation && before->values.same_values(wanted.values);
  }

  void component(const ComponentConfig& before, const ComponentConfig& wanted) {
    if (wanted.type == nullptr && !wanted.required) return add(Kind::Remove, wanted.name);  // its plugin has gone
    std::vector<std::string> details;
    bool in_place = true;
    if (wanted.type != before.type) {
      in_place = false;
      details.push_back(wanted.plugin != before.plugin ? differs("plugin", before.plugin, wanted.plugin)
                                                       : "plugin: the file of " + wanted.plugin + " has changed");
    } else {
      options(before, wanted, details, in_place);
    }
    place(wanted.name, details, in_place);
    limits(wanted.name, facts_.limits_read(wanted.name), details, in_place);
    isolation(before, wanted, details, in_place);
    if (details.empty()) {
      ++plan_.untouched;
    } else {
      add(in_place ? Kind::Reconfigure : Kind::Replace, wanted.name, std::move(details));
    }
  }

  static void options(const ComponentConfig& before, const ComponentConfig& wanted, std::vector<std::string>& details,
                      bool& in_place) {
    if (wanted.type == nullptr) return;
    const auto different = wanted.values.differing(before.values);
    for (const auto i : different) {
      const auto& option = *wanted.type->options[i];
      in_place = in_place && has(option, OMNIBROKER_OPTION_RELOADABLE);
      details.push_back(differs(option.name, yaml_of(option, *before.values.raw()->values[i]),
                                yaml_of(option, *wanted.values.raw()->values[i])));
    }
  }

  void place(const std::string& name, std::vector<std::string>& details, bool& in_place) const {
    const auto* before = find_endpoint(now_, name);
    const auto* after = find_endpoint(next_, name);
    if (before == nullptr || after == nullptr) return;
    for (auto& one : differences(endpoint_spec().write(*before), endpoint_spec().write(*after))) {
      details.push_back(std::move(one));
      in_place = false;
    }
  }

  /// A process of its own is told roles and the time for a message when it begins.
  void isolation(const ComponentConfig& before, const ComponentConfig& wanted, std::vector<std::string>& details,
                 bool& in_place) const {
    for (auto& one : differences(component_spec().write(before), component_spec().write(wanted))) {
      if (!one.starts_with("isolation: ")) continue;
      details.push_back(std::move(one));
      in_place = false;
    }
    if (before.isolation == Isolation::None || wanted.isolation == Isolation::None) return;
    limits(wanted.name, {"isolation_timeout"}, details, in_place);
    std::vector<std::string> roles;
    for (const auto& role : next_.roles) roles.push_back(role.name);
    std::sort(roles.begin(), roles.end());
    if (roles == facts_.made_with(wanted.name).roles) return;
    details.push_back("roles: others than its process knows");
    in_place = false;
  }

  /// Against what it was made with: after a rollback that is not what the broker runs with.
  void limits(const std::string& name, const std::vector<std::string>& read_ones, std::vector<std::string>& details,
              bool& in_place) const {
    const auto before = limits_spec().write(facts_.made_with(name).limits);
    const auto after = limits_spec().write(next_.limits);
    for (const auto& read : read_ones) {
      for (std::size_t i = 0; i < before.size(); ++i) {
        if (before[i].first != read || before[i].second == after[i].second) continue;
        details.push_back(differs("limits." + read, before[i].second, after[i].second));
        in_place = false;
      }
    }
  }

  const BrokerConfig& now_;
  const BrokerConfig& next_;
  const RunningFacts& facts_;
  Plan plan_;
};

}  // namespace

std::string_view to_string(PlannedStep::Kind kind) {
  switch (kind) {
    case Kind::Add: return "add";
    case Kind::Change: return "change";
    case Kind::Reconfigure: return "reconfigure";
    case Kind::Replace: return "replace";
    default: return "remove";
  }
}

const PlannedStep* Plan::find(std::string_view name) const {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const auto& step) { return step.name == name; });
  return found == steps.end() ? nullptr : &*found;
}

Plan make_plan(const BrokerConfig& now, const BrokerConfig& next, const RunningFacts& facts) {
  return Comparison(now, next, facts).compare();
}

}  // namespace omnibroker::core
