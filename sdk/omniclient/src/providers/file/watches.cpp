#include "providers/file/watches.hpp"

#include "engine/log.hpp"
#include "providers/file/entries.hpp"

#include <cerrno>
#include <cstring>
#include <sys/inotify.h>

namespace omniclient::files {
namespace {

constexpr std::uint32_t kSelf = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kGone = kSelf | IN_IGNORED | IN_UNMOUNT;
constexpr std::uint32_t kItems =
    IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;

}  // namespace

Watches::Watches(std::function<std::int64_t()> max)
    : max_(std::move(max)), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!inotify_) log::warning("files", {"No inotify (", std::strerror(errno), "); changes are found by looking again"});
}

int Watches::add(const Wanted& wanted) {
  const std::uint32_t mask = (wanted.only_self ? kSelf : kSelf | kItems) | IN_ONLYDIR | IN_MASK_ADD;
  const bool full = static_cast<std::int64_t>(watched_.size()) >= max_();
  // Where there is no room for another one, an existing one may still do; the kernel knows only which folder it is of.
  const int watch = inotify_ ? inotify_add_watch(inotify_.number(), wanted.folder.c_str(), mask) : -1;
  if (watch >= 0 && full && watched_.count(watch) == 0) {
    inotify_rm_watch(inotify_.number(), watch);
    return -1;
  }
  return watch;
}

bool Watches::watch(Watcher watcher, const std::vector<Wanted>& wanted) {
  std::lock_guard lock(mutex_);
  bool all = true;
  std::map<int, std::vector<Wanted>> got;
  for (const auto& item : wanted) {
    const int watch = add(item);
    if (watch < 0) {
      all = false;
      continue;
    }
    watched_[watch];
    got[watch].push_back(item);
  }
  std::set<int> kept;
  for (const auto& [watch, items] : got) kept.insert(watch);
  release(watcher, kept);
  for (const auto& [watch, items] : got) {
    auto& there = watched_[watch].wanted;
    there.erase(watcher);
    for (const auto& item : items) there.emplace(watcher, item);
  }
  if (!kept.empty()) of_watcher_[watcher] = std::move(kept);
  return all;
}

void Watches::forget(Watcher watcher) {
  std::lock_guard lock(mutex_);
  release(watcher, {});
}

void Watches::release(Watcher watcher, const std::set<int>& kept) {
  const auto found = of_watcher_.find(watcher);
  if (found == of_watcher_.end()) return;
  for (const int watch : found->second) {
    if (kept.count(watch) != 0) continue;
    const auto watched = watched_.find(watch);
    if (watched == watched_.end()) continue;
    watched->second.wanted.erase(watcher);
    if (!watched->second.wanted.empty()) continue;
    watched_.erase(watched);
    inotify_rm_watch(inotify_.number(), watch);
  }
  of_watcher_.erase(found);
}

void Watches::concern(std::set<Watcher>& found, int watch, std::uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    for (const auto& [watcher, watches] : of_watcher_) found.insert(watcher);
    return;
  }
  const auto watched = watched_.find(watch);
  if (watched == watched_.end()) return;
  const bool temporary = name.compare(0, kTemporaryPrefix.size(), kTemporaryPrefix) == 0;
  for (const auto& [watcher, wanted] : watched->second.wanted) {
    const bool named = wanted.name.empty() ? !temporary : wanted.name == name;
    if ((mask & kGone) != 0 || (!wanted.only_self && named)) found.insert(watcher);
  }
  if ((mask & IN_IGNORED) != 0) watched_.erase(watched);
}

std::set<Watches::Watcher> Watches::read_events() {
  std::set<Watcher> found;
  alignas(inotify_event) char buffer[16384];
  std::lock_guard lock(mutex_);
  for (;;) {
    const auto size = ::read(inotify_.number(), buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return found;
    for (const char* at = buffer; at < buffer + size;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const std::string name = event.len > 0 ? std::string(at + sizeof event) : std::string();
      concern(found, event.wd, event.mask, name);
      at += sizeof event + event.len;
    }
  }
}

std::size_t Watches::size() const {
  std::lock_guard lock(mutex_);
  return watched_.size();
}

}  // namespace omniclient::files
