#pragma once

#include "containment/call_marks.hpp"
#include "net/listener.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class Component;

/// One generation of a transport or service, as connections use it: called through its tables.
///
/// Lifecycle: outlives every connection and session that uses it; the broker looks at `exchanges` and asks the workers.
/// Threads: immutable but for the count.
struct Endpoint {
  std::string name;  ///< `transports.realtime`
  std::string plugin;
  std::string path;
  unsigned generation = 1;
  Component* component = nullptr;
  void* self = nullptr;
  const omnibroker_transport_v1* table = nullptr;
  const omnibroker_session_handover_v1* handover = nullptr;  ///< Null: its connections cannot move.
  const CallPlace* place = nullptr;                          ///< For marks of calls into it.
  std::atomic<std::size_t> exchanges{0};                     ///< Under way.
  std::atomic<std::uint64_t> opened{0};                      ///< So far.
  std::atomic<std::uint64_t> failed{0};                      ///< Of these; CanaryReport says what that is.

  bool can_be_woken() const { return OMNIBROKER_HAS(table, woken) && table->woken != nullptr; }

  /// Writes a message as receivers with this variant want it.
  void encode(std::uint32_t variant, const omnibroker_payload& payload, const omnibroker_sink* out) const {
    const CallMark mark(place, Call::Encode);
    const bool varies = variant != 0 && OMNIBROKER_HAS(table, encode_variant) && table->encode_variant != nullptr;
    if (varies) return table->encode_variant(self, variant, &payload, out);
    table->encode(self, &payload, out);
  }
};

/// A path, and the generation that takes requests for it now.
///
/// Threads: any; the broker changes `current` and `drained`.
struct Mount {
  std::string path;
  std::atomic<Endpoint*> current{nullptr};
  std::atomic<Endpoint*> canary{nullptr};  ///< Gets a share of what comes; null: there is none.
  std::atomic<unsigned> permille{0};       ///< That share.
  std::atomic<std::uint64_t> turns{0};
  std::atomic<bool> drained{false};  ///< Requests are refused.

  /// Who takes the next request.
  Endpoint* next() {
    auto* tried = canary.load(std::memory_order_acquire);
    if (tried == nullptr) return current.load(std::memory_order_acquire);
    const auto turn = turns.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t share = permille.load(std::memory_order_relaxed);
    const bool is_its_turn = (turn + 1) * share / 1000 > turn * share / 1000;  // evenly among the others
    return is_its_turn ? tried : current.load(std::memory_order_acquire);
  }
};

/// What is mounted on a listener, the longest path first, and what its connections are encrypted with; null for plain
/// TCP. Immutable, but for where the mounts lead.
struct ListenerTable {
  std::vector<std::shared_ptr<Mount>> mounts;
  std::shared_ptr<TlsContext> tls;
};

/// One entry of `listeners:`. The broker replaces its table as a whole; a worker uses one within a turn only, so that
/// an old one can go as soon as each worker has ended a turn.
///
/// Threads: `table` from any; the rest is the broker's, and the first worker's while it accepts.
struct Listener {
  std::string name;
  bool gone = false;                                      ///< The configuration has it no more.
  std::vector<std::unique_ptr<ListeningSocket>> sockets;  ///< None while the whole broker is drained.
  std::atomic<const ListenerTable*> table{nullptr};
  std::unique_ptr<const ListenerTable> owned_table;

  /// What requests for this path are for: the mount with the longest path that is the path or lies above it.
  Mount* find(std::string_view path) const {
    for (const auto& mount : table.load(std::memory_order_acquire)->mounts) {
      const std::string_view at = mount->path;
      const bool below = at == "/" || (path.starts_with(at) && (path.size() == at.size() || path[at.size()] == '/'));
      if (below) return mount.get();
    }
    return nullptr;
  }
  /// Null for plain TCP.
  TlsContext* tls() const { return table.load(std::memory_order_acquire)->tls.get(); }
};

}  // namespace omnibroker::core
