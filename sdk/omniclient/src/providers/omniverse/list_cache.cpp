#include "providers/omniverse/list_cache.hpp"

#include "engine/log.hpp"
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/service.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

constexpr auto kDefault = eOmniClientListIncludeOption_DefaultNotDeleted;

/// How many questions for single items are worth a list of a folder.
std::size_t worth(std::size_t size) { return 2 + size / 32; }

bool is_within(const std::string& path, const std::string& folder) {
  if (folder == "/") return path != "/";
  return path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 && path[folder.size()] == '/';
}

/// The part of a path that is an item of a folder above it.
std::string part_in(const std::string& folder, const std::string& path) {
  const auto begin = folder == "/" ? 1 : folder.size() + 1;
  return path.substr(begin, path.find('/', begin) - begin);
}

}  // namespace

ListCache::ListCache(const ProviderHost& host) : host_(host) {}
ListCache::~ListCache() = default;

// ---------------------------------------- what is asked

void ListCache::list(const SessionPtr& session, const OperationPtr& operation, const std::string& path,
                     Done<ListReply> done) {
  if (!is_on()) return ask_list(*session, operation, path, kDefault, std::move(done));
  auto folder = find(*session, path);
  if (!folder && seen({session.get(), path}) != nullptr) folder = follow(session, path);
  if (!folder) return list_unknown(session, operation, path, std::move(done));
  use(*folder);
  if (!folder->followed) {
    folder->waiting.push_back({operation, std::move(done)});
  } else if (!is_known(*folder) || !folder->changed.empty()) {
    look(folder, operation, std::move(done));
  } else {
    ListReply reply;
    reply.result = kOk;
    reply.entries.reserve(folder->entries.size());
    for (const auto& [name, entry] : folder->entries) reply.entries.push_back(entry);
    done(std::move(reply));
  }
}

void ListCache::list_unknown(const SessionPtr& session, const OperationPtr& operation, const std::string& path,
                             Done<ListReply> done) {
  ask_list(*session, operation, path, kDefault,
           [weak = weak_from_this(), key = Key(session.get(), path), done = std::move(done)](Looked looked) {
             const auto self = weak.lock();
             if (self && looked.result == kOk && looked.plain) self->note(key, looked.entries.size());
             done(std::move(looked));
           });
}

void ListCache::stat(const SessionPtr& session, const OperationPtr& operation, const std::string& path,
                     Done<EntryReply> done) {
  const auto plain = [&] { ask_stat(*session, operation, {{"path", path}}, std::move(done)); };
  if (path == "/" || !is_on()) return plain();
  const auto parent = folder_of(path);
  const auto folder = find(*session, parent);
  if (!folder) {
    auto* const was_seen = seen({session.get(), parent});
    if (was_seen != nullptr && ++was_seen->asked >= worth(was_seen->size)) follow(session, parent);
    return plain();
  }
  use(*folder);
  if (!folder->followed) return plain();
  if (!is_known(*folder)) {
    if (++folder->missed >= worth(folder->size)) look(folder, nullptr, nullptr);
    return plain();
  }
  const auto name = name_of(path);
  if (folder->changed.count(name) != 0) return stat_again(folder, operation, name, std::move(done));
  const auto entry = folder->entries.find(name);
  // What is not in the list may be there and closed to the user: the server says which.
  if (entry == folder->entries.end()) return plain();
  EntryReply reply;
  reply.result = kOk;
  reply.entry = entry->second;
  done(std::move(reply));
}

void ListCache::stat_again(const FolderPtr& folder, const OperationPtr& operation, const std::string& name,
                           Done<EntryReply> done) {
  const auto path = (folder->path == "/" ? "/" : folder->path + "/") + name;
  ask_stat(*folder->session, operation, {{"path", path}},
           [weak = weak_from_this(), weak_folder = std::weak_ptr(folder), changes = folder->changes, name,
            done = std::move(done)](EntryReply reply) {
             const auto self = weak.lock();
             const auto at = weak_folder.lock();
             if (self && at && at->kept && at->whole && at->changes == changes) self->learn(*at, name, reply);
             done(std::move(reply));
           });
}

void ListCache::learn(Folder& folder, const std::string& name, const EntryReply& reply) {
  if (reply.result != kOk && reply.result != eOmniClientResult_ErrorNotFound) return;
  folder.changed.erase(name);
  entries_ -= folder.entries.erase(name);
  if (reply.result == kOk) entries_ += folder.entries.emplace(name, reply.entry).second ? 1 : 0;
}

void ListCache::use(Folder& folder) {
  folder.used_at = Clock::now();
  folder.unasked = 0;
}

// ---------------------------------------- what has changed

void ListCache::changed(const std::string& path, Reach reach) {
  for (const auto& [key, folder] : folders_) {
    if (is_within(path, folder->path)) {
      forget(*folder, part_in(folder->path, path));
    } else if (path == folder->path || (reach == Reach::Tree && is_within(folder->path, path))) {
      forget(*folder);
    }
  }
}

void ListCache::changed_everywhere() {
  for (const auto& [key, folder] : folders_) forget(*folder);
}

void ListCache::forget(Folder& folder, const std::string& name) {
  ++folder.changes;
  if (folder.whole) folder.changed.insert(name);
  if (const auto look = folder.look.lock()) look->changed.insert(name);
}

void ListCache::forget(Folder& folder) {
  ++folder.changes;
  folder.whole = false;
  folder.changed.clear();
  entries_ -= folder.entries.size();
  folder.entries.clear();
  if (const auto look = folder.look.lock()) look->everything = true;
}

void ListCache::happened(Folder& folder, const nlohmann::json& fields) {
  const auto given = fields.find("entry");
  if (given == fields.end()) return forget(folder);
  const auto entry = wire::entry_of(*given);
  happened_at(folder, std::string(without_trailing_slashes(entry.path)));
  if (!entry.destination.empty()) happened_at(folder, std::string(without_trailing_slashes(entry.destination)));
}

void ListCache::happened_at(Folder& folder, const std::string& path) {
  if (folder_of(path) == folder.path && path != folder.path) {
    forget(folder, name_of(path));
  } else if (path == folder.path || path.empty()) {
    forget(folder);
  }
  // It may have been moved, or closed, with everything in it.
  for (const auto& [key, below] : folders_) {
    if (below->session == folder.session && (below->path == path || is_within(below->path, path))) forget(*below);
  }
}

// ---------------------------------------- following

ListCache::FolderPtr ListCache::follow(const SessionPtr& session, const std::string& path) {
  if (!session->connected()) return nullptr;
  const auto rests = resting_.find(session.get());
  if (rests != resting_.end() && Clock::now() < rests->second) return nullptr;
  const auto folder = std::make_shared<Folder>();
  folder->session = session;
  folder->path = path;
  folder->used_at = Clock::now();
  const Key key{session.get(), path};
  if (const auto* const was_seen = seen(key)) folder->size = was_seen->size;
  seen_.erase(key);
  seen_before_.erase(key);
  folders_[key] = folder;
  make_room(folder);
  const nlohmann::json params = {{"path", {{"path", path == "/" ? path : path + "/"}, {"branch", ""}}}};
  auto call = make_call(nullptr, "subscribe_list", params);
  call.kind = Call::Kind::Stream;
  call.optional = true;
  folder->subscription = session->call(
      std::move(call), [weak = weak_from_this(), weak_folder = std::weak_ptr(folder)](const Answer& answer) {
        const auto self = weak.lock();
        const auto at = weak_folder.lock();
        if (self && at && at->kept) self->heard(at, answer);
      });
  wait_to_tidy();
  return folder;
}

void ListCache::heard(const FolderPtr& folder, const Answer& answer) {
  if (answer.fate != Answer::Fate::Answered || answer.last) return ended(folder, answer);
  if (!std::exchange(folder->followed, true)) return begun(folder);
  happened(*folder, answer.fields);
  constexpr std::size_t kMostUnasked = 100;
  if (++folder->unasked > kMostUnasked) drop(folder);  // It changes, and nobody looks.
}

void ListCache::begun(const FolderPtr& folder) {
  const auto waiting = std::make_shared<std::vector<Waiting>>(std::exchange(folder->waiting, {}));
  if (waiting->empty()) return look(folder, nullptr, nullptr);
  const auto operation = waiting->size() == 1 ? waiting->front().operation : nullptr;
  look(folder, operation, [waiting](const ListReply& reply) {
    for (const auto& one : *waiting) one.done(reply);
  });
}

void ListCache::ended(const FolderPtr& folder, const Answer& answer) {
  const bool about_the_folder = answer.fate != Answer::Fate::Answered || answer.status == wire::Status::NotExist ||
                                answer.status == wire::Status::InvalidUri || answer.status == wire::Status::Denied ||
                                answer.status == wire::Status::AccessLost;
  if (!about_the_folder) {
    log::verbose("omniverse",
                 {folder->session->name(), ": no lists are kept for a while: ", wire::name(answer.status)});
    resting_[folder->session.get()] = Clock::now() + std::max(keep(), std::chrono::milliseconds(1000));
  }
  if (answer.fate == Answer::Fate::Gone) {
    for (const auto& one : std::exchange(folder->waiting, {})) {
      one.done(failed<ListReply>(eOmniClientResult_ErrorConnection));
    }
  }
  drop(folder);
}

void ListCache::look(const FolderPtr& folder, const OperationPtr& operation, Done<ListReply> done) {
  folder->missed = 0;
  std::shared_ptr<Look> look;  // One at a time: another one only answers.
  if (folder->look.expired()) {
    look = std::make_shared<Look>();
    look->begun = Clock::now();
    folder->look = look;
  } else if (!done) {
    return;
  }
  ask_list(*folder->session, operation, folder->path, kDefault,
           [weak = weak_from_this(), weak_folder = std::weak_ptr(folder), look,
            done = std::move(done)](const Looked& looked) {
             const auto self = weak.lock();
             const auto at = weak_folder.lock();
             if (self && at && at->kept && look) self->looked(at, *look, looked);
             if (done) done(looked);
           });
}

void ListCache::looked(const FolderPtr& folder, Look& look, const Looked& reply) {
  folder->look.reset();
  if (reply.passing) return;
  const auto most = bound("omniverse.list_cache_entries", 50'000);
  if (reply.result != kOk || !reply.plain || reply.entries.size() > most) return drop(folder);
  if (look.everything) return;
  entries_ -= folder->entries.size();
  folder->entries.clear();
  for (const auto& entry : reply.entries) folder->entries.emplace(entry.relative_path, entry);
  folder->size = folder->entries.size();
  entries_ += folder->size;
  folder->changed = std::move(look.changed);
  folder->known_at = look.begun;
  folder->whole = true;
  make_room(folder);
}

// ---------------------------------------- bounds

bool ListCache::is_on() {
  const bool on = keep().count() > 0 && !host_.connecting().bypass_list_cache;
  if (!on) drop_all();
  return on;
}

std::chrono::milliseconds ListCache::keep() const {
  return std::chrono::milliseconds(host_.setting("omniverse.list_cache_ms", 30'000));
}

std::size_t ListCache::bound(const char* setting, std::int64_t otherwise) const {
  return static_cast<std::size_t>(std::max<std::int64_t>(0, host_.setting(setting, otherwise)));
}

bool ListCache::is_known(const Folder& folder) const { return folder.whole && Clock::now() - folder.known_at < keep(); }

ListCache::FolderPtr ListCache::find(const Session& session, const std::string& path) const {
  const auto found = folders_.find({&session, path});
  return found == folders_.end() ? nullptr : found->second;
}

ListCache::Seen* ListCache::seen(const Key& key) {
  for (auto* const generation : {&seen_, &seen_before_}) {
    const auto found = generation->find(key);
    if (found != generation->end()) return &found->second;
  }
  return nullptr;
}

void ListCache::note(const Key& key, std::size_t size) {
  constexpr std::size_t kMost = 1000;
  constexpr auto kRemembered = std::chrono::seconds(60);
  const auto now = Clock::now();
  if (size > bound("omniverse.list_cache_entries", 50'000)) return;
  if (seen_.size() >= kMost || now - turned_ > kRemembered) {
    seen_before_ = now - turned_ > 2 * kRemembered ? std::map<Key, Seen>() : std::exchange(seen_, {});
    seen_.clear();
    turned_ = now;
  }
  seen_.insert_or_assign(key, Seen{size, 0});
}

void ListCache::drop(const FolderPtr& folder) {
  if (!std::exchange(folder->kept, false)) return;
  entries_ -= folder->entries.size();
  const auto kept = folder;  // The caller's may be the one that goes.
  folders_.erase({kept->session.get(), kept->path});
  kept->session->drop(kept->subscription);
  for (auto& one : std::exchange(kept->waiting, {})) {
    ask_list(*kept->session, one.operation, kept->path, kDefault, std::move(one.done));
  }
}

void ListCache::drop_all() {
  while (!folders_.empty()) drop(folders_.begin()->second);
  seen_.clear();
  seen_before_.clear();
}

bool ListCache::leave(const Session& session) {
  std::vector<FolderPtr> its;
  for (const auto& [key, folder] : folders_) {
    if (key.first == &session) its.push_back(folder);
  }
  resting_[&session] = Clock::now() + std::max(keep(), std::chrono::milliseconds(1000));
  for (const auto& folder : its) drop(folder);
  return !its.empty();
}

/// Lets go of those that were not used for the longest time.
void ListCache::make_room(const FolderPtr& but) {
  const auto most = std::max<std::size_t>(1, bound("omniverse.list_cache_folders", 100));
  const auto most_entries = bound("omniverse.list_cache_entries", 50'000);
  while (folders_.size() > 1 && (folders_.size() > most || entries_ > most_entries)) {
    FolderPtr oldest;
    for (const auto& [key, folder] : folders_) {
      if (folder != but && (!oldest || folder->used_at < oldest->used_at)) oldest = folder;
    }
    drop(oldest);
  }
}

void ListCache::wait_to_tidy() {
  if (timer_) return;
  using std::chrono::milliseconds;
  const auto wait = std::clamp(keep(), milliseconds(1000), milliseconds(10'000));
  timer_ = host_.loop.after(wait, [this] { tidy(); });
}

/// Ends what nobody uses.
void ListCache::tidy() {
  const auto spent = std::exchange(timer_, nullptr);  // This is called by it.
  std::vector<FolderPtr> unused;
  const auto now = Clock::now();
  const bool bypassed = host_.connecting().bypass_list_cache;
  for (const auto& [key, folder] : folders_) {
    if (bypassed || now - folder->used_at > keep()) unused.push_back(folder);
  }
  for (const auto& folder : unused) drop(folder);
  if (!folders_.empty()) wait_to_tidy();
}

}  // namespace omniclient::omniverse
