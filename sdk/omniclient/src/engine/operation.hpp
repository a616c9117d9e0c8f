#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <vector>

namespace omniclient {

/// One piece of work of a provider, as the provider sees it: whether somebody still wants it, and how far it is.
///
/// Threads: every method from every thread. Functions given to `on_cancel` run on the thread that cancels, with no lock
/// held, and only once.
class Operation {
 public:
  bool cancelled() const;

  /// Runs at once where it has been cancelled already.
  void on_cancel(std::function<void()> function);
  void cancel();
  /// How many functions wait for that.
  std::size_t cancel_functions() const;

  /// What is asked for is to be as it is now: nothing of what was known before counts.
  void look_anew() { looks_anew_ = true; }
  bool looks_anew() const { return looks_anew_; }

  /// In percent; for those who watch how far files are.
  void progress(int percentage);
  void on_progress(std::function<void(int)> function);

  /// What is called when it has ended for good. False where there is such a function already.
  bool on_end(std::function<void()> function);
  void end();

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> looks_anew_{false};
  bool cancelled_ = false;
  int percentage_ = 0;
  std::vector<std::function<void()>> on_cancel_;
  std::function<void(int)> on_progress_;
  std::function<void()> on_end_;
};

}  // namespace omniclient
