#pragma once

#include <atomic>
#include <chrono>

namespace omnibroker::tools {

/// The signals that end or disturb the broker, taken by one thread that waits for them, so that no handler interrupts
/// anything.
///
/// Lifecycle: made before any other thread, which then inherits what is blocked; SIGPIPE is ignored from then on.
/// Threads: `wait` from one thread; `work_is_done` from any.
class StopSignals {
 public:
  StopSignals();

  enum class Event { Stop, Reload, WorkIsDone, DeadlinePassed };
  struct Happened {
    Event event;
    const char* signal = "";  ///< "SIGTERM", where it was one.
  };

  /// Waits for SIGTERM or SIGINT (Stop), SIGHUP (Reload), or for `work_is_done`.
  Happened wait();
  /// The same, at most until `deadline`.
  Happened wait_until(std::chrono::steady_clock::time_point deadline);

  /// Lets a moment pass, and with it every signal that asks for the same again: `timeout` and some supervisors signal
  /// the process and then its group, which is one request and not two.
  void settle();

  /// Ends the present `wait`, or the next one.
  void work_is_done();

 private:
  Happened take(const std::chrono::nanoseconds* timeout);

  const int thread_id_;
  std::atomic<bool> done_{false};
};

}  // namespace omnibroker::tools
