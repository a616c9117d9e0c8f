#include "lane.hpp"

#include "outbox.hpp"
#include "pool.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {

Lane::Lane(Pool& pool, std::size_t width, std::shared_ptr<Outbox> room)
    : pool_(pool), width_(width), room_(std::move(room)) {}

void Lane::add(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    waiting_.push_back(std::move(work));
  }
  start();
}

void Lane::hold(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  held_ = true;
  if (work && !ended_) waiting_.push_front(std::move(work));
}

void Lane::go_on() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
  }
  start();
}

void Lane::end() {
  std::deque<std::function<void()>> dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  ended_ = true;
  dropped.swap(waiting_);
}

void Lane::start() {
  if (room_ && !room_->has_room()) return wait_for_room();
  {
    const std::lock_guard lock(mutex_);
    if (held_ || running_ + posted_ >= width_ || posted_ >= waiting_.size()) return;
    ++posted_;
  }
  pool_.run_in_time([self = shared_from_this()] { self->run_one(); });
}

void Lane::wait_for_room() {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() || std::exchange(waits_for_room_, true)) return;
  }
  room_->when_there_is_room([self = shared_from_this()] {
    {
      const std::lock_guard lock(self->mutex_);
      self->waits_for_room_ = false;
    }
    for (std::size_t i = 0; i < self->width_; ++i) self->start();
  });
}

void Lane::run_one() {
  std::function<void()> next;
  const bool room = !room_ || room_->has_room();
  {
    const std::lock_guard lock(mutex_);
    --posted_;
    if (room && !waiting_.empty()) {
      next = std::move(waiting_.front());
      waiting_.pop_front();
      ++running_;
    }
  }
  if (next) {
    next();
    next = nullptr;  // what it holds goes before the next one begins
    const std::lock_guard lock(mutex_);
    --running_;
  }
  start();
}

}  // namespace omnibroker::plugins::nucleus
