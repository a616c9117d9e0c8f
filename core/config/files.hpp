#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// The content of a regular file of at most `limit` bytes; the reason why not as a phrase: "No such file or directory".
/// Anything else (a pipe, a device) is refused, since reading it might never end; nothing is waited for.
Result<std::string> read_small_file(const std::filesystem::path& file, std::size_t limit);

/// Whether a regular file can be opened for reading now; the reason why not as a phrase.
Status can_read(const std::filesystem::path& file);

/// `path` as written in a file of `folder`: relative ones start there; without a folder they stay as they are.
inline std::filesystem::path relative_to(const std::filesystem::path& folder, const std::string& path) {
  if (folder.empty() || path.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (folder / path).lexically_normal();
}

}  // namespace omnibroker::core
