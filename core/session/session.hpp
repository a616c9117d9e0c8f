#pragma once

#include "session/outbound_log.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class Connection;
struct Audience;
struct Endpoint;

/// How much a session may still send now: refilled evenly, holding one second's worth at most.
class TokenBucket {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes one token; false when there is none. `per_second` 0: no limit.
  bool take(std::uint32_t per_second, Clock::time_point now) {
    if (per_second == 0) return true;
    const double rate = per_second;
    if (refilled_ == Clock::time_point{}) {
      tokens_ = rate;
    } else {
      tokens_ = std::min(rate, tokens_ + rate * std::chrono::duration<double>(now - refilled_).count());
    }
    refilled_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double tokens_ = 0;
  Clock::time_point refilled_{};
};

/// What one client has before the stream of its audience: the last values at the time it joined, or was conflated.
struct Snapshot {
  OutboundLog log;
  OutboundLog::Cursor cursor;  // declared behind the log: leaves it first
};

/// One connected client: what the broker knows of it, whatever transport it uses and whichever connection it has.
///
/// Lives on its worker (`number` says which), and is reached from elsewhere by number only.
/// Lifecycle: opened by a transport; registered at most once; every opened session is closed exactly once.
/// Threads: its worker.
struct Session {
  omnibroker_session number = 0;
  std::string client_id;
  std::string key;  ///< Of a detached session; empty for one that ends with its connection.
  int role = -1;    ///< Index into the route table's roles; -1: not registered.
  bool detached = false;
  Endpoint* endpoint = nullptr;    ///< The transport that encodes for it. Null for a bridge.
  Connection* receiver = nullptr;  ///< The connection that carries what it gets.
  Audience* audience = nullptr;    ///< What it is a member of, once registered.
  std::size_t member_index = 0;    ///< Its place among the audience's members.
  std::unique_ptr<Snapshot> snapshot;
  OutboundLog::Cursor cursor;
  std::string answers;  ///< Encoded, waiting for a receiver.
  TokenBucket rate;
  std::chrono::steady_clock::time_point opened{};
  std::chrono::steady_clock::time_point last_used{};
  std::uint64_t dropped = 0;  ///< Messages that it did not get because it read too slowly.
};

/// The worker that a session lives on is part of its number.
constexpr unsigned kWorkerBits = 8;
inline unsigned worker_of(omnibroker_session number) {
  return static_cast<unsigned>(number & ((1u << kWorkerBits) - 1));
}

}  // namespace omnibroker::core
