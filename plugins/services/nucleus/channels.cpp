#include "channels.hpp"

#include <algorithm>
#include <iterator>
#include <nucleus/channel_frames.hpp>
#include <unordered_set>
#include <utility>

namespace omnibroker::plugins::nucleus {

namespace frames = omnibroker::nucleus::channel;

void Channels::join(const std::string& path, std::shared_ptr<Member> member, std::uint64_t since,
                    const std::function<void()>& joined) {
  const std::lock_guard lock(mutex_);
  // It has not been asked yet.
  channels_[path].push_back({std::move(member), since, rights_ - 1});
  joined();
}

bool Channels::may_hear(Place& place) {
  const auto now = rights_.load();
  if (place.rights == now) return true;
  if (!place.member->may_hear()) return false;
  place.rights = now;
  return true;
}

void Channels::ask(const std::string& path) {
  const auto now = rights_.load();
  std::vector<std::shared_ptr<Member>> asked;
  const auto each = [&](const auto& what) {
    const std::lock_guard lock(mutex_);
    auto at = path.empty() ? channels_.begin() : channels_.find(path);
    const auto last = path.empty() || at == channels_.end() ? channels_.end() : std::next(at);
    for (; at != last; ++at) {
      for (auto& place : at->second) what(place);
    }
  };
  each([&](Place& place) {
    if (place.rights != now) asked.push_back(place.member);
  });
  if (asked.empty()) return;
  std::unordered_set<const Member*> may;
  for (const auto& member : asked) {
    if (member->may_hear()) may.insert(member.get());
  }
  each([&](Place& place) {
    // Who may not is asked once more, and shown out, by whoever has something for him.
    if (place.rights != now && may.contains(place.member.get())) place.rights = now;
  });
}

void Channels::end(const Place& place, End why) {
  if (place.framed) {
    static_cast<void>(
        place.member->hear(std::make_shared<const std::string>(frames::write({frames::Event::Deleted, ""}))));
  }
  place.member->end(why);
}

void Channels::tell(Places& places, const Payload& payload, std::vector<Place>& gone) {
  for (auto at = places.begin(); at != places.end();) {
    const bool may = may_hear(*at);
    if (may && at->member->hear(payload)) {
      ++at;
    } else {
      if (!may) end(*at, End::AccessLost);
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
  ask(path);
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

void Channels::gone(const std::string& path, std::uint64_t transaction) {
  const std::lock_guard lock(gone_mutex_);
  gone_.emplace_back(path, transaction);
}

void Channels::look_after() {
  decltype(gone_) gone;
  {
    const std::lock_guard lock(gone_mutex_);
    gone.swap(gone_);
  }
  ask({});
  const std::lock_guard lock(mutex_);
  for (const auto& [path, transaction] : gone) {
    const auto found = channels_.find(path);
    if (found == channels_.end()) continue;
    std::erase_if(found->second, [transaction = transaction](const Place& place) {
      if (place.since >= transaction) return false;  // it has joined another one, of the same name
      end(place, End::Deleted);
      return true;
    });
    if (found->second.empty()) channels_.erase(found);
  }
  std::vector<std::string> paths;
  for (const auto& [path, places] : channels_) paths.push_back(path);
  for (const auto& path : paths) {
    auto& places = channels_[path];
    std::vector<Place> lost;
    for (auto at = places.begin(); at != places.end();) {
      if (may_hear(*at)) {
        ++at;
        continue;
      }
      end(*at, End::AccessLost);
      lost.push_back(std::move(*at));
      at = places.erase(at);
    }
    part(path, places, std::move(lost));
  }
}

}  // namespace omnibroker::plugins::nucleus
