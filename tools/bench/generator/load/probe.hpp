#pragma once

#include "latency_histogram.hpp"
#include "update_layout.hpp"

#include <cstdint>
#include <vector>

namespace omnibroker::load {

/// The measured span of a run, on the run's own clock: nanoseconds since it began.
struct MeasuredSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Which objects and numbers a run's publishers use: object `i` belongs to publisher `i % publishers`, which sends its
/// objects in turn, each message with the next number, from 1. A value.
struct Numbering {
  std::uint64_t prims = 1;
  std::uint64_t publishers = 1;

  /// How many objects the publisher of `prim` has: the distance between two numbers of one object.
  std::uint64_t stride(std::uint64_t prim) const {
    const auto publisher = prim % publishers;
    return (prims - publisher + publishers - 1) / publishers;
  }
  std::uint64_t first(std::uint64_t prim) const { return prim / publishers + 1; }
};

/// Looks at every update that one client gets: whether each object's numbers follow each other, and how long it took.
///
/// Latencies go into a histogram that probes share; only those of messages that were sent in the measured span.
/// Threads: one.
class Probe {
 public:
  /// `latencies` and `span` outlive it; without `latencies` only the order is looked at.
  Probe(const UpdateLayout& layout, Numbering numbering, LatencyHistogram* latencies, const MeasuredSpan& span);

  /// `update`: the message's first byte; `now` on the run's clock.
  void see(const char* update, std::uint64_t now);

  std::uint64_t lost() const { return lost_; }              ///< Numbers that were skipped.
  std::uint64_t duplicated() const { return duplicated_; }  ///< The same number as just before.
  std::uint64_t reordered() const { return reordered_; }    ///< A lower number than before.
  std::uint64_t strange() const { return strange_; }        ///< Objects or numbers that were never sent.

  /// From now on, waits for at least these numbers, one for each object (0: none is needed).
  void await(std::vector<std::uint64_t> numbers);
  bool has_awaited() const { return missing_ == 0; }

 private:
  void tick_off(std::uint64_t prim, std::uint64_t number);

  const UpdateLayout& layout_;
  const Numbering numbering_;
  LatencyHistogram* const latencies_;
  const MeasuredSpan& span_;
  std::vector<std::uint64_t> next_;  // the number that each object should have next
  std::vector<std::uint64_t> awaited_;
  std::uint64_t missing_ = 0;
  std::uint64_t lost_ = 0, duplicated_ = 0, reordered_ = 0, strange_ = 0;
};

}  // namespace omnibroker::load
