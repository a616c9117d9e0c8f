#include "runtime/blocking_pool.hpp"

#include "containment/call_marks.hpp"

namespace omnibroker::core {

BlockingPool::BlockingPool(std::size_t threads, std::size_t most_queued) : most_queued_(most_queued) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
}

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool BlockingPool::run(const void* owner, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || queue_.size() >= most_queued_) return false;
    queue_.push_back({owner, std::move(work)});
  }
  wake_.notify_one();
  return true;
}

std::size_t BlockingPool::discard(const void* owner) {
  const std::lock_guard lock(mutex_);
  return std::erase_if(queue_, [owner](const Job& job) { return job.owner == owner; });
}

void BlockingPool::serve() {
  register_this_thread();
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto work = std::move(queue_.front().work);
    queue_.pop_front();
    lock.unlock();
    work();
  }
}

}  // namespace omnibroker::core
