#include "private_folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

Status make_private(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return Error{ErrorCode::Unavailable, folder.string() + " cannot be made: " + reason()};
  }
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat found {};
  if (opened >= 0 && ::fstat(opened, &found) == 0 && found.st_uid == ::geteuid()) ::fchmod(opened, S_IRWXU);
  if (opened >= 0) ::close(opened);
  return is_private(folder);
}

Status is_private(const std::filesystem::path& folder) {
  const auto refused = [&](const std::string& why) {
    return Error{ErrorCode::Unavailable, folder.string() + " is not used: it " + why};
  };
  struct stat found {};
  if (::lstat(folder.c_str(), &found) != 0) {
    return Error{ErrorCode::NotFound, folder.string() + ": " + reason()};
  }
  if (S_ISLNK(found.st_mode)) return refused("is a symbolic link");
  if (!S_ISDIR(found.st_mode)) return refused("is no folder");
  if (found.st_uid != ::geteuid()) return refused("belongs to user " + std::to_string(found.st_uid));
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) return refused("is open to other users");
  return {};
}

}  // namespace omnibroker::tools
