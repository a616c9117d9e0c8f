#include "providers/omniverse/cache.hpp"

#include "engine/log.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
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

/// The process that a folder in `open` is of, as far as its name says so.
bool is_of_living_process(const std::string& name) {
  pid_t process = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
  if (error != std::errc() || process <= 0) return true;
  return ::kill(process, 0) == 0 || errno != ESRCH;
}

std::string unique_name() {
  static std::atomic<std::uint64_t> last{0};
  return std::to_string(::getpid()) + "-" + std::to_string(++last);
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
    : folder_(std::move(folder)), limit_(std::move(limit)), own_(folder_ / "open" / unique_name()) {}

Cache::~Cache() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(own_, ignored);
}

std::optional<std::string> Cache::open(const std::shared_ptr<Operation>& operation, const std::string& hash,
                                       const std::string& name) {
  if (folder_.empty() || name.empty() || name == "." || name == "..") return std::nullopt;
  std::call_once(tidied_, [this] { tidy(); });
  std::error_code error;
  const auto place = own_ / std::to_string(++last_);
  const auto content = folder_ / "content" / hash;
  if (!fs::exists(content, error)) return std::nullopt;
  fs::create_directories(place, error);
  fs::create_hard_link(content, place / name, error);
  if (error) {
    std::error_code ignored;
    fs::remove_all(place, ignored);
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
  std::error_code error;
  fs::create_directories(folder_ / "content", error);
  const auto temporary = folder_ / "content" / (".new-" + unique_name());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
  bool written = file >= 0 && write_whole(file, content.view()) && ::fsync(file) == 0;
  int problem = errno;
  if (file >= 0 && ::close(file) != 0 && written) {
    written = false;
    problem = errno;
  }
  if (written && ::rename(temporary.c_str(), (folder_ / "content" / hash).c_str()) != 0) {
    written = false;
    problem = errno;
  }
  if (!written) {
    log::warning("cache", {temporary.string(), ": ", std::strerror(problem)});
    ::unlink(temporary.c_str());
    return false;
  }
  make_room(hash);
  return true;
}

/// Takes away what processes have left that are gone.
void Cache::tidy() {
  std::error_code error;
  for (const auto& one : fs::directory_iterator(folder_ / "open", error)) {
    if (!is_of_living_process(one.path().filename())) fs::remove_all(one.path(), error);
  }
  for (const auto& one : fs::directory_iterator(folder_ / "content", error)) {
    const auto name = one.path().filename().string();
    if (name.compare(0, 5, ".new-") == 0 && !is_of_living_process(name.substr(5))) fs::remove(one.path(), error);
  }
}

void Cache::make_room(const std::string& keep) {
  struct Kept {
    fs::file_time_type used;
    std::uint64_t size;
    fs::path path;
  };
  const std::lock_guard lock(mutex_);
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
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const auto& one : kept) {
    if (all <= limit_()) return;
    if (one.path.filename() != keep && fs::remove(one.path, error)) all -= one.size;
  }
}

}  // namespace omniclient::omniverse
