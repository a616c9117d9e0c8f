#include "uploads.hpp"

#include "tokens.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::plugins::nucleus {
namespace {

store::Error unknown() { return {store::Code::InvalidContentId, "There is no upload with this content id"}; }

}  // namespace

store::Result<Uploads::Begun> Uploads::begin(const std::string& user) {
  drop_forgotten();
  auto upload = store_.begin_upload();
  if (!upload) return upload.error();
  auto one = std::make_shared<One>();
  one->user = user;
  one->upload = std::move(*upload);
  one->touched = Clock::now();
  const std::lock_guard lock(mutex_);
  const auto his =
      std::count_if(all_.begin(), all_.end(), [&](const auto& entry) { return entry.second->user == user; });
  if (all_.size() >= kMost || static_cast<std::size_t>(his) >= kMostOfOneUser) {
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

store::Status Uploads::write(const std::string& id, const std::string& user, std::uint64_t offset,
                             std::string_view bytes) {
  const auto one = find(id, user);
  if (!one) return unknown();
  const std::shared_lock writing(one->mutex);
  if (!one->upload) return store::Error{store::Code::InvalidContentId, "The content is in use already"};
  auto written = one->upload->write(offset, bytes);
  const std::lock_guard lock(mutex_);
  if (!written && written.error().code == store::Code::QuotaReached) all_.erase(id);  // what it has holds up others
  if (!written) return written;
  one->end = std::max(one->end, offset + bytes.size());
  return store::Done{};
}

store::Result<store::Content> Uploads::content(const std::string& id, const std::string& user) {
  const auto one = find(id, user);
  if (!one) return unknown();
  const std::unique_lock alone(one->mutex);
  if (one->content) return *one->content;
  const auto end = [&] {
    const std::lock_guard lock(mutex_);
    return one->end;
  }();
  auto content = one->upload->finish(end);
  if (!content) return content;
  one->content = *content;
  one->upload.reset();
  return content;
}

void Uploads::drop_forgotten() {
  std::vector<std::shared_ptr<One>> dropped;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  const auto before = Clock::now() - kLifetime;
  std::erase_if(all_, [&](auto& entry) {
    if (entry.second->touched >= before) return false;
    dropped.push_back(std::move(entry.second));
    return true;
  });
}

}  // namespace omnibroker::plugins::nucleus
