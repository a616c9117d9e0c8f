#include "engine/live.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace omniclient {

namespace {

LiveQueue::Time time_of(std::uint64_t server_time_us) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return LiveQueue::Time(static_cast<std::int64_t>(std::min(server_time_us, kMost)));
}

}  // namespace

LiveQueue::Time Live::now() {
  return std::chrono::duration_cast<LiveQueue::Time>(std::chrono::system_clock::now().time_since_epoch());
}

void Live::configure(LiveQueue::Delay delay) {
  std::lock_guard lock(mutex_);
  queue_.configure(delay);
}

std::shared_ptr<void> Live::open(const std::string& url) {
  std::lock_guard lock(reads_->mutex);
  ++reads_->urls[url].readers;
  return {nullptr, [reads = reads_, url](void*) {
            std::lock_guard closing(reads->mutex);
            const auto found = reads->urls.find(url);
            if (--found->second.readers == 0) reads->urls.erase(found);
          }};
}

void Live::received(const std::string& url, const LiveUpdate& update) {
  std::lock_guard lock(reads_->mutex);
  const auto found = reads_->urls.find(url);
  if (found != reads_->urls.end()) found->second.latest = std::max(found->second.latest, update.server_time_us);
}

bool Live::arrived(const std::shared_ptr<Request>& request, const std::string& url, const LiveUpdate& update,
                   std::function<void()> call) {
  received(url, update);
  {
    std::lock_guard lock(mutex_);
    const auto made = [this, request, call = std::move(call)] { calls_.call_here(request, call); };
    const auto ready = [this, request] { return calls_.is_idle(*request); };
    if (!queue_.add(url, time_of(update.server_time_us), now(), made, request.get(), ready)) return false;
  }
  announce(eOmniClientLiveUpdateType_Remote, update.result, url, update.object_id, update.sequence,
           update.server_time_us);
  return true;
}

void Live::announce(OmniClientLiveUpdateType type, OmniClientResult result, const std::string& url,
                    std::uint64_t object, std::uint64_t sequence, std::uint64_t server_time_us) {
  for (const auto& registration : registrations_.of(Event::LiveQueuedPlain)) {
    calls_.post(registration, [registration] { registration->as<OmniClientLiveQueuedCallback>()(); });
  }
  for (const auto& registration : registrations_.of(Event::LiveQueued)) {
    calls_.post(registration, [=] {
      auto* const broken = omniClientBreakUrl(url.c_str());
      const OmniClientLiveUpdateInfo info{type, result, broken, object, sequence, server_time_us};
      registration->as<OmniClientLiveQueuedCallback2>()(registration->user_data, &info);
      omniClientFreeUrl(broken);
    });
  }
  for (const auto& registration : registrations_.of(Event::LiveQueuedParts)) {
    calls_.post(registration, [=] {
      auto* const broken = omniClientBreakUrl(url.c_str());
      registration->as<OmniClientLiveQueuedPartsCallback>()(registration->user_data, broken, type, sequence,
                                                            server_time_us);
      omniClientFreeUrl(broken);
    });
  }
}

void Live::forget(const Request& request) {
  std::lock_guard lock(mutex_);
  queue_.remove(&request);
}

void Live::process_what(std::function<Due()> take) {
  std::unique_lock lock(mutex_);
  if (processing_) {
    // Everything that is due is taken at once, so asking twice for it asks for nothing more.
    constexpr std::size_t kMost = 64;
    if (asked_.size() < kMost) asked_.push_back(std::move(take));
    return;
  }
  processing_ = true;
  for (;;) {
    const auto calls = take();
    lock.unlock();
    for (const auto& call : calls) call();
    if (!calls.empty()) tell_processed();
    lock.lock();
    if (asked_.empty()) break;
    take = std::move(asked_.front());
    asked_.pop_front();
  }
  processing_ = false;
  hold_back();
}

void Live::tell_processed() {
  for (const auto& registration : registrations_.of(Event::LiveProcessed)) {
    calls_.call_here(registration, [&registration] {
      registration->as<OmniClientLiveProcessUpdatesCallback>()(registration->user_data);
    });
  }
}

void Live::hold_back() {
  const auto due = queue_.next_due();
  if (!due) {
    more_.reset();
    return;
  }
  // What is due already was left by process_up_to; it is not announced in a hurry.
  constexpr LiveQueue::Time kLeast = std::chrono::milliseconds(10);
  const auto delay = std::chrono::ceil<std::chrono::milliseconds>(std::max(*due - now(), kLeast));
  more_ = loop_.after(delay, [this] { announce(eOmniClientLiveUpdateType_More, eOmniClientResult_Ok, "", 0, 0, 0); });
}

void Live::process() {
  process_what([this] { return queue_.take(now()); });
}

void Live::process_up_to(const std::string& url, std::uint64_t server_time_us) {
  process_what([this, url, until = time_of(server_time_us)] { return queue_.take(url, until); });
}

std::uint64_t Live::latest(const std::string& url) const {
  std::lock_guard lock(reads_->mutex);
  const auto found = reads_->urls.find(url);
  return found == reads_->urls.end() ? 0 : found->second.latest;
}

void Live::sent(OmniClientRequestId id) {
  std::lock_guard lock(mutex_);
  // One that was stopped is never confirmed, and one may be confirmed before it is known to be sent.
  if (pending_.size() >= 256) {
    for (auto at = pending_.begin(); at != pending_.end();) at = calls_.find(*at) ? std::next(at) : pending_.erase(at);
  }
  pending_.insert(id);
}

void Live::confirmed(OmniClientRequestId id) {
  std::lock_guard lock(mutex_);
  pending_.erase(id);
}

void Live::wait_for_pending() {
  std::set<OmniClientRequestId> ids;
  {
    std::lock_guard lock(mutex_);
    ids = pending_;
  }
  for (const auto id : ids) {
    calls_.wait(id, std::nullopt);
    confirmed(id);
  }
}

void Live::stop() {
  std::lock_guard lock(mutex_);
  more_.reset();
  queue_ = LiveQueue();
}

}  // namespace omniclient
