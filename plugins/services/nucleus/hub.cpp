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
  const auto found = table(of).find(plain_path(path));
  if (found == table(of).end()) return;
  auto& entries = found->second;
  const auto at = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.subscription.get() == subscription; });
  if (at == entries.end()) return;
  removed = std::move(at->subscription);
  entries.erase(at);
  if (entries.empty()) table(of).erase(found);
}

void Hub::changed(const store::Change& change) {
  {
    const std::lock_guard lock(mutex_);
    if (of_path_.empty() && of_folder_.empty() && of_everything_.empty()) return;
    if (queue_.size() >= kMost) {
      lost_ = true;
    } else {
      queue_.push_back(change);
    }
    if (working_) return;
    working_ = true;
  }
  begin();
}

void Hub::begin() {
  if (run_([this] { work(); })) return;
  const std::lock_guard lock(mutex_);
  working_ = false;  // there is too much to do: `go_on`, or the next change, tries again
}

void Hub::go_on() {
  {
    const std::lock_guard lock(mutex_);
    if (working_ || (queue_.empty() && !lost_)) return;
    working_ = true;
  }
  begin();
}

void Hub::work() {
  constexpr int kAtOnce = 256;  // others use the threads, too
  store::Change change;
  for (int i = 0; i < kAtOnce; ++i) {
    if (!next(change)) return;
    tell(change);
  }
  begin();
}

bool Hub::next(store::Change& change) {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (!lost_ && queue_.empty()) return working_ = false;
      if (!lost_) {
        change = std::move(queue_.front());
        queue_.pop_front();
        return true;
      }
    }
    lose_all();
  }
}

void Hub::gather(Of of, const std::string& path, const store::Change& change,
                 std::vector<std::pair<Of, std::shared_ptr<Subscription>>>& told) {
  const auto found = table(of).find(path);
  if (found == table(of).end()) return;
  for (const auto& entry : found->second) {
    if (entry.since < change.transaction_id) told.emplace_back(of, entry.subscription);
  }
}

void Hub::tell(const store::Change& change) {
  std::vector<std::pair<Of, std::shared_ptr<Subscription>>> told;
  const auto path = plain_path(change.entry.path);
  const auto parent = parent_of(path);
  const auto destination = change.destination.empty() ? std::string() : parent_of(change.destination);
  {
    const std::lock_guard lock(mutex_);
    gather(Of::Path, path, change, told);
    gather(Of::Folder, path, change, told);
    if (!parent.empty()) gather(Of::Folder, parent, change, told);
    if (!destination.empty() && destination != parent) gather(Of::Folder, destination, change, told);
    gather(Of::Everything, "/", change, told);
  }
  for (const auto& [of, subscription] : told) {
    if (subscription->tell(change)) continue;
    for (const auto& where : {path, parent, destination, std::string("/")}) remove(of, where, subscription.get());
  }
}

void Hub::lose_all() {
  Table all[3];
  {
    const std::lock_guard lock(mutex_);
    all[0].swap(of_path_), all[1].swap(of_folder_), all[2].swap(of_everything_);
    queue_.clear();
    lost_ = false;
  }
  for (auto& one : all) {
    for (auto& [path, entries] : one) {
      for (auto& entry : entries) entry.subscription->lost();
    }
  }
}

}  // namespace omnibroker::plugins::nucleus
