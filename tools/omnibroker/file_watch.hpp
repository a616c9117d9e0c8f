#pragma once

#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace omnibroker::tools {

/// Says when files have changed, and stayed as they are from one look to the next. It looks once a second, because that
/// sees everything on every file system: a file that is written over, one that another takes the place of, and a link
/// that leads elsewhere.
///
/// Lifecycle: looks from its making to its end. Threads: `files` and `changed` are called on a thread of its own.
class FileWatch {
 public:
  using Files = std::vector<std::filesystem::path>;

  /// `files`: those to look at now. `changed`: must not wait for what it begins.
  FileWatch(std::function<Files()> files, std::function<void()> changed);
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

 private:
  struct Seen {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;  ///< -1: it is not there.
    timespec modified{};
    bool operator==(const Seen& other) const {
      return device == other.device && inode == other.inode && size == other.size &&
             modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec;
    }
  };
  using Look = std::map<std::filesystem::path, Seen>;

  Look look() const;
  static bool differs(const Look& before, const Look& now);
  void run();

  const std::function<Files()> files_;
  const std::function<void()> changed_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace omnibroker::tools
