#include "session/latest_values.hpp"

#include <algorithm>

namespace omnibroker::core {

LatestValues::Slot LatestValues::put(std::string_view key, std::string_view message, const Position& position,
                                     std::uint64_t sequence, Clock::time_point now, const Stamp& stamp) {
  if (most_ == 0) return kNoSlot;
  Slot slot = kNoSlot;
  if (const auto found = index_.find(key); found != index_.end()) {
    slot = found->second;
    if (is_fresh(entries_[slot], now) && stamp < entries_[slot].stamp) return slot;
    unlink(entries_[slot]);
  } else {
    if (index_.size() >= most_) {
      drop_oldest();
      ++evicted_;
    }
    slot = take_slot();
    auto& entry = entries_[slot];
    entry.key.assign(key);
    entry.born = sequence;
    entry.used = true;
    index_.emplace(entry.key, slot);
  }
  auto& entry = entries_[slot];
  entry.message.assign(message);
  entry.position = position;
  entry.stamp = stamp;
  entry.sequence = sequence;
  entry.updated = now;
  link_newest(slot);
  return slot;
}

const LatestValues::Entry* LatestValues::at(Slot slot, Clock::time_point now) const {
  if (slot >= entries_.size()) return nullptr;
  const auto& entry = entries_[slot];
  return entry.used && is_fresh(entry, now) ? &entry : nullptr;
}

const LatestValues::Entry* LatestValues::find(std::string_view key, Clock::time_point now) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : at(found->second, now);
}

void LatestValues::set_bounds(std::size_t most, Clock::duration max_age) {
  most_ = most;
  max_age_ = max_age;
  shrink_to(most);
}

void LatestValues::shrink_to(std::size_t most) {
  while (index_.size() > most) drop_oldest();
}

void LatestValues::expire(Clock::time_point now) {
  while (oldest_ != kNoSlot && !is_fresh(entries_[oldest_], now)) drop_oldest();
}

std::vector<const LatestValues::Entry*> LatestValues::in_order(std::string_view prefix, std::string_view after,
                                                               std::size_t most, Clock::time_point now) const {
  const auto by_key = [](const Entry* a, const Entry* b) { return a->key < b->key; };
  std::vector<const Entry*> smallest;  // a heap, the greatest in front, of the `most` smallest seen
  for (const auto& entry : entries_) {
    if (!entry.used || !is_fresh(entry, now) || !entry.key.starts_with(prefix) || entry.key <= after) continue;
    if (smallest.size() == most && (most == 0 || !by_key(&entry, smallest.front()))) continue;
    if (smallest.size() == most) {
      std::pop_heap(smallest.begin(), smallest.end(), by_key);
      smallest.pop_back();
    }
    smallest.push_back(&entry);
    std::push_heap(smallest.begin(), smallest.end(), by_key);
  }
  std::sort_heap(smallest.begin(), smallest.end(), by_key);
  return smallest;
}

LatestValues::Slot LatestValues::take_slot() {
  if (free_.empty()) {
    entries_.emplace_back();
    return static_cast<Slot>(entries_.size() - 1);
  }
  const auto slot = free_.back();
  free_.pop_back();
  return slot;
}

void LatestValues::unlink(Entry& entry) {
  (entry.older == kNoSlot ? oldest_ : entries_[entry.older].newer) = entry.newer;
  (entry.newer == kNoSlot ? newest_ : entries_[entry.newer].older) = entry.older;
}

void LatestValues::link_newest(Slot slot) {
  auto& entry = entries_[slot];
  entry.older = newest_;
  entry.newer = kNoSlot;
  (newest_ == kNoSlot ? oldest_ : entries_[newest_].newer) = slot;
  newest_ = slot;
}

void LatestValues::drop_oldest() {
  const auto slot = oldest_;
  auto& entry = entries_[slot];
  index_.erase(entry.key);
  unlink(entry);
  entry.used = false;
  entry.key.clear();
  std::string().swap(entry.message);  // the next key in this slot may be small
  free_.push_back(slot);
}

}  // namespace omnibroker::core
