#pragma once

#include <chrono>
#include <cstdint>

namespace omnibroker::core {

/// Told when its descriptor is ready. `events` are those of epoll.
class Watcher {
 public:
  virtual void ready(std::uint32_t events) = 0;

 protected:
  ~Watcher() = default;
};

/// Waits for descriptors, on epoll directly: POCO's PollSet takes a lock and builds a map for every wait.
///
/// Lifecycle: a watcher removes its descriptor before it dies; an event that was already fetched may still be delivered
/// in the same `wait`, so watchers outlive the turn in which they are removed. Threads: one thread; only `wake` from
/// any.
class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  void add(int descriptor, std::uint32_t events, Watcher& watcher);
  void modify(int descriptor, std::uint32_t events, Watcher& watcher);
  void remove(int descriptor);

  /// Waits until something is ready, `wake` was called or `timeout` has passed (negative: for ever), and tells
  /// watchers.
  void wait(std::chrono::milliseconds timeout);

  /// Ends the present or the next `wait`. Async-signal-safe.
  void wake();

 private:
  int epoll_ = -1;
  int event_ = -1;
};

}  // namespace omnibroker::core
