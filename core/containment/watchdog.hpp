#pragma once

#include "containment/call_watch.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace omnibroker::core {

class Log;
class Metrics;

/// A thread that reports calls into components which do not come back within a deadline: one line in the log and one
/// more in `calls_late_total`, and another line when the call has come back. It ends nothing.
///
/// Lifecycle: watches from its making to its end; `log` and `metrics` outlive it. Threads: one.
class Watchdog {
 public:
  /// `deadline`: zero, and nothing is watched.
  Watchdog(Log& log, Metrics& metrics, std::chrono::nanoseconds deadline);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void run();
  void report(const CallWatch::Event& event);

  Log& log_;
  Metrics& metrics_;
  const CallWatch::Clock::duration deadline_;
  const CallWatch::Clock::duration pause_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace omnibroker::core
