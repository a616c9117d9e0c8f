#pragma once

#include "beast.hpp"
#include "config.hpp"
#include "upgrade.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::websocket_beast {

/// Why this end closes a connection (RFC 6455, 7.4, and the IANA registry).
enum class CloseCode : std::uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  ProtocolError = 1002,
  InvalidPayload = 1007,
  PolicyViolation = 1008,
  TooBig = 1009,
  InternalError = 1011,
  ServiceRestart = 1012,
};

/// What is counted, under the same names as by the component type `websocket`. Threads: any.
class Counters {
 public:
  explicit Counters(const Host& host);

  void refused(Reason reason) const { refused_[static_cast<std::size_t>(reason)].add(); }
  void closed(CloseCode code) const;

  Metric accepted, compression_agreed, frames, compressed_messages, compressed_saved, compressors_made;

 private:
  std::array<Metric, 5> refused_;  // by Reason
  Metric protocol_error_, invalid_payload_, policy_, too_big_, unanswered_;
};

/// Compressors that nobody uses now, at most 64 of them. Threads: any.
template <class Machine>
class Shelf {
 public:
  static constexpr std::size_t kMost = 64;

  /// Nothing: it is empty.
  std::unique_ptr<Machine> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto machine = std::move(idle_.back());
    idle_.pop_back();
    return machine;
  }
  void put(std::unique_ptr<Machine> machine) {
    machine->trim();
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMost) idle_.push_back(std::move(machine));
  }

 private:
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Machine>> idle_;
};

/// What the connections of one transport have in common. Outlives them.
///
/// Threads: any.
struct Shared {
  Shared(const Host& component_host, const Config& initial);

  Host host;
  Counters counters;
  CurrentConfig config;
  StreamContext streams;
  Shelf<Inflater> inflaters;
  std::array<Shelf<Deflater>, 7> deflaters;  // by window, from 9 bits
  const std::uint64_t max_message;           // 0: any
  const std::uint64_t frames_per_second;     // 0: any
};

}  // namespace omnibroker::plugins::websocket_beast
