#include "crash_folder.hpp"

#include "private_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "crashes";

fs::path temporary_folder() { return "/tmp/omnibroker-" + std::to_string(::geteuid()); }

/// An absolute path from the environment; empty where it is none.
fs::path from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value != '/') return {};
  return std::string_view(value).substr(0, std::string_view(value).find(':'));  // systemd may give several
}

Status make_own(const fs::path& folder) {
  // In /tmp anybody could have made the folder around it.
  if (folder.parent_path() == temporary_folder()) {
    if (auto status = make_private(folder.parent_path()); !status) return status;
  }
  std::error_code failed;
  fs::create_directories(folder.parent_path(), failed);  // what comes of it shows in the next step
  return make_private(folder);
}

/// One that an operator names is left as it is: he may keep other things there.
Status make_named(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder.parent_path(), failed);
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return Error{ErrorCode::Unavailable,
                 folder.string() + " cannot be made: " + std::generic_category().message(errno)};
  }
  auto status = is_private(folder);
  if (status && ::access(folder.c_str(), W_OK | X_OK) != 0) {
    return Error{ErrorCode::Unavailable,
                 folder.string() + " cannot be written to: " + std::generic_category().message(errno)};
  }
  return status;
}

}  // namespace

std::vector<fs::path> crash_folders() {
  std::vector<fs::path> folders;
  if (const auto state = from_environment("STATE_DIRECTORY"); !state.empty()) folders.push_back(state / kName);
  if (const auto state = from_environment("XDG_STATE_HOME"); !state.empty()) {
    folders.push_back(state / "omnibroker" / kName);
  }
  if (::geteuid() == 0) {
    folders.push_back(fs::path("/var/lib/omnibroker") / kName);
  } else if (const auto home = from_environment("HOME"); !home.empty()) {
    folders.push_back(home / ".local/state/omnibroker" / kName);
  }
  folders.push_back(temporary_folder() / kName);
  return folders;
}

Result<fs::path> open_crash_folder(const core::CrashesConfig& config) {
  if (config.folder == "off") return fs::path();
  if (config.is_path()) {
    const auto status = make_named(config.folder);
    if (!status) return Error{status.error().code, "The folder for crash reports: " + status.error().message};
    return fs::path(config.folder);
  }
  Error error{ErrorCode::Unavailable, "There is no folder for crash reports"};
  for (const auto& folder : crash_folders()) {
    const auto status = make_own(folder);
    if (status) return folder;
    error = status.error();
  }
  return error;
}

std::vector<fs::path> existing_crash_folders(const core::CrashesConfig& config) {
  if (config.folder == "off") return {};
  std::vector<fs::path> folders;
  for (const auto& folder : config.is_path() ? std::vector<fs::path>{config.folder} : crash_folders()) {
    if (is_private(folder)) folders.push_back(folder);
  }
  return folders;
}

}  // namespace omnibroker::tools
