#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// The whole content of a regular file. NotFound or InvalidArgument otherwise; the sentence continues "The file …".
Result<std::vector<std::byte>> read_plugin_file(const std::filesystem::path& file);

/// SHA-256 in hex.
std::string content_hash(std::span<const std::byte> content);

/// The folder that libraries are loaded from, as copies named by the hash of their content.
///
/// An operator replaces plugins while the broker runs. Loading the replaced path again would answer the old code, and
/// writing over a mapped file kills the process; a copy under a name that no other content can have avoids both.
///
/// What is loaded from here runs in the broker, so nobody else may be able to write here: the folder is 0700, files are
/// 0500, and a folder of another owner or with wider rights to write is refused.
///
/// Lifecycle: a temporary folder is removed with this object; what was mapped from it stays mapped. Folders that processes
/// left behind which were killed are removed when the next one is made: a living one holds a lock on its own.
/// Threads: one at a time.
class Staging {
 public:
  /// `folder`: made if absent. Empty: a fresh temporary one, made when the first file is staged.
  explicit Staging(std::filesystem::path folder);
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging();

  /// Writes the copy, unless it is there already, and answers its absolute path. It appears whole or not at all.
  Result<std::filesystem::path> put(std::span<const std::byte> content, const std::string& hash);

 private:
  Status prepare_folder();
  Status make_temporary_folder();

  std::filesystem::path folder_;
  bool temporary_ = false;
  bool ready_ = false;
  int lock_ = -1;  // of the temporary folder, while it is ours
};

}  // namespace omnibroker::core
