#include "hub.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::plugins::nucleus {

std::string plain_path(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

std::string parent_of(std::string_view path) {
  const auto plain = plain_path(path);
  if (plain == "/" || plain.empty()) return {};
  const auto cut = plain.rfind('/');
  return cut == 0 || cut == std::string::npos ? "/" : plain.substr(0, cut);
}

Hub::Table& Hub::table(Of of) { return of == Of::Path ? of_path_ : of == Of::Folder ? of_folder_ : of_everything_; }

void Hub::add(Of of, const std::string& path, const store::Store& store, std::shared_ptr<Subscription> subscription) {
  const std::lock_guard lock(mutex_);
  // With the lock: a change that is committed later than this is told later than this, too.
  table(of)[plain_path(path)].push_back({store.transaction_id(), std::move(subscription)});
}

void Hub::remove(Of of, const std::string& path, const Subscription* subscription) {
  std::shared_ptr<Subscription> removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  remove_locked(of, plain_path(path), subscription, removed);
}

void Hub::remove_locked(Of of, const std::string& path, const Subscription* subscription,
                        std::shared_ptr<Subscription>& removed) {
  const auto found = table(of).find(path);
  if (found == table(of).end()) return;
  auto& entries = found->second;
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.subscription.get() == subscription; });
  if (at == entries.end()) return;
  removed = std::move(at->subscription);
  entries.erase(at);
  if (entries.empty()) table(of).erase(found);
}

/// With the lock held, as `find`.
bool Hub::is_for_somebody(const store::Change& change) {
  if (!of_everything_.empty()) return true;
  if (of_path_.empty() && of_folder_.empty()) return false;
  const auto path = plain_path(change.entry.path);
  if (of_path_.contains(path) || of_folder_.contains(path) || of_folder_.contains(parent_of(path))) return true;
  return !change.destination.empty() && of_folder_.contains(parent_of(change.destination));
}

std::vector<Hub::Found> Hub::find(const store::Change& change) {
  std::vector<Found> found;
  const auto gather = [&](Of of, const std::string& path) {
    const auto entries = table(of).find(path);
    if (entries == table(of).end()) return;
    for (const auto& entry : entries->second) {
      if (entry.since < change.transaction_id) found.push_back({of, path, entry.subscription});
    }
  };
  const auto path = plain_path(change.entry.path), parent = parent_of(path);
  const auto destination = change.destination.empty() ? std::string() : parent_of(change.destination);
  gather(Of::Path, path);
  gather(Of::Folder, path);
  if (!parent.empty()) gather(Of::Folder, parent);
  if (!destination.empty() && destination != parent && destination != path) gather(Of::Folder, destination);
  gather(Of::Everything, "/");
  return found;
}

void Hub::changed(const store::Change& change) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_for_somebody(change)) return;
    if (queue_.size() < most_ || queue_.back().transaction_id == change.transaction_id) {
      queue_.push_back(change);
      ++queued_;
    } else {
      for (auto& found : find(change)) {
        std::shared_ptr<Subscription> kept;  // by what has been found
        remove_locked(found.of, found.path, found.subscription.get(), kept);
        lost_.push_back(std::move(found));
      }
    }
  }
  work_.ask();
}

void Hub::check() {
  {
    const std::lock_guard lock(mutex_);
    if (checks_.size() < 2) checks_.emplace_back();
    checks_.back() = queued_;
  }
  work_.ask();
}

void Hub::work() {
  constexpr int kAtOnce = 256;  // others use the threads, too
  tell_lost();
  store::Change change;
  for (int i = 0; i < kAtOnce; ++i) {
    if (is_check_due()) check_all();
    if (!next(change)) return;
    tell(change);
  }
  work_.ask();
}

/// Behind what was queued when it was asked for: of what has been done before, everybody is told what he might know
/// then.
bool Hub::is_check_due() {
  const std::lock_guard lock(mutex_);
  const auto asked = checks_.size();
  while (!checks_.empty() && checks_.front() <= taken_) checks_.pop_front();
  return checks_.size() < asked;
}

bool Hub::next(store::Change& change) {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return false;
  change = std::move(queue_.front());
  queue_.pop_front();
  ++taken_;
  return true;
}

void Hub::tell(const store::Change& change) {
  std::vector<Found> told;
  {
    const std::lock_guard lock(mutex_);
    told = find(change);
  }
  for (const auto& found : told) {
    if (!found.subscription->tell(change)) remove(found.of, found.path, found.subscription.get());
  }
}

void Hub::check_all() {
  std::vector<Found> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto of : {Of::Path, Of::Folder, Of::Everything}) {
      for (const auto& [path, entries] : table(of)) {
        for (const auto& entry : entries) all.push_back({of, path, entry.subscription});
      }
    }
  }
  for (const auto& found : all) {
    if (!found.subscription->check()) remove(found.of, found.path, found.subscription.get());
  }
}

void Hub::tell_lost() {
  std::vector<Found> lost;
  {
    const std::lock_guard lock(mutex_);
    lost.swap(lost_);
  }
  for (const auto& found : lost) found.subscription->lost();
}

}  // namespace omnibroker::plugins::nucleus
