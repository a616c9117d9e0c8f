#include "broker/stand_still.hpp"

#include "runtime/worker.hpp"

#include <utility>

namespace omnibroker::core {

StandStill::StandStill(const std::vector<std::unique_ptr<Worker>>& workers) : count_(workers.size()) {
  for (const auto& worker : workers) worker->post([this](Worker& w) { stand(w); });
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return standing_ == count_; });
  }
  while (ask([](Worker& worker) { return worker.settle() ? 1 : 0; }) > 0) {
  }
}

StandStill::~StandStill() {
  std::unique_lock lock(mutex_);
  over_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return standing_ == 0; });
}

std::size_t StandStill::ask(std::function<std::size_t(Worker&)> question) {
  std::unique_lock lock(mutex_);
  question_ = std::move(question);
  answered_ = sum_ = 0;
  ++asked_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return answered_ == count_; });
  return sum_;
}

void StandStill::stand(Worker& worker) {
  std::unique_lock lock(mutex_);
  std::size_t seen = asked_;
  ++standing_;
  changed_.notify_all();
  while (true) {
    changed_.wait(lock, [&] { return over_ || asked_ != seen; });
    if (over_) break;
    seen = asked_;
    lock.unlock();
    const auto answer = question_(worker);  // changed only when all have answered
    lock.lock();
    sum_ += answer;
    ++answered_;
    changed_.notify_all();
  }
  --standing_;
  changed_.notify_all();  // with the lock held: whoever waits for this destroys it
}

}  // namespace omnibroker::core
