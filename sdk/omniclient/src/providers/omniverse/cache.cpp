#include "providers/omniverse/cache.hpp"

#include "engine/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace omniclient::omniverse {
namespace fs = std::filesystem;

namespace {

bool write_whole(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Removes `path` where nobody holds `file`.
void remove_unless_held(const fs::path& path, const files::Descriptor& file) {
  std::error_code ignored;
  if (file && file.is_left_behind()) fs::remove_all(path, ignored);
}

/// The content, and not what a loss of power has left of it.
bool is_whole(const fs::path& content, std::uint64_t size) {
  std::error_code error;
  const auto found = fs::file_size(content, error);
  if (error) return false;
  if (found == size) return true;
  log::warning("cache", {content.string(), " has ", std::to_string(found), " bytes instead of ", std::to_string(size),
                         "; it is fetched again"});
  fs::remove(content, error);
  return false;
}

/// A link or, where there can be none, a copy.
bool lend(const fs::path& content, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(content, to, error);
  if (error) fs::copy_file(content, to, error);
  return !error;
}

/// 0, or the errno: EBUSY where somebody tidied up before the file was held.
int try_to_write_beside(const fs::path& folder, const Content& content, const std::string& hash) {
  auto temporary = (folder / ".new-XXXXXX").string();
  const files::Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return errno;
  int error = file.hold() ? 0 : EBUSY;
  if (error == 0 && (!write_whole(file.number(), content.view()) || ::fchmod(file.number(), 0400) != 0 ||
                     ::fsync(file.number()) != 0 || ::rename(temporary.c_str(), (folder / hash).c_str()) != 0)) {
    error = errno;
  }
  if (error != 0) ::unlink(temporary.c_str());
  return error;
}

int write_beside(const fs::path& folder, const Content& content, const std::string& hash) {
  int error = EBUSY;
  for (int attempt = 0; error == EBUSY && attempt < 100; ++attempt) error = try_to_write_beside(folder, content, hash);
  return error;
}

}  // namespace

fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "omniclient";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / ".cache" / "omniclient";
  return {};
}

Cache::Cache(fs::path folder, std::function<std::uint64_t()> limit)
    : folder_(std::move(folder)), limit_(std::move(limit)) {}

Cache::~Cache() { end(); }

void Cache::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  std::error_code ignored;
  if (!own_.empty()) fs::remove_all(own_, ignored);
  own_.clear();
  own_lock_ = files::Descriptor();
}

fs::path Cache::own_folder() {
  const std::lock_guard lock(mutex_);
  std::error_code ignored;
  if (ended_ || (!own_.empty() && fs::exists(own_ / "lock", ignored))) return own_;
  own_.clear();  // Somebody has cleared the cache.
  fs::create_directories(folder_ / "open", ignored);
  // Whoever tidies up may take one that is not held yet; then there is another one.
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto name = (folder_ / "open" / "XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) break;
    files::Descriptor file(::open((name + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || !file.hold()) continue;
    own_ = name;
    own_lock_ = std::move(file);
    break;
  }
  return own_;
}

std::optional<std::string> Cache::open(const std::shared_ptr<Operation>& operation, const std::string& hash,
                                       std::uint64_t size, const std::string& name) {
  if (folder_.empty() || name.empty() || name == "." || name == "..") return std::nullopt;
  std::call_once(tidied_, [this] { tidy(); });
  const auto content = folder_ / "content" / hash;
  if (!is_whole(content, size)) return std::nullopt;
  const auto own = own_folder();
  if (own.empty()) return std::nullopt;
  const auto place = own / std::to_string(++last_);
  std::error_code error;
  if (!fs::create_directory(place, error) || !lend(content, place / name)) {
    fs::remove_all(place, error);
    return std::nullopt;
  }
  ::utimensat(AT_FDCWD, content.c_str(), nullptr, 0);  // It was used now.
  operation->on_cancel([place] {
    std::error_code ignored;
    fs::remove_all(place, ignored);
  });
  return (place / name).string();
}

bool Cache::store(const Content& content, const std::string& hash) {
  if (folder_.empty()) {
    log::warning("cache", {"There is no place for local files: neither XDG_CACHE_HOME nor HOME is an absolute path"});
    return false;
  }
  std::error_code ignored;
  fs::create_directories(folder_ / "content", ignored);
  if (const int error = write_beside(folder_ / "content", content, hash)) {
    log::warning("cache", {(folder_ / "content").string(), ": a content cannot be kept: ", std::strerror(error)});
    return false;
  }
  make_room(content.size(), hash);
  return true;
}

/// Takes away what processes have left that are gone.
void Cache::tidy() {
  std::error_code error;
  for (const auto& one : fs::directory_iterator(folder_ / "open", error)) {
    const auto lock = one.path() / "lock";
    remove_unless_held(one.path(),
                       files::Descriptor(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)));
  }
  for (const auto& one : fs::directory_iterator(folder_ / "content", error)) {
    if (one.path().filename().string().compare(0, 5, ".new-") != 0) continue;
    remove_unless_held(one.path(), files::Descriptor(::open(one.path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)));
  }
}

void Cache::make_room(std::uint64_t size, const std::string& keep) {
  struct Kept {
    fs::file_time_type used;
    std::uint64_t size;
    fs::path path;
  };
  const std::lock_guard lock(mutex_);
  const auto limit = limit_();
  // To look at all of them takes long, so it is done when that much has been stored that it may be needed, and then
  // more room is made than is needed at once. Others store something, too.
  const auto slack = limit / 16;
  stored_ += size;
  if (counted_ && stored_ <= slack && *counted_ + stored_ <= limit) return;
  std::vector<Kept> kept;
  std::uint64_t all = 0;
  std::error_code error;
  for (const auto& one : fs::directory_iterator(folder_ / "content", error)) {
    if (one.path().filename().string().front() == '.') continue;
    Kept file{one.last_write_time(error), one.file_size(error), one.path()};
    if (error) continue;  // Somebody else makes room, too.
    all += file.size;
    kept.push_back(std::move(file));
  }
  const auto wanted = all <= limit ? limit : limit - slack;
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const auto& one : kept) {
    if (all <= wanted) break;
    if (one.path.filename() != keep && fs::remove(one.path, error)) all -= one.size;
  }
  counted_ = all;
  stored_ = 0;
}

}  // namespace omniclient::omniverse
