#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace omnibroker::core {

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

}  // namespace omnibroker::core
