#pragma once

#include <chrono>
#include <functional>
#include <string_view>

#include <omnibroker/abi.h>
#include <omnibroker/host.hpp>
#include <omnibroker/result.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker {

/// The latest message of one key. A view: valid during the call that passes it.
struct Latest {
  std::string_view key;
  std::string_view payload;  ///< As it was delivered.
  std::chrono::nanoseconds age{0};
};

/// Reads the latest message of each key, of routes with `latest_by`.
///
/// Threads: the worker of the connection that is passed.
class LatestMessages {
 public:
  /// What to do with one of them; false: no more. Must not call the host.
  using Visit = std::function<bool(const Latest&)>;

  explicit LatestMessages(const Host& host) : table_(host.table<omnibroker_host_latest_v1>(OMNIBROKER_HOST_LATEST)) {}

  /// False where there is none, or no route of this type keeps them.
  bool get(const Connection& connection, std::string_view type, std::string_view key, const Visit& visit) const {
    if (table_ == nullptr) return false;
    return table_->get(connection.raw(), text(type), text(key), context_of(visit), crossing) == OMNIBROKER_OK;
  }

  /// Those whose key begins with `prefix` and comes behind `after`, in the order of the keys' bytes. False where no
  /// route of this type keeps them.
  bool list(const Connection& connection, std::string_view type, std::string_view prefix, std::string_view after,
            const Visit& visit) const {
    if (table_ == nullptr) return false;
    return table_->list(connection.raw(), text(type), text(prefix), text(after), context_of(visit), crossing) ==
           OMNIBROKER_OK;
  }

 private:
  static void* context_of(const Visit& visit) { return const_cast<Visit*>(&visit); }
  static int crossing(void* context, const omnibroker_latest* latest) {
    try {
      const auto& visit = *static_cast<const Visit*>(context);
      return visit({view(latest->key), view(latest->payload), std::chrono::nanoseconds(latest->age_ns)}) ? 1 : 0;
    } catch (...) {
      return 0;  // out of memory: what was visited is all there is
    }
  }

  const omnibroker_host_latest_v1* table_;
};

}  // namespace omnibroker
