#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::nucleus {

/// Runs work that waits for the disk, on threads that the host lends.
///
/// Lifecycle: outlives its work, since the host does not stop a component while it has some. Threads: any.
class Pool {
 public:
  explicit Pool(const Host& host);

  /// False: too much is queued, or the component ends; then `work` never runs. It must not throw: what it throws all
  /// the same is logged and dropped.
  bool run(std::function<void()> work);
  /// The same for work that nobody would ask for again: where too much is queued it waits for its turn, until the
  /// component ends.
  void run_in_time(std::function<void()> work);
  /// Lets what waits try again. To be called once in a while.
  void go_on();
  /// Destroys what has not begun. The component has stopped: nothing of it is called any more.
  void drop_waiting();

 private:
  struct Work {
    Pool* pool = nullptr;
    std::function<void()> run;
  };
  static void enter(void* context);
  static void retry(void* context);
  Work* keep(std::function<void()> work);
  std::unique_ptr<Work> take(Work* work);

  Host host_;
  const omnibroker_host_executor_v1* executor_;
  std::mutex mutex_;
  std::unordered_map<Work*, std::unique_ptr<Work>> works_;  // guarded by mutex_
  std::deque<std::function<void()>> late_;                  // guarded by mutex_; nobody had room for it
  bool retries_ = false;                                    // guarded by mutex_
};

}  // namespace omnibroker::plugins::nucleus
