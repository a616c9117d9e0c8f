#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace omnibroker::core {

struct Endpoint;

/// The move of everything that uses one generation of a transport to another one.
///
/// Each worker moves its own connections, a few at a time, each within one turn: the old generation writes down what it
/// knows of the connection, the new one reads it, and from then on has it. Sessions, what is queued for them and their
/// subscriptions are the core's and stay where they are. A connection that cannot move stays with the old generation,
/// which goes on serving it.
///
/// Lifecycle: shared by the workers and whoever asked for it.
/// Threads: any.
class Handover {
 public:
  Handover(Endpoint& old_generation, Endpoint& new_generation, std::size_t workers)
      : from(old_generation), to(new_generation), busy_workers_(workers) {}

  Endpoint& from;
  Endpoint& to;

  enum class Result {
    Moved,
    Busy,         ///< In the middle of something that cannot be written down; ask again.
    Unsupported,  ///< The old generation cannot give it away.
    Refused,      ///< The new generation cannot take it.
    NotConcerned,
  };

  struct Counts {
    std::size_t moved = 0;
    std::size_t unsupported = 0;
    std::size_t refused = 0;
  };
  Counts counts() const { return {moved_.load(), unsupported_.load(), refused_.load()}; }
  /// Every worker has gone through its connections, and asked the busy ones again as often as is worth it.
  bool done() const { return busy_workers_.load() == 0; }
  /// Waits until it is done, at most so long. Answers whether it is.
  bool wait_until_done(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, most, [this] { return done(); });
  }
  /// Why a connection was refused, the first time. Empty: none was.
  std::string first_refusal() const {
    const std::lock_guard lock(mutex_);
    return first_refusal_;
  }
  /// How long each connection that has moved stood still.
  std::vector<std::chrono::nanoseconds> freezes() const {
    const std::lock_guard lock(mutex_);
    return freezes_;
  }

  /// Nobody goes on with it: another one has taken its place.
  void abandon() { abandoned_ = true; }
  bool abandoned() const { return abandoned_.load(); }

  // For workers.
  void count(Result result, std::chrono::nanoseconds freeze) {
    if (result == Result::Moved) ++moved_;
    if (result == Result::Unsupported) ++unsupported_;
    if (result == Result::Refused) ++refused_;
    const std::lock_guard lock(mutex_);
    if (result == Result::Moved && freezes_.size() < kMostFreezes) freezes_.push_back(freeze);
  }
  void note_refusal(std::string reason) {
    const std::lock_guard lock(mutex_);
    if (first_refusal_.empty()) first_refusal_ = std::move(reason);
  }
  void worker_is_done() {
    const std::lock_guard lock(mutex_);
    --busy_workers_;
    changed_.notify_all();
  }

 private:
  static constexpr std::size_t kMostFreezes = 100'000;

  std::atomic<std::size_t> moved_{0};
  std::atomic<std::size_t> unsupported_{0};
  std::atomic<std::size_t> refused_{0};
  std::atomic<std::size_t> busy_workers_;
  std::atomic<bool> abandoned_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string first_refusal_;                      // guarded by mutex_
  std::vector<std::chrono::nanoseconds> freezes_;  // guarded by mutex_
};

}  // namespace omnibroker::core
