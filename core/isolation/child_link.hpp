#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

namespace omnibroker::core {

/// What the process of an isolated component writes to the broker. Frames keep the order in which they are sent, and
/// whoever comes first writes for the others, too.
///
/// Threads: any.
class ChildLink {
 public:
  explicit ChildLink(int socket) : socket_(socket) {}

  /// Sends whole frames. Waits while the broker takes nothing; once it is gone, they are thrown away.
  void send(std::string_view frames);
  /// The same, unless somebody would have to wait for others. For the thread that reads.
  void send_if_idle(std::string_view frames);

 private:
  static constexpr std::size_t kMost = 1024 * 1024;
  void write(std::unique_lock<std::mutex>& lock);

  const int socket_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::string pending_;   // guarded by mutex_
  bool writing_ = false;  // guarded by mutex_
  bool gone_ = false;     // guarded by mutex_
  std::string sending_;   // of whoever writes
};

}  // namespace omnibroker::core
