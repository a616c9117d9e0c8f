#include "file_watch.hpp"

#include <algorithm>
#include <chrono>
#include <sys/stat.h>
#include <utility>

namespace omnibroker::tools {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};

}  // namespace

FileWatch::FileWatch(std::function<Files()> files, std::function<void()> changed)
    : files_(std::move(files)), changed_(std::move(changed)), thread_([this] { run(); }) {}

FileWatch::~FileWatch() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

FileWatch::Look FileWatch::look() const {
  Look all;
  for (const auto& file : files_()) {
    struct stat found {};
    auto& seen = all[file];
    if (::stat(file.c_str(), &found) == 0) seen = {found.st_dev, found.st_ino, found.st_size, found.st_mtim};
  }
  return all;
}

/// Of the files that both know: which ones there are is nothing that files have done.
bool FileWatch::differs(const Look& before, const Look& now) {
  return std::any_of(now.begin(), now.end(), [&](const auto& entry) {
    const auto found = before.find(entry.first);
    return found != before.end() && !(found->second == entry.second);
  });
}

void FileWatch::run() {
  auto known = look();
  auto last = known;
  std::unique_lock lock(mutex_);
  while (!ends_.wait_for(lock, kBetweenLooks, [this] { return ending_; })) {
    lock.unlock();
    auto now = look();
    const bool is_steady = !differs(last, now);
    if (is_steady && differs(known, now)) {
      known = now;
      changed_();
    } else if (is_steady) {
      known = now;  // others, perhaps, than before
    }
    last = std::move(now);
    lock.lock();
  }
}

}  // namespace omnibroker::tools
