#include "engine/operation.hpp"

#include <utility>

namespace omniclient {

bool Operation::cancelled() const {
  std::lock_guard lock(mutex_);
  return cancelled_;
}

void Operation::on_cancel(std::function<void()> function) {
  {
    std::lock_guard lock(mutex_);
    if (!cancelled_) {
      on_cancel_.push_back(std::move(function));
      return;
    }
  }
  function();
}

std::size_t Operation::cancel_functions() const {
  std::lock_guard lock(mutex_);
  return on_cancel_.size();
}

void Operation::cancel() {
  std::vector<std::function<void()>> functions;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(cancelled_, true)) return;
    functions.swap(on_cancel_);
    on_progress_ = nullptr;
  }
  for (const auto& function : functions) function();
}

void Operation::progress(int percentage) {
  std::function<void(int)> function;
  {
    std::lock_guard lock(mutex_);
    if (percentage <= percentage_ || percentage >= 100 || !on_progress_) return;
    percentage_ = percentage;
    function = on_progress_;
  }
  function(percentage);
}

void Operation::on_progress(std::function<void(int)> function) {
  std::lock_guard lock(mutex_);
  if (!cancelled_) on_progress_ = std::move(function);
}

bool Operation::on_end(std::function<void()> function) {
  std::lock_guard lock(mutex_);
  if (on_end_) return false;
  on_end_ = std::move(function);
  return true;
}

void Operation::end() {
  std::function<void()> function;
  {
    std::lock_guard lock(mutex_);
    function.swap(on_end_);
  }
  if (function) function();
}

}  // namespace omniclient
