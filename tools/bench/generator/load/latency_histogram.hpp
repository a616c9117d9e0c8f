#pragma once

#include <array>
#include <cstdint>

namespace omnibroker::load {

/// Counts how long things took, in buckets so fine that a quantile is at most 0.8 % above the true one, for any span
/// from a nanosecond to centuries, in a fixed amount of memory. A value.
class LatencyHistogram {
 public:
  void record(std::uint64_t nanoseconds);
  void clear() { *this = {}; }

  std::uint64_t count() const { return count_; }
  std::uint64_t longest() const { return longest_; }

  /// The span that `share` (0 to 1) of what was recorded did not exceed; 0 where nothing was recorded.
  std::uint64_t quantile(double share) const;

 private:
  // Spans below 2^kFine have a bucket each; every power of two above is cut into 2^kFine equal buckets.
  static constexpr unsigned kFine = 7;
  static constexpr std::size_t kBuckets = (64 - kFine + 1) << kFine;

  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t longest_ = 0;
};

}  // namespace omnibroker::load
