#include "broker/stand_still.hpp"

#include "runtime/worker.hpp"

#include <chrono>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::chrono::seconds kToCome{1};  // those who have come hold everybody up meanwhile

}  // namespace

StandStill::StandStill(const std::vector<std::unique_ptr<Worker>>& workers) : count_(workers.size()) {
  for (const auto& worker : workers) worker->post([common = common_](Worker& w) { common->stand(w); });
  {
    std::unique_lock lock(common_->mutex);
    all_stand_ = common_->changed.wait_for(lock, kToCome, [&] { return common_->standing == count_; });
  }
  while (all_stand_ && ask([](Worker& worker) { return worker.settle() ? 1 : 0; }) > 0) {
  }
}

StandStill::~StandStill() {
  std::unique_lock lock(common_->mutex);
  common_->over = true;
  common_->changed.notify_all();
  common_->changed.wait(lock, [&] { return common_->standing == 0; });
}

std::size_t StandStill::ask(std::function<std::size_t(Worker&)> question) {
  std::unique_lock lock(common_->mutex);
  common_->question = std::move(question);
  common_->answered = common_->sum = 0;
  ++common_->asked;
  common_->changed.notify_all();
  common_->changed.wait(lock, [&] { return common_->answered == count_; });
  return common_->sum;
}

void StandStill::Common::stand(Worker& worker) {
  std::unique_lock lock(mutex);
  if (over) return;
  std::size_t seen = asked;
  ++standing;
  changed.notify_all();
  while (true) {
    changed.wait(lock, [&] { return over || asked != seen; });
    if (over) break;
    seen = asked;
    lock.unlock();
    const auto answer = question(worker);  // changed only when all have answered
    lock.lock();
    sum += answer;
    ++answered;
    changed.notify_all();
  }
  --standing;
  changed.notify_all();
}

}  // namespace omnibroker::core
