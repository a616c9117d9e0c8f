#include "providers/file/watcher.hpp"

#include "providers/file/entries.hpp"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

namespace omniclient::files {
namespace {

constexpr std::int64_t kMostWatches = 8192;
constexpr std::int64_t kPollMilliseconds = 1000;
/// Between two looks at the same place at least, so that a file that is written all the time costs little. Where a look
/// takes long, as at a huge folder, the pause is longer: a fifth of the time is spent with looking at the most.
constexpr std::chrono::milliseconds kBreath{10};

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

/// The first of the folders on the way to `path`, or `path` itself, that is a link; empty where none is.
std::string first_link(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto part = path.substr(0, end);
    struct stat info {};
    if (::lstat(part.c_str(), &info) != 0) return {};
    if (S_ISLNK(info.st_mode)) return part;
    if (end == std::string::npos) return {};
  }
}

void add_wanted(std::vector<Watches::Wanted>& wanted, const std::string& path, bool contents) {
  if (contents && is_folder(path)) wanted.push_back({path, "", false});
  std::string item = path;
  bool found = false;
  while (item != "/" && item != ".") {
    const auto folder = folder_of(item);
    if (found) {
      wanted.push_back({folder, "", true});
    } else if (is_folder(folder)) {
      wanted.push_back({folder, name_of(item), false});
      found = true;
    }
    item = folder;
  }
}

/// What to watch, so that nothing that happens to `path` is missed: the folder that holds it, or the nearest one above
/// that is there; and those above that, in case they are moved or deleted. The same for each link on the way, and for
/// where it leads.
std::vector<Watches::Wanted> wanted_for(const std::string& path, bool contents) {
  constexpr int kMostLinks = 40;  // As many as the kernel follows.
  std::vector<Watches::Wanted> wanted;
  std::string place = path;
  add_wanted(wanted, place, contents);
  for (int links = 0; links < kMostLinks; ++links) {
    const auto link = first_link(place);
    if (link.empty()) break;
    wanted.push_back({folder_of(link), name_of(link), false});
    std::error_code error;
    const auto target = std::filesystem::read_symlink(link, error);
    if (error) break;
    const auto end = std::filesystem::path(folder_of(link)) / target;
    place = std::string(without_trailing_slashes((end.lexically_normal().string() + place.substr(link.size()))));
    add_wanted(wanted, place, contents);
  }
  return wanted;
}

/// How an item that is still there has changed; nothing where it has not.
std::optional<OmniClientListEvent> difference(const Entry& before, const Entry& now) {
  if (before == now) return std::nullopt;
  Entry touched = now;
  touched.access = before.access;
  touched.flags = before.flags;
  return touched == before ? eOmniClientListEvent_Metadata : eOmniClientListEvent_Updated;
}

}  // namespace

struct Watcher::Subscription {
  std::uint64_t id = 0;
  std::string path;
  bool contents = false;  ///< Of a folder; otherwise the item itself.
  OperationPtr operation;
  Done<EntryReply> first_item;
  Done<ListReply> first_list;
  OnChange change;

  // On the loop's thread.
  bool looking = false;
  bool dirty = false;
  std::chrono::milliseconds took{0};  ///< The last look.
  std::unique_ptr<Loop::Timer> timer;

  // In the pool, one look at a time.
  bool begun = false;
  bool ended = false;
  bool unsure = false;  ///< The last look has failed in a way that passes.
  std::optional<Entry> item;
  std::map<std::string, Entry> items;

  void look_at_item();
  void look_at_items();
  void end(OmniClientResult result) {
    ended = true;
    change(result, eOmniClientListEvent_Unknown, {});
  }
};

void Watcher::Subscription::look_at_item() {
  auto found = look_at(path);
  const bool there = found.result == eOmniClientResult_Ok;
  const bool missing = found.result == eOmniClientResult_ErrorNotFound;
  if (!begun) {
    begun = true;
    ended = !there && !missing;
    if (there) item = found.entry;
    if (missing) found.result = eOmniClientResult_OkNotYetFound;
    return first_item(std::move(found));
  }
  unsure = found.passing;
  if (unsure) return;
  if (!there && !missing) return end(eOmniClientResult_ErrorAccessLost);
  const auto before = std::exchange(item, there ? std::optional(found.entry) : std::nullopt);
  if (before && there) {
    if (const auto event = difference(*before, found.entry)) change(eOmniClientResult_Ok, *event, found.entry);
  } else if (there) {
    change(eOmniClientResult_Ok, eOmniClientListEvent_Created, found.entry);
  } else if (before) {
    change(eOmniClientResult_Ok, eOmniClientListEvent_Deleted, *before);
  }
}

void Watcher::Subscription::look_at_items() {
  auto found = list(path, *operation);
  if (operation->cancelled()) return;
  const bool missing = found.result == eOmniClientResult_ErrorNotFound;
  std::map<std::string, Entry> now;
  for (const auto& entry : found.entries) now.emplace(entry.relative_path, entry);
  if (!begun) {
    begun = true;
    ended = found.result != eOmniClientResult_Ok;
    items = std::move(now);
    return first_list(std::move(found));
  }
  unsure = found.passing;
  if (unsure) return;
  // A folder that has gone is an empty one, until it is there again.
  if (found.result != eOmniClientResult_Ok && !missing) return end(eOmniClientResult_ErrorAccessLost);
  const auto before = std::exchange(items, std::move(now));
  for (const auto& [name, entry] : before) {
    if (items.count(name) == 0) change(eOmniClientResult_Ok, eOmniClientListEvent_Deleted, entry);
  }
  for (const auto& [name, entry] : items) {
    const auto was = before.find(name);
    if (was == before.end()) {
      change(eOmniClientResult_Ok, eOmniClientListEvent_Created, entry);
    } else if (const auto event = difference(was->second, entry)) {
      change(eOmniClientResult_Ok, *event, entry);
    }
  }
}

Watcher::Watcher(const ProviderHost& host)
    : host_(host),
      watches_(
          std::make_shared<Watches>([setting = host.setting] { return setting("file.max_watches", kMostWatches); })) {
  if (watches_->descriptor() >= 0) {
    readable_ = host_.loop.when_readable(watches_->descriptor(), [this] { happened(); });
  }
}

void Watcher::watch_item(const OperationPtr& operation, std::string path, Done<EntryReply> first, OnChange change) {
  auto subscription = std::make_shared<Subscription>();
  subscription->path = std::move(path);
  subscription->operation = operation;
  subscription->first_item = std::move(first);
  subscription->change = std::move(change);
  begin(std::move(subscription));
}

void Watcher::watch_folder(const OperationPtr& operation, std::string path, Done<ListReply> first, OnChange change) {
  auto subscription = std::make_shared<Subscription>();
  subscription->path = std::move(path);
  subscription->contents = true;
  subscription->operation = operation;
  subscription->first_list = std::move(first);
  subscription->change = std::move(change);
  begin(std::move(subscription));
}

void Watcher::begin(SubscriptionPtr subscription) {
  subscription->id = ++last_id_;
  subscriptions_.emplace(subscription->id, subscription);
  look(subscription);
  subscription->operation->on_cancel([this, id = subscription->id] { host_.loop.post([this, id] { forget(id); }); });
}

void Watcher::look(const SubscriptionPtr& subscription) {
  if (subscription->looking) {
    subscription->dirty = true;
    return;
  }
  subscription->looking = true;
  subscription->timer.reset();
  host_.pool.post([this, subscription] {
    // First the watches, then the look: what happens in between is seen twice rather than not at all. What is there to
    // be watched may change meanwhile.
    const auto begin = std::chrono::steady_clock::now();
    bool watched = false;
    for (int attempt = 0; attempt < 10; ++attempt) {
      const auto wanted = wanted_for(subscription->path, subscription->contents);
      watched = watches_->watch(subscription->id, wanted);
      if (wanted == wanted_for(subscription->path, subscription->contents)) break;
    }
    if (subscription->contents) {
      subscription->look_at_items();
    } else {
      subscription->look_at_item();
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    host_.loop.post([this, subscription, watched, took] {
      subscription->took = std::chrono::duration_cast<std::chrono::milliseconds>(took);
      looked(subscription, watched);
    });
  });
}

void Watcher::looked(const SubscriptionPtr& subscription, bool watched) {
  subscription->looking = false;
  if (subscription->ended || subscriptions_.count(subscription->id) == 0) return forget(subscription->id);
  const bool soon = std::exchange(subscription->dirty, false);
  if (!soon && watched && !subscription->unsure) return;
  const auto delay =
      soon ? std::max(kBreath, 4 * subscription->took)
           : std::chrono::milliseconds(std::max<std::int64_t>(1, host_.setting("file.poll_ms", kPollMilliseconds)));
  subscription->timer = host_.loop.after(delay, [this, weak = std::weak_ptr(subscription)] {
    if (const auto due = weak.lock()) look(due);
  });
}

void Watcher::happened() {
  for (const auto id : watches_->read_events()) {
    const auto found = subscriptions_.find(id);
    if (found != subscriptions_.end()) look(found->second);
  }
}

void Watcher::forget(std::uint64_t id) {
  subscriptions_.erase(id);
  watches_->forget(id);
}

}  // namespace omniclient::files
