#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/handler.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/result.hpp>

namespace omnibroker {

/// Which messages of one type a session wants (abi.h, `omnibroker_subscription`).
struct Subscription {
  enum class SlowClients : omnibroker_slow_clients {
    AsRoute = OMNIBROKER_SLOW_AS_ROUTE,
    Conflate = OMNIBROKER_SLOW_CONFLATE,
    DropOldest = OMNIBROKER_SLOW_DROP_OLDEST,
    Disconnect = OMNIBROKER_SLOW_DISCONNECT,
  };
  /// A range of positions, in the order of the route's `position` fields; ends inclusive.
  struct Box {
    std::uint32_t dimensions = 2;
    std::array<double, 3> low{};
    std::array<double, 3> high{};
  };

  std::string id;
  std::string type;
  std::string key_glob;                      ///< Empty: every key.
  std::vector<Box> boxes;                    ///< None: everywhere.
  std::chrono::nanoseconds min_interval{0};  ///< 0: every message.
  SlowClients slow_clients = SlowClients::AsRoute;
};

/// Changes what the sender of a message gets. What changes begins behind the sender's ack.
///
/// Threads: the worker that calls the handler, during the call.
class Subscriptions {
 public:
  explicit Subscriptions(const Host& host)
      : table_(host.table<omnibroker_host_subscriptions_v1>(OMNIBROKER_HOST_SUBSCRIPTIONS)) {}

  /// The sender gets what this asks for, the latest messages first. The error's message is a sentence for the client.
  Status subscribe(Call& call, const Subscription& subscription) const {
    return with(subscription, [&](const omnibroker_subscription& raw, const omnibroker_sink* error) {
      return table_->subscribe(call.raw(), &raw, error);
    });
  }
  /// False where the sender has none with this id.
  bool unsubscribe(Call& call, std::string_view id) const {
    return table_ != nullptr && table_->unsubscribe(call.raw(), text(id)) == OMNIBROKER_OK;
  }
  /// Sends the latest messages that this would take, once.
  Status snapshot(Call& call, const Subscription& subscription) const {
    return with(subscription, [&](const omnibroker_subscription& raw, const omnibroker_sink* error) {
      return table_->snapshot(call.raw(), &raw, error);
    });
  }

 private:
  template <class Body>
  Status with(const Subscription& subscription, Body body) const {
    if (table_ == nullptr) return Error{ErrorCode::Unsupported, "This broker has no subscriptions"};
    std::vector<omnibroker_box> boxes;
    for (const auto& box : subscription.boxes) {
      boxes.push_back({sizeof(omnibroker_box),
                       box.dimensions,
                       {box.low[0], box.low[1], box.low[2]},
                       {box.high[0], box.high[1], box.high[2]}});
    }
    std::vector<const omnibroker_box*> pointers;
    for (const auto& box : boxes) pointers.push_back(&box);
    const omnibroker_subscription raw{sizeof(omnibroker_subscription),
                                      static_cast<omnibroker_slow_clients>(subscription.slow_clients),
                                      text(subscription.id),
                                      text(subscription.type),
                                      text(subscription.key_glob),
                                      static_cast<std::uint64_t>(subscription.min_interval.count()),
                                      pointers.data(),
                                      pointers.size()};
    std::string reason;
    const auto status = body(raw, StringSink(reason).get());
    if (status == OMNIBROKER_OK) return {};
    return Error{static_cast<ErrorCode>(status), reason};
  }

  const omnibroker_host_subscriptions_v1* table_;
};

}  // namespace omnibroker
