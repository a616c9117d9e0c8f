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

std::unique_ptr<Loop::Timer> Retries::take(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto node = waiting_.extract(number);
  return node ? std::move(node.mapped()) : nullptr;
}

void Retries::after(Row row, Milliseconds wait, std::function<void(const Row&)> call) {
  const auto operation = row.operation;
  const bool first = row.number == 0;
  if (first) {
    std::lock_guard lock(mutex_);
    row.number = ++last_;
  }
  const auto number = row.number;
  auto timer = loop_.after(wait, [this, row = std::move(row), call = std::move(call)] {
    const auto due = take(row.number);
    if (due && !row.operation->cancelled()) call(row);
  });
  {
    std::lock_guard lock(mutex_);
    waiting_.emplace(number, std::move(timer));
  }
  // Whoever does not want it any more need not keep what it would have written.
  if (operation->cancelled()) take(number);
  if (first) operation->on_cancel([this, number] { loop_.post([this, number] { take(number); }); });
}

void Retries::stop() {
  std::map<std::uint64_t, std::unique_ptr<Loop::Timer>> waiting;
  std::lock_guard lock(mutex_);
  waiting.swap(waiting_);
}

}  // namespace omniclient
