#include "locks.hpp"

namespace omnibroker::nucleus::store {

bool counts(const Lock& lock, Time now) { return !lock.duration || now < lock.since + *lock.duration; }

bool keeps_out(const Lock& lock, const Actor& actor) {
  return lock.user != actor.user || lock.connection != actor.connection;
}

std::shared_ptr<const LockTable> Locks::committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

void Locks::publish() {
  auto table = std::make_shared<const LockTable>(working);
  const std::lock_guard lock(mutex_);
  committed_ = std::move(table);
}

}  // namespace omnibroker::nucleus::store
