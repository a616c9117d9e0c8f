#include "disk.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace omnibroker::nucleus::store {

namespace {

[[noreturn]] void fail(int reason, const char* what, const std::filesystem::path& path) {
  const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
  refuse(full ? Code::QuotaReached : Code::InternalError,
         path.string() + " cannot be " + what + ": " + std::strerror(reason));
}

constexpr std::size_t kCopyPiece = std::size_t{1} << 20;

}  // namespace

File File::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(errno, "opened", path);
  return {fd, path};
}

File File::create(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail(errno, "made", path);
  return {fd, path};
}

File File::open_or_create(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail(errno, "opened", path);
  return {fd, path};
}

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

void File::write(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno, "written", path_);
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::size_t File::read(std::uint64_t offset, char* into, std::size_t size) const {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd_, into + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno, "read", path_);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

std::uint64_t File::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) fail(errno, "looked at", path_);
  return static_cast<std::uint64_t>(status.st_size);
}

void File::sync() const {
  if (::fdatasync(fd_) != 0) fail(errno, "brought to the disk", path_);
}

void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) fail(errno, "opened", folder);
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failed) fail(failed, "brought to the disk", folder);
}

void make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) fail(errno, "made", folder);
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) fail(errno, "renamed", from);
}

void link_or_copy(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return;
  if (errno != EXDEV && errno != EPERM && errno != EMLINK && errno != EOPNOTSUPP) fail(errno, "linked", from);
  const File source = File::open(from);
  const File target = File::create(to);
  std::vector<char> piece(kCopyPiece);
  for (std::uint64_t offset = 0;;) {
    const std::size_t got = source.read(offset, piece.data(), piece.size());
    if (got == 0) break;
    target.write(offset, {piece.data(), got});
    offset += got;
  }
  target.sync();
}

FolderLock::FolderLock(const std::filesystem::path& folder) : file_(File::open_or_create(folder / "lock")) {
  if (::flock(file_.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) fail(errno, "locked", file_.path());
    std::array<char, 32> number{};
    const std::size_t size = file_.read(0, number.data(), number.size());
    refuse(Code::ResourceBusy, folder.string() + " is open in process " + std::string(number.data(), size));
  }
  if (::ftruncate(file_.fd(), 0) != 0) fail(errno, "written", file_.path());
  file_.write(0, std::to_string(::getpid()));
}

}  // namespace omnibroker::nucleus::store
