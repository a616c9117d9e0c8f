#include "channels.hpp"

#include <algorithm>
#include <iterator>
#include <nucleus/channel_frames.hpp>
#include <utility>

namespace omnibroker::plugins::nucleus {

namespace frames = omnibroker::nucleus::channel;

void Channels::join(const std::string& path, std::shared_ptr<Member> member, const std::function<void()>& joined) {
  const std::lock_guard lock(mutex_);
  channels_[path].push_back({std::move(member), false});
  joined();
}

void Channels::tell(Places& places, const Payload& payload, std::vector<Place>& gone) {
  for (auto at = places.begin(); at != places.end();) {
    if (at->member->hear(payload)) {
      ++at;
    } else {
      gone.push_back(std::move(*at));
      at = places.erase(at);
    }
  }
}

/// Tells the others of those that have gone, and of those that go because they do not hear that.
void Channels::part(const std::string& path, Places& places, std::vector<Place> gone) {
  while (!gone.empty()) {
    const auto one = std::move(gone.back());
    gone.pop_back();
    if (!one.framed) continue;
    const frames::Frame left{frames::Event::Left, one.member->connection()};
    tell(places, std::make_shared<const std::string>(frames::write(left)), gone);
  }
  if (places.empty()) channels_.erase(path);
}

void Channels::leave(const std::string& path, const Member* member) {
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(path);
  if (found == channels_.end()) return;
  auto& places = found->second;
  const auto at =
      std::find_if(places.begin(), places.end(), [&](const Place& place) { return place.member.get() == member; });
  if (at == places.end()) return;
  std::vector<Place> gone;
  gone.push_back(std::move(*at));
  places.erase(at);
  part(path, places, std::move(gone));
}

bool Channels::say(const std::string& path, const std::string& connection, Payload payload) {
  const auto frame = frames::read(*payload);
  if (frame && frame->sender != connection) return false;
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(path);
  if (found == channels_.end()) return true;
  for (auto& place : found->second) {
    if (frame && place.member->connection() == connection) place.framed = true;
  }
  std::vector<Place> gone;
  tell(found->second, payload, gone);
  part(path, found->second, std::move(gone));
  return true;
}

void Channels::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(path);
  if (found == channels_.end()) return;
  const auto payload = std::make_shared<const std::string>(frames::write({frames::Event::Deleted, ""}));
  for (auto& place : found->second) {
    if (place.framed) static_cast<void>(place.member->hear(payload));
    place.member->end();
  }
  channels_.erase(found);
}

}  // namespace omnibroker::plugins::nucleus
