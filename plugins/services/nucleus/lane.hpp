#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace omnibroker::plugins::nucleus {

class Outbox;
class Pool;

/// Work of one client that waits for the disk: begun in the order in which it came, so much of it at a time, and each
/// piece behind what others have queued meanwhile, so that one client keeps no thread for itself.
///
/// Nothing is refused: what waits here is bounded by who adds it. With an outbox it also waits for room there.
///
/// Lifecycle: shared with its work. Threads: any.
class Lane : public std::enable_shared_from_this<Lane> {
 public:
  /// `width`: how much runs at a time. `room`: null: the work sends little.
  Lane(Pool& pool, std::size_t width, std::shared_ptr<Outbox> room = nullptr);

  /// `work` must not throw.
  void add(std::function<void()> work);
  /// From within its work, where it has the width 1: nothing is begun until `go_on`, and then `work` first, if any.
  void hold(std::function<void()> work);
  void go_on();
  /// What has not begun never will. What is added from here on is dropped.
  void end();

 private:
  void start();
  void wait_for_room();
  void run_one();

  Pool& pool_;
  const std::size_t width_;
  const std::shared_ptr<Outbox> room_;
  std::mutex mutex_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_, as all below
  std::size_t posted_ = 0;                     // on the pool, without work yet
  std::size_t running_ = 0;                    // with work
  bool waits_for_room_ = false;
  bool held_ = false;
  bool ended_ = false;
};

}  // namespace omnibroker::plugins::nucleus
