// The part of a worker that tells clients to go, each when its turn has come.

#include "runtime/departure.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kAtATime = 256;  // in one tick of the timers: 32,000 a second

bool is_served(const Connection& connection, std::string_view name) {
  if (connection.is_closing()) return false;
  return name.empty() || (connection.endpoint() != nullptr && connection.endpoint()->name == name);
}

/// Who has been told, or goes for another reason, is not told again.
bool is_to_be_told(const Connection& connection, std::string_view name) {
  return !connection.is_going() && is_served(connection, name);
}

}  // namespace

std::vector<std::uint64_t> Worker::staying_connections(std::string_view name) const {
  std::vector<std::uint64_t> all;
  for (const auto& [id, connection] : connections_) {
    if (is_to_be_told(*connection, name)) all.push_back(id);
  }
  return all;
}

void Worker::send_off(std::shared_ptr<Departure> departure, std::vector<Departure::Turn> turns) {
  auto& sending =
      *sending_off_.emplace_back(std::make_unique<SendingOff>(*this, std::move(departure), std::move(turns)));
  send_off_next(sending);
}

void Worker::send_off_next(SendingOff& sending) {
  auto& departure = *sending.departure;
  const auto& turns = sending.turns;
  const bool goes_on = departure.ended() == Departure::End::None;
  for (std::size_t told = 0; goes_on && sending.next < turns.size(); ++sending.next) {
    const auto& turn = turns[sending.next];
    auto* connection = find_connection(turn.connection);
    const bool waits = connection != nullptr && is_to_be_told(*connection, departure.name);
    if (waits && (turn.at > now_ || told == kAtATime)) {
      return timers_.arm(sending, std::max(turn.at, now_ + TimerWheel::kTick));
    }
    departure.count_turn();
    if (!waits) continue;
    tell_to_go({connection});
    departure.count_told();
    ++told;
  }
  departure.worker_is_done();
  sending.over = true;
  // Not now: it may be its own timer that is being run.
  post([](Worker& worker) { std::erase_if(worker.sending_off_, [](const auto& one) { return one->over; }); });
}

void Worker::drop_ended_departures() {
  std::erase_if(sending_off_, [](const auto& one) { return one->departure->ended() != Departure::End::None; });
}

std::size_t Worker::tell_those_left(Departure& departure) {
  if (departure.ended() != Departure::End::None) return 0;
  for (const auto id : staying_connections(departure.name)) {
    tell_to_go({find_connection(id)});
    departure.count_told();
  }
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [&](const auto& entry) {
    return is_served(*entry.second, departure.name);
  }));
}

}  // namespace omnibroker::core
