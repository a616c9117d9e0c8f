#pragma once

#include "engine/content.hpp"
#include "engine/operation.hpp"

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

/// Contents of servers as local files, by their hashes, shared by all processes of a user.
///
/// `content/<hash>` is written beside its place and renamed, so it is there whole or not at all; who wants it gets a
/// link of his own below `open/<process>/`, so nobody minds when it is removed because there is more than `limit` bytes
/// (those that were not used for longest go first). What a process that is gone has left in `open` goes with the first
/// use by another one.
///
/// Threads: everything from every thread; it waits for the disk.
class Cache {
 public:
  Cache(std::filesystem::path folder, std::function<std::uint64_t()> limit);
  ~Cache();

  /// A path with this name at its end, good until the operation is cancelled; nothing where the content is not kept.
  std::optional<std::string> open(const std::shared_ptr<Operation>& operation, const std::string& hash,
                                  const std::string& name);
  /// False where it could not be written; why is logged.
  bool store(const Content& content, const std::string& hash);

 private:
  void tidy();
  /// `keep` stays: somebody is about to open it.
  void make_room(const std::string& keep);

  const std::filesystem::path folder_;
  const std::function<std::uint64_t()> limit_;
  const std::filesystem::path own_;
  std::once_flag tidied_;
  std::mutex mutex_;
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace omniclient::omniverse
