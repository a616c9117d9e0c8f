#pragma once

#include "config/broker_config.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {

/// One thing that a change of the configuration comes to.
struct PlannedStep {
  enum class Kind {
    Add,          ///< It was not there.
    Change,       ///< It goes by other values from then on; no component is involved.
    Reconfigure,  ///< The component takes its new options while it runs.
    Replace,      ///< The component gets a new generation.
    Remove,
  };
  Kind kind = Kind::Change;
  std::string name;  ///< `transports.realtime`, `routes.coordinate_update`, `listeners.public`, `limits`.
  std::vector<std::string> details;  ///< What differs, each as `option: before -> after`; secrets as ***.

  bool operator==(const PlannedStep&) const = default;
};
std::string_view to_string(PlannedStep::Kind kind);

/// What it takes to come from one configuration to another. Without steps and restarts: nothing.
struct Plan {
  std::vector<PlannedStep> steps;
  std::vector<std::string>
      only_by_restart;        ///< Differences that a running broker cannot follow; with any, it follows none.
  std::size_t untouched = 0;  ///< Components that stay as they are.

  bool empty() const { return steps.empty() && only_by_restart.empty(); }
  const PlannedStep* find(std::string_view name) const;
};

/// What a component that runs was made with, which may be older than what the broker runs with.
struct MadeWith {
  LimitsConfig limits;
  std::vector<std::string> roles;  ///< Sorted.
};

/// What a running broker knows beside its configuration.
struct RunningFacts {
  /// Whether a component of this name runs: one that is not required may have been left out.
  std::function<bool(std::string_view name)> runs;
  /// Of a component that runs.
  std::function<MadeWith(std::string_view name)> made_with;
  /// The limits that a component asked for when it was made; it goes by those values.
  std::function<std::vector<std::string>(std::string_view name)> limits_read;
  /// Whether the files of a listener's certificate and key say something else than what is used.
  std::function<bool(const ListenerConfig& listener)> tls_files_differ;
};

/// Compares. `now`: what runs, with the component types that it runs with; `next`: checked, with its types looked up.
Plan make_plan(const BrokerConfig& now, const BrokerConfig& next, const RunningFacts& facts);

}  // namespace omnibroker::core
