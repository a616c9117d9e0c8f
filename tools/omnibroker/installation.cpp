#include "installation.hpp"

#include <cstdlib>
#include <string_view>
#include <system_error>

namespace omnibroker::tools {
namespace fs = std::filesystem;
namespace {

fs::path executable() {
  std::error_code failure;
  return fs::read_symlink("/proc/self/exe", failure);
}

bool is_folder(const fs::path& path) {
  std::error_code failure;
  return fs::is_directory(path, failure);
}

bool is_file(const fs::path& path) {
  std::error_code failure;
  return fs::is_regular_file(path, failure);
}

std::vector<fs::path> folders_of_environment() {
  std::vector<fs::path> folders;
  const char* given = std::getenv("OMNIBROKER_PLUGIN_PATH");
  std::string_view rest = given == nullptr ? "" : given;
  while (!rest.empty()) {
    const auto end = rest.find(':');
    if (const auto folder = rest.substr(0, end); !folder.empty()) folders.emplace_back(folder);
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return folders;
}

}  // namespace

std::vector<fs::path> plugin_folders(const std::vector<std::string>& configured) {
  std::vector<fs::path> folders(configured.begin(), configured.end());
  const auto here = executable().parent_path();
  auto more = folders_of_environment();
  more.push_back((here / "../plugins").lexically_normal());
  more.push_back((here / ".." / OMNIBROKER_LIBRARY_FOLDER / "omnibroker/plugins").lexically_normal());
  for (auto& folder : more) {
    if (is_folder(folder)) folders.push_back(std::move(folder));
  }
  return folders;
}

Result<fs::path> default_config() {
  const auto here = executable().parent_path();
  const fs::path places[] = {
      "configs/gateway.yaml",
      (here / "../../../configs/gateway.yaml").lexically_normal(),
      (here / "../share/omnibroker/configs/gateway.yaml").lexically_normal(),
  };
  std::string looked;
  for (const auto& place : places) {
    if (is_file(place)) return place;
    looked += (looked.empty() ? "" : ", ") + place.string();
  }
  return Error{ErrorCode::NotFound, "No configuration is given, and there is none at " + looked};
}

fs::path executable_path() { return executable(); }

Result<fs::path> command_program(const std::string& name) {
  const auto here = executable().parent_path();
  const auto file = "omnibroker/omnibroker-" + name;
  const fs::path places[] = {(here / "../libexec" / file).lexically_normal(),
                             (here / ".." / OMNIBROKER_PROGRAM_FOLDER / file).lexically_normal()};
  for (const auto& place : places) {
    if (is_file(place)) return place;
  }
  return Error{ErrorCode::NotFound,
               "The plugin that brings this command is not installed: there is no " + places[0].string()};
}

std::string program_name() {
  const auto program = executable();
  std::error_code failure;
  const auto current = fs::current_path(failure);
  const auto relative = program.lexically_relative(current);
  if (failure || relative.empty() || *relative.begin() == "..") return program.string();
  return relative.parent_path().empty() ? "./" + relative.string() : relative.string();
}

}  // namespace omnibroker::tools
