#pragma once

#include "session/catch_up.hpp"
#include "session/outbound_log.hpp"
#include "session/token_bucket.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class Connection;
struct Audience;
struct Endpoint;

/// Why a message left a session's stream.
enum class MissReason { Conflated, DroppedOldest };

/// What a session gets beside the live stream, or in place of it: the latest values when it joins, when it subscribes,
/// and when it has fallen behind.
///
///     beside     the session's cursor is in the live stream; `log` goes first, and when nothing is left to be sent the
///                walk fills it again with some of its snapshots
///     apart      the session has no cursor in the live stream; only `log` is sent, and the walk fills it with what the
///                session has missed
///     draining   the walk is over; what is left in `log` goes first
struct Behind {
  enum class Stage { Beside, Apart, Draining };

  explicit Behind(SegmentPool& pool) : log(pool) { log.join(cursor, 0); }

  /// A message of a route that is not conflated, waiting until the walk lets it in between.
  struct Kept {
    std::string bytes;
    LogMark mark;
  };
  /// What of one route went past the session while it was apart.
  struct Passed {
    std::size_t route = 0;
    std::uint64_t base = 0;      ///< What is given and newer than this is not missed.
    std::uint64_t skipped = 0;   ///< Left in the log when it fell behind.
    std::uint64_t appended = 0;  ///< What the audience had had when the walk began.
    std::uint64_t given = 0;
    std::uint64_t counted = 0;  ///< Of what was missed, what has been counted.
  };

  OutboundLog log;
  OutboundLog::Cursor cursor;  // declared behind the log: leaves it first
  CatchUp walk;
  Stage stage = Stage::Draining;
  std::size_t walking_index = 0;  ///< Among all that walk; the owner of that list sets it.
  std::deque<Kept> kept;
  std::size_t kept_bytes = 0;
  std::vector<Passed> passed;
};

/// One of a session's subscriptions.
struct SessionSubscription {
  std::string id;
  std::size_t route = 0;
  Filter filter;
  std::optional<SlowClients> policy;
};

/// A session's name: a UUID as text, or a shorter word.
class ClientId {
 public:
  ClientId() = default;
  ClientId(std::string_view text) : size_(static_cast<std::uint8_t>(std::min(text.size(), bytes_.size()))) {
    std::copy_n(text.data(), size_, bytes_.data());
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 36> bytes_{};
  std::uint8_t size_ = 0;
};

/// What only a detached session has.
struct Detached {
  std::string key;
  std::string answers;  ///< Encoded, waiting for a receiver.
};

/// What only some sessions have.
struct SessionExtras {
  struct Missed {
    std::size_t route = 0;
    MissReason reason = MissReason::Conflated;
    std::uint64_t total = 0;
    std::uint64_t told = 0;  ///< Of these, those that a notice has told of.
  };
  bool notices = false;  ///< The client asked to be told.
  std::vector<SessionSubscription> subscriptions;
  std::vector<std::size_t> narrowed;  ///< Routes that it has subscribed to, also where no subscription is left.
  std::vector<Missed> missed;
  std::vector<std::pair<std::size_t, TokenBucket>> rates;  ///< Of routes with `max_rate`.
};

/// One connected client: what the broker knows of it, whatever transport it uses and whichever connection it has.
///
/// Lives on its worker (`number` says which), and is reached from elsewhere by number only.
/// Lifecycle: opened by a transport; registered at most once; every opened session is closed exactly once.
/// Threads: its worker.
struct Session {
  omnibroker_session number = 0;
  ClientId client_id;
  int role = -1;                       ///< Index into the route table's roles; -1: not registered.
  std::unique_ptr<Detached> detached;  ///< Null for a session that ends with its connection.
  std::uint32_t variant = 0;           ///< Of its transport's encodings.
  bool ending = false;                 ///< It is being closed because it reads too slowly.
  Endpoint* endpoint = nullptr;        ///< The transport that encodes for it. Null for a bridge.
  Connection* receiver = nullptr;      ///< The connection that carries what it gets.
  Audience* audience = nullptr;        ///< What it is a member of, once registered.
  std::size_t member_index = 0;        ///< Its place among the audience's members.
  OutboundLog::Cursor cursor;          ///< In the audience's log, unless it is apart from it.
  std::unique_ptr<Behind> behind;
  std::unique_ptr<SessionExtras> extras;
  TokenBucket rate;
  std::chrono::steady_clock::time_point opened{};
  std::chrono::steady_clock::time_point last_used{};
  std::uint64_t dropped = 0;  ///< Messages that it did not get because it read too slowly.

  bool walking() const { return behind != nullptr && behind->stage != Behind::Stage::Draining; }
  bool apart() const { return behind != nullptr && behind->stage == Behind::Stage::Apart; }
  SessionExtras& more() {
    if (!extras) extras = std::make_unique<SessionExtras>();
    return *extras;
  }
};

/// The worker that a session lives on is part of its number.
constexpr unsigned kWorkerBits = 8;
inline unsigned worker_of(omnibroker_session number) {
  return static_cast<unsigned>(number & ((1u << kWorkerBits) - 1));
}

}  // namespace omnibroker::core
