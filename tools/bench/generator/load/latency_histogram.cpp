#include "latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace omnibroker::load {

std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
  if (value < (1u << kFine)) return value;
  const auto power = static_cast<unsigned>(std::bit_width(value)) - 1;  // at least kFine
  const auto step = (value >> (power - kFine)) & ((1u << kFine) - 1);
  return ((power - kFine + 1) << kFine) + step;
}

std::uint64_t LatencyHistogram::end_of(std::size_t bucket) {
  if (bucket < (1u << kFine)) return bucket;
  const auto shift = (bucket >> kFine) - 1;
  const auto first = ((std::uint64_t{1} << kFine) + (bucket & ((1u << kFine) - 1))) << shift;
  return first + ((std::uint64_t{1} << shift) - 1);
}

void LatencyHistogram::record(std::uint64_t nanoseconds) {
  ++counts_[bucket_of(nanoseconds)];
  ++count_;
  longest_ = std::max(longest_, nanoseconds);
}

std::uint64_t LatencyHistogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= std::max<std::uint64_t>(wanted, 1)) return std::min(end_of(bucket), longest_);
  }
  return longest_;
}

}  // namespace omnibroker::load
