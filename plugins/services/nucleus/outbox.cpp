#include "outbox.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {

void Outbox::push(Outgoing message) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    bytes_ += message.size();
    waiting_.push_back(std::move(message));
    // Under the lock: once it is closed nobody calls a host that may be gone.
    if (waiting_.size() == 1) waker_.wake(connection_);
  }
}

bool Outbox::offer(Outgoing message) {
  const std::lock_guard lock(mutex_);
  if (closed_) return true;
  if (full()) return false;
  bytes_ += message.size();
  waiting_.push_back(std::move(message));
  if (waiting_.size() == 1) waker_.wake(connection_);
  return true;
}

void Outbox::wake() {
  const std::lock_guard lock(mutex_);
  if (!closed_) waker_.wake(connection_);
}

bool Outbox::has_room() const {
  const std::lock_guard lock(mutex_);
  return !full();
}

bool Outbox::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void Outbox::when_there_is_room(std::function<void()> then) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (full()) return when_there_is_.push_back(std::move(then));
  }
  then();
}

bool Outbox::take(Outgoing& message) {
  std::vector<std::function<void()>> room;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return false;
    message = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= message.size();
    if (!full()) room.swap(when_there_is_);
  }
  for (auto& then : room) then();
  return true;
}

void Outbox::close() {
  std::deque<Outgoing> waiting;
  std::vector<std::function<void()>> room;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  waiting.swap(waiting_);
  room.swap(when_there_is_);
}

}  // namespace omnibroker::plugins::nucleus
