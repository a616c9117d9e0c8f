#include "session/key_pacing.hpp"

#include <algorithm>

namespace omnibroker::core {
namespace {

bool later(const KeyPacing::Due& a, const KeyPacing::Due& b) { return a.at > b.at; }

}  // namespace

KeyPacing::Key& KeyPacing::key(std::size_t route, LatestValues::Slot slot, std::uint64_t born) {
  if (keys_.size() <= route) keys_.resize(route + 1);
  auto& keys = keys_[route];
  if (keys.size() <= slot) {
    slots_ += slot + 1 - keys.size();
    keys.resize(slot + 1);
  }
  auto& found = keys[slot];
  if (found.born != born) {
    found = {};
    found.born = born;
  }
  return found;
}

bool KeyPacing::passes(std::size_t route, LatestValues::Slot slot, std::uint64_t born,
                       const Selection::Verdict& verdict, Clock::time_point now) {
  auto& known = key(route, slot, born);
  if (!verdict.takes) {
    const bool leaves = verdict.elsewhere && known.inside;
    known.inside = false;
    known.waits = false;  // what waited is older than this
    return leaves;
  }
  known.inside = true;
  known.interval = verdict.min_interval;
  if (verdict.min_interval.count() == 0) {
    known.waits = false;
    return true;
  }
  if (known.waits) return false;
  if (now >= known.next) {
    known.next = now + std::chrono::duration_cast<Clock::duration>(verdict.min_interval);
    known.queued = false;
    return true;
  }
  wait(known, {known.next, route, slot, born});
  return false;
}

void KeyPacing::wait(Key& key, const Due& due) {
  key.waits = true;
  if (key.queued) return;  // it waited before, left, and came back
  key.queued = true;
  if (waiting_.size() >= 2 * slots_) drop_overtaken();
  waiting_.push_back(due);
  std::push_heap(waiting_.begin(), waiting_.end(), later);
}

/// Those whose slot another key has taken. At most one of each slot stays, so this is for at least as many as it keeps.
void KeyPacing::drop_overtaken() {
  std::erase_if(waiting_, [this](const Due& due) { return !is_of(keys_[due.route][due.slot], due); });
  std::make_heap(waiting_.begin(), waiting_.end(), later);
}

bool KeyPacing::take_due(Clock::time_point now, Due& due) {
  while (!waiting_.empty() && waiting_.front().at <= now) {
    due = waiting_.front();
    std::pop_heap(waiting_.begin(), waiting_.end(), later);
    waiting_.pop_back();
    auto& known = keys_[due.route][due.slot];
    if (!is_of(known, due)) continue;  // overtaken
    known.queued = false;
    if (!known.waits) continue;
    known.waits = false;
    known.next = now + std::chrono::duration_cast<Clock::duration>(known.interval);
    return true;
  }
  return false;
}

}  // namespace omnibroker::core
