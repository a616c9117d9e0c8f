#include "runtime/wake_ups.hpp"

#include "runtime/shared.hpp"
#include "runtime/worker.hpp"

#include <utility>

namespace omnibroker::core {

void WakeUps::add(std::uint64_t connection, unsigned worker) {
  const std::lock_guard lock(mutex_);
  entries_[connection] = {worker, false};
}

bool WakeUps::move(std::uint64_t connection, unsigned worker) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  if (found == entries_.end()) return false;
  found->second.worker = worker;
  return found->second.waiting;
}

void WakeUps::remove(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  entries_.erase(connection);
}

std::optional<unsigned> WakeUps::ask(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  if (found == entries_.end() || std::exchange(found->second.waiting, true)) return std::nullopt;
  return found->second.worker;
}

bool WakeUps::take(std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  return found != entries_.end() && std::exchange(found->second.waiting, false);
}

void Shared::wake(std::uint64_t connection) {
  if (const auto worker = wake_ups.ask(connection)) workers[*worker]->wake(connection);
}

}  // namespace omnibroker::core
