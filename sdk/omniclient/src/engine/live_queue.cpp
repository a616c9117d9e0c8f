#include "engine/live_queue.hpp"

#include <algorithm>
#include <set>

namespace omniclient {

bool LiveQueue::add(const std::string& url, Time sent, Time now, std::function<void()> call) {
  if (updates_.size() >= kMaxUpdates) return false;
  Time due = now;
  if (sent > Time::zero()) {
    const auto latency = std::max(now - sent, Time::zero());
    latency_ = latency_ ? (*latency_ * 7 + latency) / 8 : latency;
    // A server's clock that is ahead must not hold updates back for longer than `max`.
    const Time delay = std::min<Time>(delay_.max, delay_.constant + *latency_ * delay_.multiple);
    due = std::min(sent + delay, now + Time(delay_.max));
  }
  updates_.push_back({url, sent, due, std::move(call)});
  return true;
}

template <class Wanted>
std::vector<std::function<void()>> LiveQueue::take_first_of_each(const Wanted& wanted) {
  std::vector<std::function<void()>> calls;
  std::set<std::string> stopped;
  std::deque<Update> left;
  for (auto& update : updates_) {
    if (stopped.count(update.url) == 0 && wanted(update)) {
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
