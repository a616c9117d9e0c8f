#pragma once

#include "config/broker_config.hpp"
#include "containment/call_marks.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class MetricValue;

/// A started filter, as a route calls it.
struct FilterStep {
  void* self = nullptr;
  const omnibroker_filter_v1* table = nullptr;
  const CallPlace* place = nullptr;  ///< For marks of calls into it.
};

/// What happens to one message type: who may send it, which steps it goes through, who gets it.
struct Route {
  std::string type;
  std::size_t index = 0;  ///< Means this type for as long as the broker runs.
  bool gone = false;      ///< No configuration has it any more; nothing is taken for it.
  bool from_anyone = false;
  std::vector<bool> from;       ///< By role; all true where every registered client may send it.
  std::vector<std::size_t> to;  ///< Roles.
  std::vector<FilterStep> filters;
  void* handler = nullptr;
  const omnibroker_handler_v1* handler_table = nullptr;
  const CallPlace* handler_place = nullptr;  ///< For marks of calls into it.
  std::string failure_code;
  std::string forbidden;     ///< The sentence for a sender with the wrong role.
  std::string nobody_there;  ///< The sentence where a receiver is required and none is connected.
  bool ack = false;
  bool require_receiver = false;
  std::string latest_by;
  std::size_t latest_max = 0;
  std::chrono::nanoseconds latest_max_age{0};
  std::vector<std::string> position_fields;
  SlowClients slow_clients = SlowClients::Conflate;
  std::uint64_t max_backlog = 0;  ///< Bytes; 0: as in the limits.
  std::chrono::nanoseconds max_lag{0};
  std::chrono::nanoseconds flush_interval{0};
  std::uint32_t max_rate = 0;
  std::string over_rate;  ///< The sentence for a sender that is over `max_rate`.
  MetricValue* accepted = nullptr;
  MetricValue* refused = nullptr;
};

/// Every route by message type, and every role by name. The roles come first, because components may ask for them; the
/// routes follow when their handlers exist. Then immutable: a change of the configuration makes another table, in which
/// every role and type that there has been keeps its index.
///
/// Threads: any, once the routes are set.
class RouteTable {
 public:
  struct Role {
    std::string name;
    std::string title;
    bool gone = false;  ///< No route or bridge names it any more.
  };

  explicit RouteTable(std::vector<Role> roles) : roles_(std::move(roles)) {}
  void set_routes(std::vector<Route> routes);

  const Route* find(std::string_view type) const;
  const std::vector<Route>& routes() const { return routes_; }
  const std::vector<Role>& roles() const { return roles_; }
  /// -1 for a name that no route knows now.
  int role(std::string_view name) const;
  /// Whether messages of this route go to this role.
  static bool feeds(const Route& route, std::size_t role);

  /// Builds everything of a route that follows from its configuration alone.
  static Route make_route(const RouteConfig& config, std::size_t index, const std::vector<Role>& roles,
                          const omnibroker_handler_v1& handler);

 private:
  std::vector<Role> roles_;
  std::vector<Route> routes_;
  std::map<std::string, const Route*, std::less<>> by_type_;
};

}  // namespace omnibroker::core
