#pragma once

#include "session/key_pacing.hpp"
#include "session/outbound_log.hpp"
#include "session/selection.hpp"
#include "session/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace omnibroker::core {

struct Endpoint;
struct Route;

/// One message in the bytes of one transport and variant, written at most once.
struct EncodedOnce {
  Endpoint* endpoint = nullptr;
  std::uint32_t variant = 0;
  std::uint64_t sequence = 0;  ///< Of the message that `bytes` is.
  std::string bytes;
};

/// The sessions of one worker that get the same stream: same role, same encoding, same selection.
///
/// Lifecycle: made when the first session needs it; the ones of narrowed selections die with their last member.
/// Threads: its worker's.
struct Audience {
  Audience(SegmentPool& pool, std::size_t audience_role, EncodedOnce& encoding, Selection wanted, std::size_t routes)
      : role(audience_role),
        encoded(encoding),
        selection(std::move(wanted)),
        log(pool, selection.everything() ? SegmentPool::kLarge : SegmentPool::kSmall),
        appended(routes) {}

  const std::size_t role;
  EncodedOnce& encoded;
  const Selection selection;
  OutboundLog log;
  std::vector<Session*> members;
  std::size_t apart = 0;                ///< Members that are not in the log now.
  std::vector<std::uint64_t> appended;  ///< Messages so far, by route.
  KeyPacing pacing;
  std::uint64_t max_backlog = 0;  ///< The least of the routes that feed it.
  std::chrono::nanoseconds max_lag{0};
  bool dirty = false;    ///< Sent at the end of this turn.
  bool waiting = false;  ///< Sent at `due`, if not before.
  std::chrono::steady_clock::time_point due{};
};

}  // namespace omnibroker::core
