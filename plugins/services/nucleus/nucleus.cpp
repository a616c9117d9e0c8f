#include "nucleus.hpp"

#include "store/rights_then.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <unistd.h>
#include <utility>

namespace omnibroker::plugins::nucleus {
namespace {

/// The folders that are open in this process, each by its one name.
struct Registry {
  std::mutex mutex;
  std::map<std::filesystem::path, std::weak_ptr<Nucleus>> open;  // guarded by mutex
};

Registry& registry() {
  static Registry all;
  return all;
}

Error failed(const store::Error& error) {
  return {error.code == store::Code::ResourceBusy ? ErrorCode::Unavailable : ErrorCode::InvalidArgument, error.message};
}

/// For this user alone, and on the disk.
Status write_secret(const std::filesystem::path& file, const std::string& text) {
  ::unlink(file.c_str());  // of a start that did not come to its end
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool done = descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
              ::fsync(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (done) return {};
  return Error{ErrorCode::Internal, file.string() + " cannot be written: " + std::strerror(reason)};
}

/// Whether something has been moved to where other access lists are in force.
bool has_other_rights(const store::Change& change) {
  if (change.event != store::PathEvent::Rename) return false;
  return !change.rights || !change.destination_rights || change.rights->lists != change.destination_rights->lists;
}

}  // namespace

void Sessions::add(const std::string& connection, const std::string& token, store::Actor user) {
  const std::lock_guard lock(mutex_);
  sessions_[connection] = {token, std::move(user)};
}

void Sessions::remove(const std::string& connection) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(connection);
}

std::optional<store::Actor> Sessions::user(const std::string& connection, std::string_view token) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(connection);
  if (found == sessions_.end() || !same_secret(found->second.token, token)) return std::nullopt;
  return found->second.user;
}

Nucleus::Nucleus()
    : hub_([this](std::function<void()> work) { return run(std::move(work)); }),
      look_after_channels_([this](std::function<void()> work) { return run(std::move(work)); },
                           [this] { channels_.look_after(); }),
      tidy_([this](std::function<void()> work) { return run(std::move(work)); }, [this] { tidy(); }) {}

Result<std::shared_ptr<Nucleus>> Nucleus::open(const std::string& folder, const store::Options& options) {
  // Absolute first: of a relative path that is not there yet nothing canonical is made.
  std::error_code ignored;
  const auto name = std::filesystem::weakly_canonical(std::filesystem::absolute(folder, ignored), ignored);
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  if (auto there = all.open[name].lock()) {
    if (there->quota_ == options.quota) return there;
    return Error{ErrorCode::Conflict, "The data folder " + folder +
                                          " is open with another quota; all services of one " +
                                          "folder must have the same"};
  }
  std::shared_ptr<Nucleus> made(new Nucleus);
  auto opened = store::Store::open(name, options,
                                   [nucleus = made.get()](const store::Change& change) { nucleus->listen(change); });
  if (!opened) return failed(opened.error());
  made->store_ = std::move(*opened);
  made->quota_ = options.quota;
  auto secret = made->store_->secret("service");
  if (!secret) return failed(secret.error());
  made->secret_ = std::move(*secret);
  made->tokens_ = std::make_unique<AccessTokens>(signature(made->secret_, "access tokens"));
  made->uploads_ = std::make_unique<Uploads>(*made->store_);
  all.open[name] = made;
  return made;
}

Result<Nucleus::FirstAdmin> Nucleus::make_first_admin(const std::string& user, const std::string& password) {
  const std::lock_guard lock(first_admin_);  // of two services on one folder one makes him
  const auto users = store_->users();
  if (!users) return Error{ErrorCode::Internal, users.error().message};
  FirstAdmin made;
  if (!users->empty()) return made;
  store::CreateUser command;
  command.user.name = user.empty() ? "omniverse" : user;
  command.user.admin = true;
  command.password = user.empty() ? random_word(20) : password;
  if (user.empty()) {
    made.password_file = store_->folder() / "first-password";
    const auto written = write_secret(made.password_file, command.password + "\n");
    if (!written) return written.error();
  }
  made.user = command.user.name;
  const auto done = store_->apply(store::Actor::the_system(), std::move(command));
  if (!done) return Error{ErrorCode::InvalidArgument, "first_admin cannot be made: " + done.error().message};
  return made;
}

void Nucleus::let_go(std::shared_ptr<Nucleus> nucleus) {
  // So that whoever opens it next finds it open, or closed for good, and never half closed.
  const std::lock_guard lock(registry().mutex);
  nucleus.reset();
}

void Nucleus::add_pool(Pool& pool) {
  const std::lock_guard lock(mutex_);
  pools_.push_back(&pool);
}

void Nucleus::remove_pool(Pool& pool) {
  const std::lock_guard lock(mutex_);
  std::erase(pools_, &pool);
  keep_deleted_.erase(&pool);
}

bool Nucleus::run(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  return std::any_of(pools_.begin(), pools_.end(), [&](Pool* pool) { return pool->run(work); });
}

/// On the store's writer: it must not wait, and is done before the change is answered.
void Nucleus::listen(const store::Change& change) {
  using store::PathEvent;
  const bool gone =
      change.event == PathEvent::Delete || change.event == PathEvent::Obliterate || change.event == PathEvent::Rename;
  if (gone && change.entry.type == store::PathType::Channel) {
    channels_.gone(plain_path(change.entry.path), change.transaction_id);
    look_after_channels_.ask();
  }
  hub_.changed(change);
  // What is moved is below other access lists from here on.
  if (change.event == PathEvent::ChangeAcl || has_other_rights(change)) rights_changed();
}

void Nucleus::refused(const store::Error& error) {
  if (error.code != store::Code::QuotaReached) return;
  {
    constexpr auto kPause = std::chrono::seconds(5);
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (made_room_ != decltype(made_room_){} && now - made_room_ < kPause) return;
    made_room_ = now;
  }
  tidy_.ask();
}

void Nucleus::rights_changed() {
  channels_.rights_changed();
  look_after_channels_.ask();
  hub_.check();
}

void Nucleus::release(const std::string& connection) {
  store_->submit(store::Actor::the_system(), store::ReleaseConnection{connection},
                 [this, connection](const store::Result<store::Done>& result) {
                   if (result) return;
                   const std::lock_guard lock(mutex_);
                   unreleased_.push_back(connection);  // there was no room, or the disk fails: `look_after` tries again
                 });
}

void Nucleus::keep_deleted(const Pool& of, std::chrono::nanoseconds how_long) {
  const std::lock_guard lock(mutex_);
  keep_deleted_[&of] = how_long;
}

void Nucleus::look_after(std::chrono::nanoseconds interval) {
  hub_.go_on();
  look_after_channels_.go_on();
  std::vector<std::string> unreleased;
  {
    const std::lock_guard lock(mutex_);
    unreleased.swap(unreleased_);
    for (auto* pool : pools_) pool->go_on();
  }
  for (const auto& connection : unreleased) release(connection);
  store_->submit(store::Actor::the_system(), store::ReleaseExpiredLocks{}, [](store::Result<store::Done>) {});
  tidy_.go_on();
  {
    const std::lock_guard lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now - last_tidied_ < interval) return;
    last_tidied_ = now;
  }
  tidy_.ask();
}

/// What fails is tried again the next time.
void Nucleus::tidy() {
  const auto keep_deleted = [this] {
    const std::lock_guard lock(mutex_);
    std::chrono::nanoseconds longest{0};
    for (const auto& [pool, how_long] : keep_deleted_) {
      if (how_long.count() == 0) return how_long;
      longest = std::max(longest, how_long);
    }
    return longest;
  }();
  uploads_->drop_forgotten();
  if (keep_deleted.count() != 0) {
    const auto now = std::chrono::time_point_cast<store::Time::duration>(std::chrono::system_clock::now());
    static_cast<void>(store_->apply(store::Actor::the_system(), store::Purge{now - keep_deleted}));
  }
  static_cast<void>(store_->collect_garbage());
  const std::lock_guard lock(mutex_);
  made_room_ = std::chrono::steady_clock::now();
}

}  // namespace omnibroker::plugins::nucleus
