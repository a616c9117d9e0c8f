#pragma once

#include <chrono>
#include <cstdint>

namespace omnibroker::plugins::websocket {

/// Counts frames against a rate: a token bucket that holds one second's worth. The clock is read only when the bucket
/// is empty, so that a peer within its rate costs a decrement.
///
/// Threads: one at a time.
class FrameRate {
 public:
  /// 0: no limit.
  explicit FrameRate(std::uint64_t per_second) : per_second_(per_second), left_(per_second) {}

  /// Takes one frame. `clock()` answers a monotonic time. False: over the rate.
  template <class Clock>
  bool admit(Clock&& clock) {
    if (per_second_ == 0) return true;
    if (left_ == 0) refill(clock());
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  /// When counting begins: a bucket is full then.
  void start(std::chrono::nanoseconds now) { filled_at_ = now; }

 private:
  void refill(std::chrono::nanoseconds now) {
    using std::chrono::nanoseconds;
    constexpr std::uint64_t second = 1'000'000'000;
    const auto elapsed = static_cast<std::uint64_t>((now - filled_at_).count());
    if (elapsed >= second) {
      left_ = per_second_;
      filled_at_ = now;
      return;
    }
    left_ = elapsed * per_second_ / second;
    // Only the time that became whole tokens is spent.
    filled_at_ += nanoseconds(static_cast<std::int64_t>(left_ * second / per_second_));
  }

  std::uint64_t per_second_;
  std::uint64_t left_;
  std::chrono::nanoseconds filled_at_{0};
};

}  // namespace omnibroker::plugins::websocket
