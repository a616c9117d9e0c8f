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
  if (!verdict.takes && !is_known(route, slot)) return false;
  auto& known = key(route, slot, born);
  if (!verdict.takes) {
    const bool leaves = verdict.elsewhere && known.inside;
    known.inside = false;
    known.waits = false;  // what waited is older than this
    return leaves;
  }
  known.inside = true;
  const auto interval = std::chrono::duration_cast<Clock::duration>(verdict.min_interval);
  if (known.last == Clock::time_point{} || now - known.last >= interval) {
    known.last = now;
    known.waits = false;
    return true;
  }
  wait(known, {known.last + interval, route, slot, born});
  return false;
}

void KeyPacing::see_inside(std::size_t route, LatestValues::Slot slot, std::uint64_t born) {
  key(route, slot, born).inside = true;
}

void KeyPacing::wait(Key& key, const Due& due) {
  const bool in_time = key.queued && key.due <= due.at;  // also where it waited before, left, and came back
  key.waits = true;
  if (in_time) return;
  key.queued = true;
  key.due = due.at;
  if (waiting_.size() >= 2 * slots_) drop_overtaken();
  waiting_.push_back(due);
  std::push_heap(waiting_.begin(), waiting_.end(), later);
}

/// Those whose slot another key has taken, or that go earlier now. At most one of each slot stays, so this is for at
/// least as many as it keeps.
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
    known.last = now;
    return true;
  }
  return false;
}

}  // namespace omnibroker::core
