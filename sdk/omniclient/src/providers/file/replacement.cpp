#include "providers/file/replacement.hpp"

#include "providers/file/entries.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <vector>

namespace omniclient::files {
namespace {

constexpr std::size_t kPiece = 4u << 20;

std::atomic<std::uint64_t> last_number{0};

std::string temporary_name() {
  return std::string(kTemporaryPrefix) + std::to_string(getpid()) + "-" + std::to_string(++last_number);
}

constexpr const char* kAccessList = "system.posix_acl_access";

/// An attribute of a file; nothing where it has none of this name, or it cannot be read.
std::optional<std::string> attribute(const std::string& path, const char* name) {
  std::string value(64u << 10, '\0');  // As large as Linux allows.
  const auto size = ::getxattr(path.c_str(), name, value.data(), value.size());
  if (size < 0) return std::nullopt;
  value.resize(static_cast<std::size_t>(size));
  return value;
}

void copy_user_attributes(const std::string& from, int to) {
  std::string names(64u << 10, '\0');
  const auto size = ::listxattr(from.c_str(), names.data(), names.size());
  for (std::size_t at = 0; size > 0 && at < static_cast<std::size_t>(size);) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (name.compare(0, 5, "user.") != 0) continue;
    const auto value = attribute(from, name.c_str());
    if (value) (void)::fsetxattr(to, name.c_str(), value->data(), value->size(), 0);
  }
}

/// Whether the new file has the access list of the old one, or neither has one.
bool copy_access_list(const std::string& from, int to) {
  const auto list = attribute(from, kAccessList);
  if (list) return ::fsetxattr(to, kAccessList, list->data(), list->size(), 0) == 0;
  (void)::fremovexattr(to, kAccessList);  // Its folder may give one to what is made there.
  return true;
}

void report(Operation& operation, std::size_t done, std::size_t all) {
  if (all > 0) operation.progress(static_cast<int>(done * 100 / all));
}

}  // namespace

Replacement::Replacement(std::string place) : place_(std::move(place)) {}

Replacement::~Replacement() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

int Replacement::open(const mode_t* mode) {
  const auto folder = folder_of(place_);
  struct stat old {};
  const bool replaces = ::stat(place_.c_str(), &old) == 0 && S_ISREG(old.st_mode);
  // What others may not read in the end, they may not read before. What a file may do as its owner is not copied.
  const mode_t first_mode = mode == nullptr && !replaces ? 0666 : S_IRUSR | S_IWUSR;
  // Another process may have left the same name behind.
  for (int attempt = 0; attempt < 100; ++attempt) {
    auto name = (folder == "/" ? "" : folder) + "/" + temporary_name();
    file_ = Descriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, first_mode));
    if (file_ && !file_.hold()) continue;
    if (file_) {
      temporary_ = std::move(name);
      if (replaces) return take_over(old);
      if (mode != nullptr && ::fchmod(file_.number(), *mode & 0777) != 0) return errno;
      return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

int Replacement::take_over(const struct stat& old) {
  const int file = file_.number();
  copy_user_attributes(place_, file);
  // Only root may give a file away, but its group may be one of the process's.
  const bool given = ::fchown(file, old.st_uid, old.st_gid) == 0;
  const bool same_group = given || ::fchown(file, static_cast<uid_t>(-1), old.st_gid) == 0;
  const bool same_list = copy_access_list(place_, file);
  mode_t mode = old.st_mode & 0777;
  if (!same_group || !same_list) mode &= ~static_cast<mode_t>(S_IRWXG) | (mode & S_IRWXO) << 3;
  return ::fchmod(file, mode) == 0 ? 0 : errno;
}

int Replacement::append(std::string_view bytes, Operation& operation) {
  const auto all = bytes.size();
  while (!bytes.empty()) {
    if (operation.cancelled()) return ECANCELED;
    const auto written = ::write(file_.number(), bytes.data(), std::min(bytes.size(), kPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    report(operation, all - bytes.size(), all);
  }
  return 0;
}

int Replacement::append_file(int source, std::size_t size, Operation& operation) {
  std::size_t done = 0;
  bool by_kernel = true;
  std::vector<char> buffer;
  for (;;) {
    if (operation.cancelled()) return ECANCELED;
    ssize_t moved = 0;
    if (by_kernel) {
      moved = ::copy_file_range(source, nullptr, file_.number(), nullptr, kPiece, 0);
      // Not between these file systems; and files of the kernel say that they are empty.
      if (moved <= 0 && done == 0 && (moved == 0 || errno != EINTR)) {
        by_kernel = false;
        buffer.resize(256u << 10);
        continue;
      }
    } else {
      moved = ::read(source, buffer.data(), buffer.size());
      if (moved > 0) {
        Operation quiet;
        if (const int error = append({buffer.data(), static_cast<std::size_t>(moved)}, quiet)) return error;
      }
    }
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return errno;
    if (moved == 0) return 0;
    done += static_cast<std::size_t>(moved);
    report(operation, std::min(done, size), size);
  }
}

int Replacement::put(bool exclusive) {
  if (::fsync(file_.number()) != 0) return errno;
  int failed = 0;
  bool linked = false;
  if (exclusive) {
    failed = ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, place_.c_str(), RENAME_NOREPLACE);
    // Some file systems cannot; a hard link is refused where something is there, too.
    linked = failed != 0 && errno == EINVAL;
    if (linked) failed = ::link(temporary_.c_str(), place_.c_str());
  } else {
    failed = ::rename(temporary_.c_str(), place_.c_str());
  }
  if (failed != 0) return errno;
  if (linked) ::unlink(temporary_.c_str());  // Otherwise it is gone, and the name may be somebody else's by now.
  temporary_.clear();
  flush_folder(folder_of(place_));
  return 0;
}

std::string Replacement::version() const { return version_of(file_.number()); }

bool remove_left_behind(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!file) file = Descriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  return file && file.is_left_behind() && ::unlink(path.c_str()) == 0;
}

void flush_folder(const std::string& folder) {
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor) (void)::fsync(descriptor.number());
}

}  // namespace omniclient::files
