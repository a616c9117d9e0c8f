#include "uploads.hpp"

#include "tokens.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::plugins::nucleus {
namespace {

store::Error unknown() { return {store::Code::InvalidContentId, "There is no upload with this content id"}; }

}  // namespace

store::Status Uploads::may_write(const store::Actor& by) const {
  const auto user = store_.account(by);
  if (!user && user.error().code == store::Code::UserNotFound) {
    return store::Error{store::Code::Denied, "The user of this token is not there any more"};
  }
  if (!user) return user.error();
  if (user->read_only) return store::Error{store::Code::Denied, "The user may only read"};
  return store::Done{};
}

store::Result<Uploads::Begun> Uploads::begin(const store::Actor& by) {
  if (const auto may = may_write(by); !may) return may.error();
  drop_forgotten();
  auto upload = store_.begin_upload();
  if (!upload) return upload.error();
  auto one = std::make_shared<One>();
  one->user = by.user;
  one->upload = std::move(*upload);
  one->touched = Clock::now();
  std::shared_ptr<One> dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto his =
      std::count_if(all_.begin(), all_.end(), [&](const auto& entry) { return entry.second->user == by.user; });
  const bool his_are_many = static_cast<std::size_t>(his) >= kMostOfOneUser;
  if ((his_are_many || all_.size() >= kMost) && !drop_refused(his_are_many ? by.user : "", dropped)) {
    return store::Error{store::Code::SlowDown, "Too many uploads have been begun and not ended"};
  }
  Begun begun{random_word(32), ++last_number_};
  all_.emplace(begun.id, std::move(one));
  return begun;
}

std::shared_ptr<Uploads::One> Uploads::find(const std::string& id, const std::string& user) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(id);
  if (found == all_.end() || found->second->user != user) return nullptr;
  found->second->touched = Clock::now();
  return found->second;
}

store::Status Uploads::write(const std::string& id, const store::Actor& by, std::uint64_t offset,
                             std::string_view bytes) {
  const auto one = find(id, by.user);
  if (!one) return unknown();
  const auto may = may_write(by);
  const std::shared_lock writing(one->mutex);
  if (!one->upload) return store::Error{store::Code::InvalidContentId, "The content is in use already"};
  auto written = may ? one->upload->write(offset, bytes) : may;
  const std::lock_guard lock(mutex_);
  if (!written) all_.erase(id);  // what it has is not what was sent, and holds up others
  if (!written) return written;
  one->end = std::max(one->end, offset + bytes.size());
  return store::Done{};
}

store::Result<store::Content> Uploads::content(const std::string& id, const std::string& user) {
  const auto one = find(id, user);
  if (!one) return unknown();
  const std::unique_lock alone(one->mutex);
  const auto [done, end] = [&] {
    const std::lock_guard lock(mutex_);
    return std::pair(one->content, one->end);
  }();
  if (done) return *done;
  auto content = one->upload->finish(end);
  if (!content) return content;
  one->upload.reset();
  const std::lock_guard lock(mutex_);
  one->content = *content;
  return content;
}

bool Uploads::drop_refused(const std::string& user, std::shared_ptr<One>& dropped) {
  auto oldest = all_.end();
  for (auto at = all_.begin(); at != all_.end(); ++at) {
    const auto& one = *at->second;
    if (!one.content || (!user.empty() && one.user != user)) continue;
    if (oldest == all_.end() || one.touched < oldest->second->touched) oldest = at;
  }
  if (oldest == all_.end()) return false;
  dropped = std::move(oldest->second);
  all_.erase(oldest);
  return true;
}

void Uploads::drop_forgotten() {
  std::vector<std::shared_ptr<One>> dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto before = Clock::now() - kLifetime;
  std::erase_if(all_, [&](auto& entry) {
    const bool named = entry.second->content && entry.second->content->is_named();
    if (entry.second->touched >= before && !named) return false;
    dropped.push_back(std::move(entry.second));
    return true;
  });
}

}  // namespace omnibroker::plugins::nucleus
