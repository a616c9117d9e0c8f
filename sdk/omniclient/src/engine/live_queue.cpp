#include "engine/live_queue.hpp"

#include <algorithm>
#include <set>

namespace omniclient {

bool LiveQueue::add(const std::string& url, Time sent, Time now, std::function<void()> call, const void* owner,
                    std::function<bool()> ready) {
  if (updates_.size() >= kMaxUpdates) return false;
  Time due = now;
  if (sent > Time::zero()) {
    const auto latency = std::max(now - sent, Time::zero());
    latency_ = latency_ ? (*latency_ * 7 + latency) / 8 : latency;
    // A server's clock that is ahead must not hold updates back for longer than `max`.
    const Time delay = std::min<Time>(delay_.max, delay_.constant + *latency_ * delay_.multiple);
    // What is sent further ahead than that is due then anyway, and must not overflow.
    due = std::min(std::min(sent, now + Time(delay_.max)) + delay, now + Time(delay_.max));
  }
  updates_.push_back({url, sent, due, std::move(call), owner, std::move(ready)});
  return true;
}

void LiveQueue::remove(const void* owner) {
  updates_.erase(
      std::remove_if(updates_.begin(), updates_.end(), [owner](const Update& update) { return update.owner == owner; }),
      updates_.end());
}

template <class Wanted>
std::vector<std::function<void()>> LiveQueue::take_first_of_each(const Wanted& wanted) {
  std::vector<std::function<void()>> calls;
  std::set<std::string> stopped;
  std::deque<Update> left;
  for (auto& update : updates_) {
    if (stopped.count(update.url) == 0 && wanted(update) && (!update.ready || update.ready())) {
      calls.push_back(std::move(update.call));
    } else {
      stopped.insert(update.url);
      left.push_back(std::move(update));
    }
  }
  updates_.swap(left);
  return calls;
}

std::vector<std::function<void()>> LiveQueue::take(Time now) {
  return take_first_of_each([now](const Update& update) { return update.due <= now; });
}

std::vector<std::function<void()>> LiveQueue::take(const std::string& url, Time until) {
  return take_first_of_each([&](const Update& update) { return update.url == url && update.sent <= until; });
}

std::optional<LiveQueue::Time> LiveQueue::next_due() const {
  std::optional<Time> next;
  std::set<std::string> seen;
  for (const auto& update : updates_) {
    if (seen.insert(update.url).second && (!next || update.due < *next)) next = update.due;
  }
  return next;
}

}  // namespace omniclient
