#include "pool.hpp"

#include <exception>
#include <utility>

namespace omnibroker::plugins::nucleus {

Pool::Pool(const Host& host)
    : host_(host), executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)) {}

bool Pool::run(std::function<void()> work) {
  auto made = std::make_unique<Work>(Work{this, std::move(work)});
  auto* context = made.get();
  {
    const std::lock_guard lock(mutex_);
    works_.emplace(context, std::move(made));
  }
  if (executor_->run_blocking(host_.raw(), enter, context) == OMNIBROKER_OK) return true;
  std::unique_ptr<Work> dropped;
  const std::lock_guard lock(mutex_);
  dropped = std::move(works_.extract(context).mapped());
  return false;
}

void Pool::enter(void* context) {
  auto* work = static_cast<Work*>(context);
  auto& pool = *work->pool;
  std::unique_ptr<Work> mine;
  {
    const std::lock_guard lock(pool.mutex_);
    mine = std::move(pool.works_.extract(work).mapped());
  }
  try {
    mine->run();
  } catch (const std::exception& error) {
    pool.host_.log().error("A request failed unexpectedly", {{"reason", error.what()}});
  } catch (...) {
    pool.host_.log().error("A request failed unexpectedly");
  }
}

}  // namespace omnibroker::plugins::nucleus
