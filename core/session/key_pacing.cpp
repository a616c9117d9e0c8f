#include "session/key_pacing.hpp"

#include <algorithm>

namespace omnibroker::core {
namespace {

bool later(const KeyPacing::Due& a, const KeyPacing::Due& b) { return a.at > b.at; }

}  // namespace

KeyPacing::Key& KeyPacing::key(std::size_t route, LatestValues::Slot slot, std::uint64_t born) {
  if (keys_.size() <= route) keys_.resize(route + 1);
  auto& keys = keys_[route];
  if (keys.size() <= slot) keys.resize(slot + 1);
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
  if (verdict.min_interval.count() == 0) return true;
  if (known.waits) return false;
  if (now >= known.next) {
    known.next = now + std::chrono::duration_cast<Clock::duration>(verdict.min_interval);
    return true;
  }
  known.waits = true;
  waiting_.push_back({known.next, route, slot, born});
  std::push_heap(waiting_.begin(), waiting_.end(), later);
  return false;
}

bool KeyPacing::take_due(Clock::time_point now, Due& due) {
  while (!waiting_.empty() && waiting_.front().at <= now) {
    due = waiting_.front();
    std::pop_heap(waiting_.begin(), waiting_.end(), later);
    waiting_.pop_back();
    auto& known = keys_[due.route][due.slot];
    if (known.born != due.born || !known.waits || known.next != due.at) continue;  // overtaken
    known.waits = false;
    known.next = now + std::chrono::duration_cast<Clock::duration>(known.interval);
    return true;
  }
  return false;
}

}  // namespace omnibroker::core
