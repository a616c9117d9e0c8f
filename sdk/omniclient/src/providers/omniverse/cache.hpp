#pragma once

#include "engine/content.hpp"
#include "engine/operation.hpp"
#include "providers/file/descriptor.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace omniclient::omniverse {

/// Where contents are kept for this user: `$XDG_CACHE_HOME/omniclient`, or `~/.cache/omniclient`. Empty where there is
/// neither.
std::filesystem::path cache_folder();

/// Contents of servers as local files, by their hashes, shared by all processes of a user, also where these are in
/// several containers.
///
/// `content/<hash>` is written beside its place, flushed and renamed, so it is there whole or not at all; who wants it
/// gets a link of his own below `open/<a random name>/`, or a copy where the file system has no links. So nobody minds
/// when it is removed because there is more than `limit` bytes (those that were not used for longest go first).
///
/// Each process holds a lock on a file in its folder in `open`, and on what it writes. What nobody holds was left by a
/// process that is gone, and goes with the first use by another one.
///
/// Threads: everything from every thread; it waits for the disk.
class Cache {
 public:
  Cache(std::filesystem::path folder, std::function<std::uint64_t()> limit);
  ~Cache();

  /// A path with this name at its end, good until the operation is cancelled; nothing where the content is not kept.
  /// What is kept and has another size than `size` bytes is not what it should be, and is removed.
  std::optional<std::string> open(const std::shared_ptr<Operation>& operation, const std::string& hash,
                                  std::uint64_t size, const std::string& name);
  /// False where it could not be written; why is logged.
  bool store(const Content& content, const std::string& hash);
  /// Takes back everything that was lent. From now on nothing is.
  void end();

 private:
  /// The folder of this process; empty where none can be made.
  std::filesystem::path own_folder();
  void tidy();
  /// Another content of `size` bytes is there. `keep` stays: somebody is about to open it.
  void make_room(std::uint64_t size, const std::string& keep);

  const std::filesystem::path folder_;
  const std::function<std::uint64_t()> limit_;
  std::once_flag tidied_;
  std::atomic<std::uint64_t> last_{0};

  std::mutex mutex_;
  bool ended_ = false;
  std::filesystem::path own_;
  files::Descriptor own_lock_;
  std::optional<std::uint64_t> counted_;  ///< Bytes that were there when it was last looked.
  std::uint64_t stored_ = 0;              ///< Bytes since then.
};

}  // namespace omniclient::omniverse
