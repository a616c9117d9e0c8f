#include "pool.hpp"

#include <exception>
#include <utility>

namespace omnibroker::plugins::nucleus {

namespace {

constexpr std::uint64_t kPause = 50'000'000;  // nanoseconds

}  // namespace

Pool::Pool(const Host& host)
    : host_(host), executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)) {}

Pool::Work* Pool::keep(std::function<void()> work) {
  auto made = std::make_unique<Work>(Work{this, std::move(work)});
  auto* context = made.get();
  const std::lock_guard lock(mutex_);
  works_.emplace(context, std::move(made));
  return context;
}

std::unique_ptr<Pool::Work> Pool::take(Work* work) {
  const std::lock_guard lock(mutex_);
  return std::move(works_.extract(work).mapped());
}

bool Pool::run(std::function<void()> work) {
  auto* context = keep(std::move(work));
  if (executor_->run_blocking(host_.raw(), enter, context) == OMNIBROKER_OK) return true;
  take(context);
  return false;
}

void Pool::run_in_time(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    late_.push_back(std::move(work));
  }
  go_on();
}

void Pool::go_on() {
  while (true) {
    std::function<void()> next;
    {
      const std::lock_guard lock(mutex_);
      if (late_.empty()) return;
      next = std::move(late_.front());
      late_.pop_front();
    }
    auto* context = keep(std::move(next));
    if (executor_->run_blocking(host_.raw(), enter, context) == OMNIBROKER_OK) continue;
    const auto refused = take(context);
    const std::lock_guard lock(mutex_);
    late_.push_front(std::move(refused->run));
    // Without a timer it is whatever ends next, or whoever calls this.
    if (!retries_) retries_ = executor_->after(host_.raw(), kPause, retry, this) != 0;
    return;
  }
}

void Pool::retry(void* context) {
  auto& pool = *static_cast<Pool*>(context);
  {
    const std::lock_guard lock(pool.mutex_);
    pool.retries_ = false;
  }
  pool.go_on();
}

void Pool::drop_waiting() {
  decltype(works_) works;  // destroyed without the lock
  decltype(late_) late;
  const std::lock_guard lock(mutex_);
  works.swap(works_);
  late.swap(late_);
}

void Pool::enter(void* context) {
  auto* work = static_cast<Work*>(context);
  auto& pool = *work->pool;
  const auto mine = pool.take(work);
  try {
    mine->run();
  } catch (const std::exception& error) {
    pool.host_.log().error("A request failed unexpectedly", {{"reason", error.what()}});
  } catch (...) {
    pool.host_.log().error("A request failed unexpectedly");
  }
  mine->run = nullptr;
  pool.go_on();
}

}  // namespace omnibroker::plugins::nucleus
