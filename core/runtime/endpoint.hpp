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
  const Place* place = nullptr;                              ///< For marks of calls into it.
  std::atomic<std::size_t> exchanges{0};                     ///< Under way.

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
/// Threads: any; the broker changes `current`.
struct Mount {
  std::string path;
  std::atomic<Endpoint*> current{nullptr};
};

/// One entry of `listeners:` with what is mounted on it.
struct Listener {
  std::string name;
  std::unique_ptr<TlsContext> tls;
  std::vector<std::unique_ptr<ListeningSocket>> sockets;
  std::vector<std::unique_ptr<Mount>> mounts;  ///< The longest path first.

  /// Who takes requests for this path: the endpoint with the longest path that is the path or lies above it.
  Endpoint* find(std::string_view path) const {
    for (const auto& mount : mounts) {
      const std::string_view at = mount->path;
      const bool below = at == "/" || (path.starts_with(at) && (path.size() == at.size() || path[at.size()] == '/'));
      if (below) return mount->current.load(std::memory_order_acquire);
    }
    return nullptr;
  }
};

/// A bridge as messages reach it.
struct BridgePort {
  Component* component = nullptr;
  const Place* place = nullptr;  ///< For marks of calls into it.
  void* self = nullptr;
  const omnibroker_bridge_v1* table = nullptr;
  std::size_t role = 0;
};

/// The component that writes the broker's own messages to clients; a null table where there is none.
struct NoticesPort {
  void* self = nullptr;
  const omnibroker_notices_v1* table = nullptr;
  const Place* place = nullptr;  ///< For marks of calls into it.
};

/// The component that writes acks and errors.
struct ReplyPort {
  void* self = nullptr;
  const omnibroker_reply_v1* table = nullptr;
  const Place* place = nullptr;  ///< For marks of calls into it.
};

}  // namespace omnibroker::core
