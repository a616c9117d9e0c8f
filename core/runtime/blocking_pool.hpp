#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace omnibroker::core {

/// Threads for work that may wait, so that workers never do. The queue is bounded: past it work is refused.
///
/// Lifecycle: the destructor finishes what is queued.
/// Threads: any.
class BlockingPool {
 public:
  BlockingPool(std::size_t threads, std::size_t most_queued);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  /// False when the queue is full; then `work` never runs.
  bool run(std::function<void()> work);

 private:
  void serve();

  const std::size_t most_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool ending_ = false;                      // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace omnibroker::core
