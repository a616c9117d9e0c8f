#include "plugin/staging.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <openssl/evp.h>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryPrefix = "omnibroker-plugins-";
constexpr std::size_t kLargestPlugin = std::size_t{1} << 30;  // a device or a wrong path, rather than a plugin

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

Error unreadable(int error) {
  const auto code = error == ENOENT ? ErrorCode::NotFound : ErrorCode::InvalidArgument;
  return {code, error == ENOENT ? "does not exist" : "cannot be read: " + reason(error)};
}

bool write_all(int file, std::span<const std::byte> content) {
  while (!content.empty()) {
    const auto written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// Whether the file is a copy that this class could have made: nobody else may be able to change it later.
bool is_staged_copy(const fs::path& file, const std::string& hash) {
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return false;
  const auto content = read_plugin_file(file);
  return content && content_hash(content.value()) == hash;
}

/// The folder's descriptor with an exclusive lock, or -1 where another process lives in it, or it is not there.
int locked(const fs::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0) return -1;
  struct stat info {};
  const bool own = ::flock(opened, LOCK_EX | LOCK_NB) == 0 && ::fstat(opened, &info) == 0 &&
                   info.st_uid == ::geteuid() && info.st_nlink > 0;  // no links: removed between the two calls
  if (own) return opened;
  ::close(opened);
  return -1;
}

void remove_abandoned_folders(const fs::path& base) {
  std::error_code failed;  // whatever cannot be removed stays, and nothing depends on it
  for (fs::directory_iterator entry(base, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (!entry->path().filename().string().starts_with(kTemporaryPrefix)) continue;
    const Descriptor lock(locked(entry->path()));
    std::error_code ignored;
    if (lock) fs::remove_all(entry->path(), ignored);
  }
}

}  // namespace

Result<std::vector<std::byte>> read_plugin_file(const fs::path& file) {
  // Not waiting: a named pipe in a plugin folder must not stop the broker.
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) return unreadable(errno);
  struct stat info {};
  if (::fstat(opened.get(), &info) != 0) return unreadable(errno);
  if (!S_ISREG(info.st_mode)) return Error{ErrorCode::InvalidArgument, "is not a regular file"};
  if (static_cast<std::uint64_t>(info.st_size) > kLargestPlugin) {
    return Error{ErrorCode::InvalidArgument, "is larger than 1 GiB"};
  }
  std::vector<std::byte> content(static_cast<std::size_t>(info.st_size));
  std::size_t filled = 0;
  while (filled < content.size()) {
    const auto count = ::read(opened.get(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(errno);
    if (count == 0) break;  // it shrank meanwhile: what is left is judged as it is
    filled += static_cast<std::size_t>(count);
  }
  content.resize(filled);
  return content;
}

std::string content_hash(std::span<const std::byte> content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    constexpr const char* kDigits = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

Staging::Staging(fs::path folder) : folder_(std::move(folder)), temporary_(folder_.empty()) {}

Staging::~Staging() {
  if (!temporary_ || !ready_) return;
  std::error_code ignored;  // a folder left behind in the temporary place is all that can come of it
  fs::remove_all(folder_, ignored);
  ::close(lock_);
}

Status Staging::make_temporary_folder() {
  std::error_code failed;
  const auto base = fs::temp_directory_path(failed);
  if (failed)
    return Error{ErrorCode::Unavailable, "There is no temporary folder to stage plugins in: " + failed.message()};
  remove_abandoned_folders(base);
  // Another process may take a new folder for an abandoned one before it is locked: then the next one is ours.
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::string pattern = (base / (std::string(kTemporaryPrefix) + "XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr) break;
    lock_ = locked(pattern);
    if (lock_ < 0) continue;
    folder_ = pattern;
    ready_ = true;
    return {};
  }
  return Error{ErrorCode::Unavailable,
               "A folder to stage plugins in could not be made in " + base.string() + ": " + reason(errno)};
}

Status Staging::prepare_folder() {
  if (ready_) return {};
  std::error_code failed;
  if (temporary_) return make_temporary_folder();
  folder_ = (fs::absolute(folder_, failed) / "").parent_path();  // without a slash at its end
  fs::create_directories(folder_.parent_path(), failed);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{ErrorCode::Unavailable,
                 "The staging folder " + folder_.string() + " cannot be made: " + reason(errno)};
  }
  struct stat info {};
  if (::lstat(folder_.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return Error{ErrorCode::Unavailable, "The staging folder " + folder_.string() + " is not a folder"};
  }
  if (info.st_uid != ::geteuid() || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{ErrorCode::Unavailable,
                 "The staging folder " + folder_.string() +
                     " can be written by others, who could put code into the broker; it must be "
                     "this user's own, with mode 0700"};
  }
  ready_ = true;
  return {};
}

Result<fs::path> Staging::put(std::span<const std::byte> content, const std::string& hash) {
  if (auto status = prepare_folder(); !status) return status.error();
  const fs::path target = folder_ / (hash + ".so");
  if (is_staged_copy(target, hash)) return target;

  const auto failure = [&](int error) {
    return Error{ErrorCode::Unavailable, "A copy cannot be written into " + folder_.string() + ": " + reason(error)};
  };
  std::string partial = (folder_ / ".partial-XXXXXX").string();
  const Descriptor file(::mkostemp(partial.data(), O_CLOEXEC));
  if (!file) return failure(errno);
  if (!write_all(file.get(), content) || ::fchmod(file.get(), 0500) != 0 ||
      ::rename(partial.c_str(), target.c_str()) != 0) {
    const int error = errno;
    ::unlink(partial.c_str());
    return failure(error);
  }
  return target;
}

}  // namespace omnibroker::core
