#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace omnibroker::core {

void Timer::cancel() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimerWheel::List::List() { previous_ = next_ = this; }

void TimerWheel::List::clear() {
  while (next_ != this) next_->cancel();
  previous_ = next_ = nullptr;
}

TimerWheel::TimerWheel(Clock::time_point now) : origin_(now), slots_(kSlots) {}

TimerWheel::~TimerWheel() {
  for (auto& slot : slots_) slot.clear();
}

std::uint64_t TimerWheel::tick_of(Clock::time_point at) const {
  if (at <= origin_) return 0;
  return static_cast<std::uint64_t>((at - origin_ + kTick - Clock::duration(1)) / kTick);
}

void TimerWheel::link(Timer& timer) {
  const auto index = timer.tick_ % kSlots;
  auto& slot = slots_[index];
  timer.previous_ = slot.previous_;
  timer.next_ = &slot;
  slot.previous_->next_ = &timer;
  slot.previous_ = &timer;
  occupied_[index / 64] |= 1ull << (index % 64);
}

void TimerWheel::arm(Timer& timer, Clock::time_point at) {
  timer.cancel();
  timer.tick_ = std::max(tick_of(at), current_ + 1);
  link(timer);
}

void TimerWheel::advance(Clock::time_point now) {
  const auto target = static_cast<std::uint64_t>(std::max<Clock::duration>(now - origin_, {}) / kTick);
  if (target <= current_) return;
  // After a long sleep every slot is visited once, not once per tick that was slept through.
  const auto steps = std::min<std::uint64_t>(target - current_, kSlots);
  const auto first = current_ + 1;
  current_ = target;
  for (std::uint64_t step = 0; step < steps; ++step) {
    const auto index = (first + step) % kSlots;
    if ((occupied_[index / 64] & (1ull << (index % 64))) == 0) continue;
    auto& slot = slots_[index];

    List due;  // taken out first: an expired timer may arm itself, or cancel its neighbours
    while (slot.next_ != &slot) {
      Timer& timer = *slot.next_;
      timer.cancel();
      timer.previous_ = due.previous_;
      timer.next_ = &due;
      due.previous_->next_ = &timer;
      due.previous_ = &timer;
    }
    occupied_[index / 64] &= ~(1ull << (index % 64));
    while (due.next_ != &due) {
      Timer& timer = *due.next_;
      timer.cancel();
      if (timer.tick_ > current_) {
        link(timer);  // a later round
      } else {
        timer.expired();
      }
    }
    due.clear();
  }
}

std::chrono::milliseconds TimerWheel::until_next(Clock::time_point now) const {
  const auto first = (current_ + 1) % kSlots;
  for (std::size_t step = 0; step <= kSlots;) {
    const auto index = (first + step) % kSlots;
    const auto word = occupied_[index / 64] >> (index % 64);
    if (word == 0) {
      step += 64 - index % 64;
      continue;
    }
    const auto found = index + static_cast<std::size_t>(std::countr_zero(word));
    const auto& slot = slots_[found];
    if (slot.next_ == &slot) {
      occupied_[found / 64] &= ~(1ull << (found % 64));
      continue;
    }
    const auto tick = current_ + 1 + step + static_cast<std::size_t>(std::countr_zero(word));
    const auto at = origin_ + kTick * static_cast<std::int64_t>(tick);
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(at - now);
    return std::max(wait, std::chrono::milliseconds(0));
  }
  return std::chrono::milliseconds(-1);
}

}  // namespace omnibroker::core
