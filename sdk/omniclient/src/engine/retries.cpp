#include "engine/retries.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace omniclient {

OmniClientRetryBehavior Retries::set(OmniClientRetryBehavior behavior) {
  std::lock_guard lock(mutex_);
  return std::exchange(behavior_, behavior);
}

OmniClientRetryBehavior Retries::get() const {
  std::lock_guard lock(mutex_);
  return behavior_;
}

Retries::Milliseconds Retries::wait_before(const OmniClientRetryBehavior& behavior, std::uint32_t count,
                                           double chance) {
  const double number = count;
  const double wait = behavior.baseMs * number * number + chance * behavior.jitterMs * number;
  constexpr double kMost = 24.0 * 60 * 60 * 1000;  // Far beyond every max that makes sense.
  return Milliseconds(static_cast<std::int64_t>(std::min(std::floor(wait), kMost)));
}

std::optional<Retries::Milliseconds> Retries::next(Row& row, std::uint32_t least_ms) {
  if (row.behavior.maxMs == 0) return std::nullopt;
  thread_local std::minstd_rand random{std::random_device{}()};
  const double chance = std::uniform_real_distribution<>(0, 1)(random);
  const auto wait = std::max(wait_before(row.behavior, ++row.count, chance), Milliseconds(least_ms));
  const auto gone = std::chrono::steady_clock::now() - row.begin;
  if (gone + wait > Milliseconds(row.behavior.maxMs)) return std::nullopt;
  return wait;
}

void Retries::after(const OperationPtr& operation, Milliseconds wait, std::function<void()> call) {
  const auto number = [this] {
    std::lock_guard lock(mutex_);
    return ++last_;
  }();
  const auto take = [this, number] {
    std::lock_guard lock(mutex_);
    const auto node = waiting_.extract(number);
    return node ? std::move(node.mapped()) : nullptr;
  };
  auto timer = loop_.after(wait, [take, operation, call = std::move(call)] {
    const auto due = take();
    if (due && !operation->cancelled()) call();
  });
  {
    std::lock_guard lock(mutex_);
    waiting_.emplace(number, std::move(timer));
  }
  // Whoever does not want it any more need not keep what it would have written.
  operation->on_cancel([this, take] { loop_.post([take] { take(); }); });
}

void Retries::stop() {
  std::map<std::uint64_t, std::unique_ptr<Loop::Timer>> waiting;
  std::lock_guard lock(mutex_);
  waiting.swap(waiting_);
}

}  // namespace omniclient
