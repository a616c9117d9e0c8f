#include "content_folder.hpp"

#include <cstdio>
#include <iterator>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace omnibroker::nucleus::store {

namespace fs = std::filesystem;

void Pins::hold(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  ++held_[digest];
}

void Pins::release(const std::string& digest, std::uint64_t left) {
  const std::lock_guard lock(mutex_);
  if (left > 0) strays_.push_back({digest, left});
  const auto it = held_.find(digest);
  if (--it->second == 0) held_.erase(it);
}

bool Pins::has_strays() const {
  const std::lock_guard lock(mutex_);
  return !strays_.empty();
}

std::vector<Pins::Stray> Pins::take_strays() {
  const std::lock_guard lock(mutex_);
  return std::exchange(strays_, {});
}

void Pins::leave(std::vector<Stray> strays) {
  const std::lock_guard lock(mutex_);
  strays_.insert(strays_.end(), std::make_move_iterator(strays.begin()), std::make_move_iterator(strays.end()));
}

bool Pins::held(const std::string& digest) const {
  const std::lock_guard lock(mutex_);
  return held_.contains(digest);
}

bool Pins::remove_unless_held(const std::string& digest, const std::function<void()>& remove) {
  const std::lock_guard lock(mutex_);
  if (held_.contains(digest)) return false;
  remove();
  return true;
}

Pin::Pin(std::shared_ptr<Pins> by, std::string name, std::uint64_t bytes_long)
    : pins(std::move(by)), digest(std::move(name)), size(bytes_long) {
  if (pins) pins->hold(digest);
}

Pin::~Pin() {
  if (pins) pins->release(digest, staged_);
}

void Pin::name() const {
  if (!pins) return;
  named_ = true;
  pins->staged -= staged_.exchange(0);
}

Content::Content() {
  static const auto empty = [] {
    auto pin = std::make_shared<Pin>(nullptr, digest_of({}), 0);
    pin->bytes.emplace();
    return pin;
  }();
  pin_ = empty;
}

std::uint64_t Content::size() const { return pin_->size; }
std::string Content::hash() const { return hex(pin_->digest); }
bool Content::is_named() const { return pin_->is_named(); }

ContentFolder::ContentFolder(fs::path folder, const Options& options, Use use)
    : folder_(std::move(folder)),
      largest_(options.largest_content),
      quota_(options.quota),
      inline_below_(options.inline_below) {
  if (use == Use::Read) return;
  make_folder(folder_);
  std::error_code error;
  fs::remove_all(folder_ / "tmp", error);
  make_folder(folder_ / "tmp");
}

Content ContentFolder::stage(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.size() > largest_) {
    refuse(Code::QuotaReached,
           "a content has at most " + std::to_string(largest_) + " bytes: this one " + std::to_string(bytes.size()));
  }
  if (bytes.size() < inline_below_) {
    auto pin = std::make_shared<Pin>(pins_, digest_of(bytes), bytes.size());
    pin->bytes.emplace(bytes);
    return Content(std::move(pin));
  }
  ContentHash hash;
  hash.add(bytes);
  auto sums = hash.finish();
  auto pin = std::make_shared<Pin>(pins_, std::move(sums.digest), bytes.size());
  pin->checks = std::move(sums.checks);
  if (has(pin->digest, bytes)) {
    sync_folder(shard_of(pin->digest));  // Whoever made it may still be about to.
    return Content(std::move(pin));
  }

  reserve(bytes.size());
  pin->count(bytes.size());
  const auto path = temporary();
  try {
    const File file = File::create(path);
    file.write(0, bytes);
    publish(file, pin->digest);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  return Content(std::move(pin));
}

Content ContentFolder::known(StoredContent row) {
  auto pin = std::make_shared<Pin>(pins_, std::move(row.digest), row.size);
  pin->bytes = std::move(row.bytes);
  pin->checks = std::move(row.checks);
  return Content(std::move(pin));
}

fs::path ContentFolder::path_of(const std::string& digest) const {
  const auto name = hex(digest);
  return folder_ / name.substr(0, 2) / name.substr(2);
}

fs::path ContentFolder::temporary() { return folder_ / "tmp" / std::to_string(next_temporary_++); }

void ContentFolder::reserve(std::uint64_t bytes) const {
  const auto staged = pins_->staged += bytes;
  if (quota_ == 0 || pins_->used + staged <= quota_) return;
  pins_->staged -= bytes;
  refuse(Code::QuotaReached, "the store has at most " + std::to_string(quota_) +
                                 " bytes of content: " + std::to_string(pins_->used) + " are taken, " +
                                 std::to_string(bytes) + " more do not fit");
}

void ContentFolder::publish(const File& file, const std::string& digest) {
  file.sync();
  const auto shard = shard_of(digest);
  // One that is there already is the same, or damaged: either way this one may take its place. Who reads it has it
  // open.
  rename_file(file.path(), path_of(digest));
  sync_folder(shard);
}

fs::path ContentFolder::shard_of(const std::string& digest) {
  auto shard = path_of(digest).parent_path();
  auto& known = shards_[static_cast<unsigned char>(digest[0])];
  if (!known) {
    make_folder(shard);
    sync_folder(folder_);
    known = true;
  }
  return shard;
}

bool ContentFolder::has(const std::string& digest, std::string_view bytes) const {
  const auto path = path_of(digest);
  std::error_code error;
  if (fs::file_size(path, error) != bytes.size() || error) return false;
  const File file = File::open(path);
  std::vector<char> piece(kBlock);
  for (std::size_t offset = 0; offset < bytes.size();) {
    const auto part = bytes.substr(offset, piece.size());
    if (file.read(offset, piece.data(), part.size()) != part.size()) return false;
    if (std::string_view(piece.data(), part.size()) != part) return false;
    offset += part.size();
  }
  return true;
}

bool ContentFolder::unlink(const std::string& digest) const { return ::unlink(path_of(digest).c_str()) == 0; }

std::uint64_t ContentFolder::remove_strays(const std::function<bool(const std::string&)>& is_named) {
  if (pins_->uncertain) return 0;
  std::uint64_t removed = 0;
  auto strays = pins_->take_strays();
  std::vector<Pins::Stray> stay;
  try {
    for (; !strays.empty(); strays.pop_back()) {
      const auto& [digest, size] = strays.back();
      // Out of the way at once: what a large file costs to remove nobody waits for who wants to hold another one.
      const auto aside = temporary();
      bool moved = false;
      const bool free = pins_->remove_unless_held(digest, [&, &name = digest] {
        if (!is_named(name)) moved = std::rename(path_of(name).c_str(), aside.c_str()) == 0;
      });
      if (moved) removed += ::unlink(aside.c_str()) == 0 ? 1 : 0;
      if (free) {
        pins_->staged -= size;
      } else {
        stay.push_back(strays.back());
      }
    }
  } catch (...) {
    pins_->leave(std::move(strays));
    pins_->leave(std::move(stay));
    throw;
  }
  pins_->leave(std::move(stay));
  return removed;
}

void ContentFolder::for_each(const std::function<void(const std::string&, std::uint64_t)>& visit) const {
  for (const auto& shard : fs::directory_iterator(folder_)) {
    if (!shard.is_directory()) continue;
    for (const auto& file : fs::directory_iterator(shard.path())) {
      const auto digest = digest_from_hex(shard.path().filename().string() + file.path().filename().string());
      std::error_code error;
      const auto size = file.file_size(error);
      if (digest && !error) visit(*digest, size);
    }
  }
}

std::string ContentFolder::examine(const StoredContent& row) const {
  const auto name = "content " + hex(row.digest);
  if (row.bytes) {
    if (row.bytes->size() != row.size) return name + " has the wrong size in the database";
    return digest_of(*row.bytes) == row.digest ? "" : name + " is damaged in the database";
  }
  const auto path = path_of(row.digest);
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return name + " is missing: " + path.string() + ": " + error.message();
  if (size != row.size) {
    return name + " has " + std::to_string(size) + " bytes instead of " + std::to_string(row.size) + ": " +
           path.string();
  }
  const File file = File::open(path);
  ContentHash hash;
  std::vector<char> piece(kBlock);
  for (std::uint64_t offset = 0; offset < size;) {
    const auto got = file.read(offset, piece.data(), piece.size());
    if (got == 0) break;
    hash.add({piece.data(), got});
    offset += got;
  }
  const auto sums = hash.finish();
  if (sums.digest != row.digest) return name + " is damaged: " + path.string();
  return sums.checks == row.checks ? "" : name + " has the wrong checks in the database";
}

}  // namespace omnibroker::nucleus::store
