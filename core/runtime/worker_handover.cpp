// The part of a worker that moves its connections and sessions to another generation of a transport.

#include "runtime/endpoint.hpp"
#include "runtime/handover.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kAtOnce = 16;  // in one tick of the timers: 2,000 a second
constexpr unsigned kTries = 20;      // that a busy one is waited for
constexpr std::chrono::milliseconds kBetweenTries{50};
constexpr std::chrono::milliseconds kBetweenLateTries{1000};

}  // namespace

void Worker::hand_over(std::shared_ptr<Handover> handover) {
  auto& moving = *moving_.emplace_back(std::make_unique<MovingOn>(*this, std::move(handover)));
  begin_round(moving);
  move_on(moving);
}

void Worker::begin_round(MovingOn& moving) {
  ++moving.round;
  moving.busy = 0;
  std::erase_if(moving.staying, [this](std::uint64_t id) { return find_connection(id) == nullptr; });
  moving.left.clear();
  for (const auto& [id, connection] : connections_) {
    const bool concerned = connection->endpoint() == &moving.handover->from;
    if (concerned && !moving.staying.contains(id)) moving.left.push_back(id);
  }
}

void Worker::move_on(MovingOn& moving) {
  auto& handover = *moving.handover;
  if (handover.abandoned()) return end_moving(moving);
  const bool patient = moving.round <= kTries;
  for (std::size_t i = 0; i < kAtOnce && !moving.left.empty(); ++i) {
    const auto id = moving.left.back();
    moving.left.pop_back();
    auto* connection = find_connection(id);
    if (connection == nullptr) continue;
    const auto begun = Clock::now();
    const auto result =
        connection->hand_over(handover, patient ? Connection::Patience::Left : Connection::Patience::Gone);
    handover.count(result, Clock::now() - begun);
    if (result == Handover::Result::Busy) ++moving.busy;
    if (result == Handover::Result::Unsupported || result == Handover::Result::Refused) moving.staying.insert(id);
  }
  if (!moving.left.empty()) return timers_.arm(moving, now_ + TimerWheel::kTick);
  if (moving.busy > 0 && patient) {
    begin_round(moving);
    return timers_.arm(moving, now_ + kBetweenTries);
  }
  move_sessions(handover);
  if (!std::exchange(moving.told, true)) handover.worker_is_done();
  // As long as one is left anywhere: it may be on its way from another worker to this one.
  const bool over = handover.done() && handover.from.exchanges.load(std::memory_order_acquire) == 0;
  if (over) return end_moving(moving);
  begin_round(moving);
  timers_.arm(moving, now_ + (handover.done() ? kBetweenLateTries : kBetweenTries));
}

/// Those without a connection, and those whose connection belongs to another transport.
void Worker::move_sessions(const Handover& handover) {
  for (const auto& [number, session] : sessions_) {
    const bool stays = session->receiver != nullptr && session->receiver->endpoint() == &handover.from;
    if (session->endpoint == &handover.from && !stays) use_endpoint(*session, handover.to, session->variant);
  }
}

void Worker::use_endpoint(Session& session, Endpoint& endpoint, std::uint32_t variant) {
  session.endpoint = &endpoint;
  session.variant = variant;
  if (session.audience != nullptr) fanout_.change_audience(session);
}

void Worker::end_moving(MovingOn& moving) {
  if (!std::exchange(moving.told, true)) moving.handover->worker_is_done();
  moving.cancel();
  // Not now: it may be its own timer that is being run.
  moving.over = true;
  post([](Worker& worker) { std::erase_if(worker.moving_, [](const auto& one) { return one->over; }); });
}

void Worker::forget(const Endpoint& endpoint) {
  std::erase_if(moving_, [&](const auto& one) {
    const bool of_it = &one->handover->from == &endpoint || &one->handover->to == &endpoint;
    if (of_it && !std::exchange(one->told, true)) one->handover->worker_is_done();
    return of_it;
  });
  fanout_.forget(endpoint);
}

bool Worker::uses(const Endpoint& endpoint) const {
  const auto used = [&](const auto& entry) { return entry.second->endpoint() == &endpoint; };
  const auto encodes = [&](const auto& entry) {
    const auto* audience = entry.second->audience;
    return entry.second->endpoint == &endpoint || (audience != nullptr && audience->encoded.endpoint == &endpoint);
  };
  return std::any_of(connections_.begin(), connections_.end(), used) ||
         std::any_of(sessions_.begin(), sessions_.end(), encodes);
}

}  // namespace omnibroker::core
