#include "isolation/child_worker.hpp"

namespace omnibroker::core {

ChildWorker::ChildWorker() : thread_([this] { serve(); }) {}

ChildWorker::~ChildWorker() { stop(); }

void ChildWorker::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

std::uint64_t ChildWorker::after(std::chrono::nanoseconds time, Job job) {
  std::uint64_t timer = 0;
  {
    const std::lock_guard lock(mutex_);
    if (timers_.size() >= kMostTimers) return 0;
    timer = ++last_timer_;
    const auto due = Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
    timers_.emplace(std::pair(due, timer), std::move(job));
    due_.emplace(timer, due);
  }
  changed_.notify_one();
  return timer;
}

bool ChildWorker::cancel(std::uint64_t timer) {
  const std::lock_guard lock(mutex_);
  const auto due = due_.find(timer);
  if (due == due_.end()) return false;
  timers_.erase({due->second, timer});
  due_.erase(due);
  return true;
}

void ChildWorker::forget_timers() {
  const std::lock_guard lock(mutex_);
  timers_.clear();
  due_.clear();
}

void ChildWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

ChildWorker::Job ChildWorker::next(std::unique_lock<std::mutex>& lock) {
  if (!timers_.empty() && timers_.begin()->first.first <= Clock::now()) {
    auto timer = timers_.extract(timers_.begin());
    due_.erase(timer.key().second);
    return std::move(timer.mapped());
  }
  if (!jobs_.empty()) {
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  if (timers_.empty()) {
    changed_.wait(lock);
  } else {
    const auto due = timers_.begin()->first.first;  // a copy: the timer may be cancelled meanwhile
    changed_.wait_until(lock, due);
  }
  return nullptr;
}

void ChildWorker::serve() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    auto job = next(lock);
    if (!job) continue;
    lock.unlock();
    job();
    job = nullptr;  // what it owns is let go without the lock
    lock.lock();
  }
}

}  // namespace omnibroker::core
