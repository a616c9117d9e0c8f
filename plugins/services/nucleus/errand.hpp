#pragma once

#include <functional>
#include <memory>
#include <mutex>

namespace omnibroker::plugins::nucleus {

/// Something that is done now and then, when somebody has asked for it: by one thread at a time, and once for all who
/// have asked before it began.
///
/// Lifecycle: outlives its runs; a run that never begins is forgotten, and what was asked for with it is not.
/// Threads: any.
class Errand {
 public:
  /// Runs work on a thread that may block; false: it cannot, and the work is destroyed.
  using Run = std::function<bool(std::function<void()>)>;

  Errand(Run run, std::function<void()> body) : run_(std::move(run)), body_(std::move(body)) {}
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  /// It will be done, behind this call. Does not wait. May be called by what is done, which then comes again.
  void ask();
  /// Tries again where no thread was free. To be called once in a while.
  void go_on();

 private:
  class Turn;
  void begin();
  void carry_out();
  void not_begun();

  const Run run_;
  const std::function<void()> body_;
  std::mutex mutex_;
  bool asked_ = false;    // guarded by mutex_, as the next one
  bool working_ = false;  // it is queued, or being done
};

}  // namespace omnibroker::plugins::nucleus
