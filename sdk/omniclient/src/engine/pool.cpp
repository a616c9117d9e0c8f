#include "engine/pool.hpp"

#include "engine/log.hpp"

#include <exception>
#include <pthread.h>

namespace omniclient {

Pool::Pool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      pthread_setname_np(pthread_self(), "omni files");
      run();
    });
  }
}

Pool::~Pool() { stop(); }

void Pool::post(std::function<void()> job) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  jobs_.push_back(std::move(job));
  work_.notify_one();
}

void Pool::run() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stopped_ || !jobs_.empty(); });
      if (stopped_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    try {
      job();
    } catch (const std::exception& problem) {
      log::error("files", {"A job was given up: ", problem.what()});
    }
  }
}

void Pool::stop() {
  std::deque<std::function<void()>> left;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(jobs_);
  }
  work_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace omniclient
