#pragma once

#include "config/broker_config.hpp"
#include "containment/call_marks.hpp"
#include "routing/route_table.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// A bridge as messages reach it.
struct BridgePort {
  const CallPlace* place = nullptr;  ///< For marks of calls into it.
  void* self = nullptr;              ///< Null: no configuration has it any more.
  const omnibroker_bridge_v1* table = nullptr;
  std::size_t role = 0;
};

/// The component that writes the broker's own messages to clients; a null table where there is none.
struct NoticesPort {
  void* self = nullptr;
  const omnibroker_notices_v1* table = nullptr;
  const CallPlace* place = nullptr;  ///< For marks of calls into it.
};

/// The component that writes acks and errors.
struct ReplyPort {
  void* self = nullptr;
  const omnibroker_reply_v1* table = nullptr;
  const CallPlace* place = nullptr;  ///< For marks of calls into it.
};

/// What messages go through, as one configuration says it.
///
/// A change of the configuration makes another one. Each worker turns to it between two of its turns, in two steps: all
/// of them learn it before the first one admits messages by it (Worker::learn, Worker::admit_by), so that whatever one
/// worker sends to another is known there. Indices of roles, routes and bridges mean the same in all pipelines of a
/// broker: what has gone keeps its index.
///
/// Lifecycle: shared by whoever uses it, last by a call whose decision was put off.
/// Threads: immutable, once a worker has it.
struct Pipeline {
  /// Roles in all, since the start: what counts by role has this many places.
  static constexpr std::size_t kMostRoles = 64;

  Pipeline(std::vector<RouteTable::Role> roles, LimitsConfig limits_config)
      : routes(std::move(roles)), limits(std::move(limits_config)) {}

  std::uint64_t epoch = 0;  ///< Rises with every pipeline of a broker.
  RouteTable routes;
  ReplyPort reply;
  NoticesPort notices;
  std::vector<BridgePort> bridges;
  LimitsConfig limits;
};

}  // namespace omnibroker::core
