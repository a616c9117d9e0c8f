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
/// Each piece of work has an owner, and what has not begun can be taken back from the queue. What has begun cannot be
/// ended from outside.
///
/// Lifecycle: the destructor finishes what is queued, and waits for what has begun. So whoever finds that some work
/// does not end keeps the pool for as long as the process runs; its threads hold nothing up then. Threads: any.
class BlockingPool {
 public:
  BlockingPool(std::size_t threads, std::size_t most_queued);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  /// False when the queue is full; then `work` never runs.
  bool run(const void* owner, std::function<void()> work);
  /// Takes back what is queued for `owner`: it never runs. Answers how many pieces that were.
  std::size_t discard(const void* owner);

 private:
  struct Job {
    const void* owner;
    std::function<void()> work;
  };
  void serve();

  const std::size_t most_queued_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;  // guarded by mutex_
  bool ending_ = false;    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace omnibroker::core
