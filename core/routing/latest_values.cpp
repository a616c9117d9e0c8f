#include "routing/latest_values.hpp"

namespace omnibroker::core {

void LatestValues::put(std::string_view key, std::string_view message, Clock::time_point now) {
  if (most_ == 0) return;
  if (const auto found = index_.find(key); found != index_.end()) {
    auto& entry = *found->second;
    entry.message.assign(message);
    entry.updated = now;
    entries_.splice(entries_.end(), entries_, found->second);
    return;
  }
  if (index_.size() >= most_) {
    drop_oldest();
    ++evicted_;
  }
  entries_.push_back({std::string(key), std::string(message), now});
  index_.emplace(entries_.back().key, std::prev(entries_.end()));
}

void LatestValues::each(Clock::time_point now, const std::function<void(std::string_view message)>& visit) {
  if (max_age_ > Clock::duration::zero()) {
    while (!entries_.empty() && now - entries_.front().updated > max_age_) drop_oldest();
  }
  for (const auto& entry : entries_) visit(entry.message);
}

void LatestValues::drop_oldest() {
  index_.erase(entries_.front().key);
  entries_.pop_front();
}

}  // namespace omnibroker::core
