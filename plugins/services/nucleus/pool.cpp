#include "pool.hpp"

#include <exception>
#include <utility>

namespace omnibroker::plugins::nucleus {

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
  constexpr std::uint64_t kPause = 50'000'000;
  auto* context = keep(std::move(work));
  const auto status = executor_->run_blocking(host_.raw(), enter, context);
  if (status == OMNIBROKER_OK) return;
  if (status == OMNIBROKER_RESOURCE_EXHAUSTED && executor_->after(host_.raw(), kPause, retry, context) != 0) return;
  take(context);
}

void Pool::retry(void* context) {
  auto* work = static_cast<Work*>(context);
  auto& pool = *work->pool;
  pool.run_in_time(std::move(pool.take(work)->run));
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
}

}  // namespace omnibroker::plugins::nucleus
