#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// One message on its way to a client. The blob may be shared with other clients.
struct Outgoing {
  bool text = false;  ///< As a text message; else binary.
  std::string head;
  std::shared_ptr<const std::string> blob = nullptr;  ///< Behind the head; null: none.

  std::size_t size() const { return head.size() + (blob ? blob->size() : 0); }
};

/// What waits to be written to one connection, from whatever thread it comes. It wakes the connection's worker.
///
/// Answers always go in: how many there are is bounded by the requests. What comes without having been asked for each
/// time (events) goes in only while there is room: who does not read loses his subscription, and nothing else. Work
/// that produces more than one answer asks to be called when there is room.
///
/// Lifecycle: shared by the connection and the work that is done for it; closed by the connection when it ends.
/// Threads: any.
class Outbox {
 public:
  Outbox(Waker waker, std::uint64_t connection, std::size_t room)
      : waker_(waker), connection_(connection), room_(room) {}

  /// Dropped where the connection has ended.
  void push(Outgoing message);
  /// The same while there is room. False: nothing was taken.
  bool offer(Outgoing message);
  /// Makes the connection look after itself though there is nothing for it.
  void wake();
  bool has_room() const;
  bool closed() const;
  /// Calls `then` as soon as there is room, at once where there is; never where the connection ends before. On the
  /// thread of the caller, or on the connection's worker: it must not block.
  void when_there_is_room(std::function<void()> then);

  // Of the connection's worker.
  /// The next message, or false.
  bool take(Outgoing& message);
  void close();

 private:
  bool full() const { return bytes_ >= room_; }

  const Waker waker_;
  const std::uint64_t connection_;
  const std::size_t room_;
  mutable std::mutex mutex_;
  std::deque<Outgoing> waiting_;                      // guarded by mutex_
  std::size_t bytes_ = 0;                             // guarded by mutex_
  std::vector<std::function<void()>> when_there_is_;  // guarded by mutex_
  bool closed_ = false;                               // guarded by mutex_
};

}  // namespace omnibroker::plugins::nucleus
