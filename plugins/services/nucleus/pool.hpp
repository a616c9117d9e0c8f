#pragma once

#include <cstdint>
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
  /// The same for work that nobody would ask for again: where too much is queued it waits for a moment, and then tries
  /// again, until the component ends.
  void run_in_time(std::function<void()> work);

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
};

}  // namespace omnibroker::plugins::nucleus
