#include "locks.hpp"

#include <utility>

namespace omnibroker::nucleus::store {

bool counts(const Lock& lock, Time now) { return !lock.duration || now < lock.since + *lock.duration; }

bool keeps_out(const Lock& lock, const Actor& actor) {
  return lock.user != actor.user || lock.connection != actor.connection;
}

std::shared_ptr<const LockTable> Locks::committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

void Locks::set(std::int64_t node, std::optional<Lock> lock) {
  changed_ = true;
  if (const auto old = working_.find(node); old != working_.end()) {
    const auto his = of_connection_.find(old->second.connection);
    if (--his->second == 0) of_connection_.erase(his);
    working_.erase(old);
  }
  if (!lock) return;
  ++of_connection_[lock->connection];
  working_.emplace(node, std::move(*lock));
}

std::size_t Locks::of(const std::string& connection) const {
  const auto his = of_connection_.find(connection);
  return his == of_connection_.end() ? 0 : his->second;
}

void Locks::undo() {
  if (!std::exchange(changed_, false)) return;
  working_ = *committed();
  of_connection_.clear();
  for (const auto& [node, lock] : working_) ++of_connection_[lock.connection];
}

void Locks::publish() {
  if (!std::exchange(changed_, false)) return;
  auto table = std::make_shared<const LockTable>(working_);
  const std::lock_guard lock(mutex_);
  committed_ = std::move(table);
}

}  // namespace omnibroker::nucleus::store
