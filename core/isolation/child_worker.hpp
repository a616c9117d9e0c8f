#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace omnibroker::core {

/// A thread that runs what it is given in order, and timers when they are due.
///
/// Lifecycle: `stop`, or the destructor, waits for what has begun; what has not never runs.
/// Threads: any.
class ChildWorker {
 public:
  using Clock = std::chrono::steady_clock;
  using Job = std::function<void()>;
  static constexpr std::size_t kMostTimers = 65'536;

  ChildWorker();
  ChildWorker(const ChildWorker&) = delete;
  ChildWorker& operator=(const ChildWorker&) = delete;
  ~ChildWorker();

  void post(Job job);
  /// A handle for `cancel`; 0 when there are too many timers.
  std::uint64_t after(std::chrono::nanoseconds time, Job job);
  /// False where it runs, has run, or is unknown.
  bool cancel(std::uint64_t timer);
  void forget_timers();
  void stop();

 private:
  void serve();
  /// The next thing to do; none: wait.
  Job next(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;  // guarded by mutex_, like all to the next line
  std::map<std::pair<Clock::time_point, std::uint64_t>, Job> timers_;
  std::map<std::uint64_t, Clock::time_point> due_;  // by handle
  std::uint64_t last_timer_ = 0;
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace omnibroker::core
