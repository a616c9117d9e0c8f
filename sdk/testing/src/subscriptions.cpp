// The tables about what a session gets and what it got last: subscriptions and latest messages.

#include "state.hpp"

#include <chrono>
#include <optional>
#include <vector>

#include <omnibroker/result.hpp>
#include <omnibroker/testing/fake_call.hpp>

namespace omnibroker::testing::detail {
namespace {

FakeCall& call_of(omnibroker_call* raw) { return *reinterpret_cast<FakeCall*>(raw); }

Subscription copy(const omnibroker_subscription& raw) {
  Subscription subscription;
  subscription.id = view(raw.id);
  subscription.type = view(raw.type);
  subscription.key_glob = view(raw.key_glob);
  for (std::size_t i = 0; i < raw.box_count; ++i) {
    const auto& box = *raw.boxes[i];
    subscription.boxes.push_back(
        {box.dimensions, {box.low[0], box.low[1], box.low[2]}, {box.high[0], box.high[1], box.high[2]}});
  }
  subscription.min_interval = std::chrono::nanoseconds(raw.min_interval_ns);
  subscription.slow_clients = static_cast<Subscription::SlowClients>(raw.slow_clients);
  return subscription;
}

omnibroker_status answer(const FakeCall& call, const omnibroker_sink* error) {
  if (call.subscription_status != OMNIBROKER_OK) Sink(error).append(call.subscription_refusal);
  return call.subscription_status;
}

constexpr omnibroker_host_subscriptions_v1 kSubscriptions{
    sizeof(omnibroker_host_subscriptions_v1),
    [](omnibroker_call* call, const omnibroker_subscription* subscription, const omnibroker_sink* error) {
      call_of(call).subscribed.push_back(copy(*subscription));
      return answer(call_of(call), error);
    },
    [](omnibroker_call* call, omnibroker_text id) {
      call_of(call).unsubscribed.emplace_back(view(id));
      return answer(call_of(call), nullptr);
    },
    [](omnibroker_call* call, const omnibroker_subscription* subscription, const omnibroker_sink* error) {
      call_of(call).snapshots.push_back(copy(*subscription));
      return answer(call_of(call), error);
    }};

/// One latest message, copied: no lock may be held while a component looks at it.
struct Kept {
  std::string key;
  std::string payload;
  std::int64_t age = 0;
};

/// What is kept of a type from `first` on, in the order of the keys; nothing where no route keeps it.
std::optional<std::vector<Kept>> kept(omnibroker_connection* raw, std::string_view type, std::string_view first) {
  auto& connection = ConnectionState::of(raw);
  auto& host = connection.host;
  const std::lock_guard lock(host.mutex);
  if (!connection.live) host.violations.push_back("latest messages were read on a connection whose request was over");
  const auto of_type = host.latest.find(type);
  if (of_type == host.latest.end()) return std::nullopt;
  std::vector<Kept> found;
  for (auto at = of_type->second.lower_bound(first); at != of_type->second.end(); ++at) {
    found.push_back({at->first, at->second.payload, host.now.load() - at->second.since});
  }
  return found;
}

int show(const Kept& message, void* context, int (*visit)(void*, const omnibroker_latest*)) {
  const omnibroker_latest latest{sizeof(omnibroker_latest), text(message.key), text(message.payload),
                                 static_cast<std::uint64_t>(message.age)};
  return visit(context, &latest);
}

omnibroker_status get(omnibroker_connection* raw, omnibroker_text type, omnibroker_text key, void* context,
                      int (*visit)(void*, const omnibroker_latest*)) {
  const auto found = kept(raw, view(type), view(key));
  if (!found || found->empty() || found->front().key != view(key)) return OMNIBROKER_NOT_FOUND;
  show(found->front(), context, visit);
  return OMNIBROKER_OK;
}

omnibroker_status list(omnibroker_connection* raw, omnibroker_text type, omnibroker_text prefix, omnibroker_text after,
                       void* context, int (*visit)(void*, const omnibroker_latest*)) {
  const auto found = kept(raw, view(type), view(prefix));
  if (!found) return OMNIBROKER_NOT_FOUND;
  for (const auto& message : *found) {
    if (!message.key.starts_with(view(prefix))) break;
    if (message.key > view(after) && show(message, context, visit) == 0) break;
  }
  return OMNIBROKER_OK;
}

constexpr omnibroker_host_latest_v1 kLatest{sizeof(omnibroker_host_latest_v1), get, list};

}  // namespace

const void* subscription_table() { return &kSubscriptions; }
const void* latest_table() { return &kLatest; }

}  // namespace omnibroker::testing::detail
