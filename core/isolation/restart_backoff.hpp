#pragma once

#include <algorithm>
#include <chrono>

namespace omnibroker::core {

/// How long to wait before a process that has ended is started again: not at all, then 100 ms, and twice as long each
/// time up to 30 s. Forgotten once it has served for ten seconds.
///
/// Threads: a value.
class RestartBackoff {
 public:
  static constexpr std::chrono::milliseconds kFirst{100};
  static constexpr std::chrono::milliseconds kMost{30'000};
  static constexpr std::chrono::seconds kServedLongEnough{10};

  /// It has ended, having served for this long; 0 where it did not come to serve.
  std::chrono::milliseconds next(std::chrono::nanoseconds served) {
    if (served >= kServedLongEnough) wait_ = {};
    const auto now = wait_;
    wait_ = std::clamp(wait_ * 2, kFirst, kMost);
    return now;
  }

 private:
  std::chrono::milliseconds wait_{0};
};

}  // namespace omnibroker::core
