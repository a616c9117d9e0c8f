#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace omnibroker::core {

/// The departure of clients that are told to go, each when its turn has come: those of the whole broker, or of one
/// transport or service.
///
/// Each worker tells its own. Who has left by then is left out. It can be called off; who has been told stays told.
///
/// Lifecycle: shared by the workers and whoever asked for it.
/// Threads: any.
class Departure {
 public:
  using Clock = std::chrono::steady_clock;

  /// When a connection is told.
  struct Turn {
    std::uint64_t connection = 0;
    Clock::time_point at{};
  };
  enum class End {
    None,       ///< It goes on.
    Finished,   ///< Nobody waits for more.
    Undone,     ///< Those who have not been told stay.
    TakenOver,  ///< Another one tells the rest.
  };

  /// `of`: whose clients, as `transports.realtime`; empty: everybody. `left`: how many have a turn.
  Departure(std::string of, std::chrono::milliseconds in_all, std::size_t left, std::size_t workers)
      : name(std::move(of)), over(in_all), left_(left), busy_workers_(workers) {}

  const std::string name;
  const std::chrono::milliseconds over;

  std::size_t told() const { return told_.load(); }
  /// Their turn has not come.
  std::size_t left() const { return left_.load(); }
  /// Somebody is still to be told.
  bool is_under_way() const {
    const std::lock_guard lock(mutex_);
    return end_ == End::None && busy_workers_ > 0;
  }
  End ended() const {
    const std::lock_guard lock(mutex_);
    return end_;
  }
  /// False: it had ended before, and is as it was.
  bool end(End how) {
    const std::lock_guard lock(mutex_);
    if (end_ != End::None) return false;
    end_ = how;
    changed_.notify_all();
    return true;
  }
  /// At most so long. False: somebody is still to be told.
  bool wait_until_told(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return end_ != End::None || busy_workers_ == 0; });
  }
  /// At most so long. Answers whether it has ended.
  bool wait_until_ended(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return end_ != End::None; });
  }

  // For workers.
  void count_told() { ++told_; }
  void count_turn() { --left_; }
  void worker_is_done() {
    const std::lock_guard lock(mutex_);
    --busy_workers_;
    changed_.notify_all();
  }

 private:
  std::atomic<std::size_t> told_{0};
  std::atomic<std::size_t> left_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t busy_workers_;  // guarded by mutex_
  End end_ = End::None;       // guarded by mutex_
};

}  // namespace omnibroker::core
