#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace omnibroker::core {

/// The newest message of each key, for those who join later.
///
/// Bounded in number: past it the key that was updated longest ago goes, and is counted. Bounded in age, where asked
/// for. Threads: one; each worker keeps its own, so that what a joiner gets fits exactly to the log it joins.
class LatestValues {
 public:
  using Clock = std::chrono::steady_clock;

  LatestValues(std::size_t most, Clock::duration max_age) : most_(most), max_age_(max_age) {}

  void put(std::string_view key, std::string_view message, Clock::time_point now);

  /// Each message that is not too old, the one updated longest ago first.
  void each(Clock::time_point now, const std::function<void(std::string_view message)>& visit);

  std::size_t size() const { return index_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  struct Entry {
    std::string key;
    std::string message;
    Clock::time_point updated;
  };

  void drop_oldest();

  std::size_t most_;
  Clock::duration max_age_;
  std::list<Entry> entries_;                                                // by time of update
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;  // keys lie in the entries
  std::uint64_t evicted_ = 0;
};

}  // namespace omnibroker::core
