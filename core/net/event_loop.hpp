#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>

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
/// by the same `dispatch`, so watchers outlive the turn in which they are removed. Threads: one thread; only `wake`
/// from any.
class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  void add(int descriptor, std::uint32_t events, Watcher& watcher);
  void modify(int descriptor, std::uint32_t events, Watcher& watcher);
  void remove(int descriptor);

  /// Waits until something is ready, `wake` was called or `timeout` has passed (negative: for ever).
  void wait(std::chrono::milliseconds timeout);
  /// Tells the watchers of what was ready. Apart from `wait`, so that they can be told the time of now and not that of
  /// before the waiting.
  void dispatch();

  /// Ends the present or the next `wait`. Async-signal-safe.
  void wake();

 private:
  static constexpr std::size_t kEventsPerWait = 512;

  int epoll_ = -1;
  int event_ = -1;
  std::array<epoll_event, kEventsPerWait> ready_;
  std::size_t ready_count_ = 0;
};

}  // namespace omnibroker::core
