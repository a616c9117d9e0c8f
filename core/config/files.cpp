#include "config/files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace omnibroker::core {
namespace {

Error reason(ErrorCode code, std::string phrase) { return {code, std::move(phrase)}; }

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Error from_system(int code) { return reason(ErrorCode::Unavailable, std::generic_category().message(code)); }

/// What stands against reading a file of this mode.
Status judge(mode_t mode) {
  if (S_ISREG(mode)) return {};
  return reason(ErrorCode::InvalidArgument, S_ISDIR(mode) ? "it is a folder" : "not a regular file");
}

Result<Descriptor> open_regular(const std::filesystem::path& file) {
  if (file.native().find('\0') != std::string::npos) return reason(ErrorCode::InvalidArgument, "its name has a NUL");
  struct stat found {};
  // Looked at before it is opened, because opening a device can do something; and after, because it may be another
  // then.
  if (stat(file.c_str(), &found) != 0) {
    const bool is_missing = errno == ENOENT || errno == ENOTDIR;
    return is_missing ? reason(ErrorCode::NotFound, "No such file") : from_system(errno);
  }
  if (auto status = judge(found.st_mode); !status) return status.error();
  // The kernel has regular files that wait for an event (/proc/kmsg), and a pipe may have taken the place of the file.
  Descriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (descriptor.number() < 0 || fstat(descriptor.number(), &found) != 0) return from_system(errno);
  if (auto status = judge(found.st_mode); !status) return status.error();
  return descriptor;
}

}  // namespace

Result<std::string> read_small_file(const std::filesystem::path& file, std::size_t limit) {
  auto opened = open_regular(file);
  if (!opened) return opened.error();
  std::string content(limit + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const auto count = read(opened->number(), content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return from_system(errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.resize(size);
  if (content.size() > limit) {
    return reason(ErrorCode::ResourceExhausted, "larger than " + std::to_string(limit / 1024) + "KiB");
  }
  return content;
}

Status can_read(const std::filesystem::path& file) {
  const auto opened = open_regular(file);
  return opened ? Status() : Status(opened.error());
}

}  // namespace omnibroker::core
