#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace omnibroker::core {

class TimerWheel;

/// Something that happens once, at a time. Embedded in what it belongs to; unlinks itself when that dies.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { cancel(); }

  bool armed() const { return next_ != nullptr; }
  void cancel();

 protected:
  virtual void expired() = 0;

 private:
  friend class TimerWheel;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  std::uint64_t tick_ = 0;
};

/// Timers of one worker: arming and cancelling cost a few pointer writes, whatever their number, because every idle
/// connection has one and nearly none of them ever fires.
///
/// Fires up to one tick (8 ms) late, never early.
/// Threads: one.
class TimerWheel {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kTick{8};

  explicit TimerWheel(Clock::time_point now);
  ~TimerWheel();

  /// Arms `timer`, or arms it anew.
  void arm(Timer& timer, Clock::time_point at);

  /// Runs what is due.
  void advance(Clock::time_point now);

  /// How long the loop may sleep; -1 ms where nothing is armed. May be shorter than the next timer (it looks at slots).
  std::chrono::milliseconds until_next(Clock::time_point now) const;

 private:
  static constexpr std::size_t kSlots = 8'192;  // about 65 s a turn; longer timers go round again

  struct List final : Timer {
    List();
    void expired() override {}
    void clear();
  };

  std::uint64_t tick_of(Clock::time_point at) const;
  void link(Timer& timer);

  Clock::time_point origin_;
  std::uint64_t current_ = 0;
  std::vector<List> slots_;
  mutable std::array<std::uint64_t, kSlots / 64> occupied_{};  // a set bit may be stale; a clear one never is
};

}  // namespace omnibroker::core
