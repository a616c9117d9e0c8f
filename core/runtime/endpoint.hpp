#pragma once

#include "net/listener.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class Component;

/// A transport or service as connections use it: found by path, called through its table.
struct Endpoint {
  std::string name;  ///< `transports.realtime`
  std::string plugin;
  std::string path;
  std::size_t index = 0;  ///< Among all endpoints.
  Component* component = nullptr;
  void* self = nullptr;
  const omnibroker_transport_v1* table = nullptr;

  /// Writes a message as receivers with this variant want it.
  void encode(std::uint32_t variant, const omnibroker_payload& payload, const omnibroker_sink* out) const {
    const bool varies = variant != 0 && OMNIBROKER_HAS(table, encode_variant) && table->encode_variant != nullptr;
    if (varies) return table->encode_variant(self, variant, &payload, out);
    table->encode(self, &payload, out);
  }
};

/// One entry of `listeners:` with what is mounted on it.
struct Listener {
  std::string name;
  std::unique_ptr<TlsContext> tls;
  std::vector<std::unique_ptr<ListeningSocket>> sockets;
  std::vector<Endpoint*> endpoints;  ///< The longest path first.

  /// Who takes requests for this path: the endpoint with the longest path that is the path or lies above it.
  Endpoint* find(std::string_view path) const {
    for (auto* endpoint : endpoints) {
      const auto& mount = endpoint->path;
      if (mount == "/") return endpoint;
      if (path.starts_with(mount) && (path.size() == mount.size() || path[mount.size()] == '/')) return endpoint;
    }
    return nullptr;
  }
};

/// A bridge as messages reach it.
struct BridgePort {
  Component* component = nullptr;
  void* self = nullptr;
  const omnibroker_bridge_v1* table = nullptr;
  std::size_t role = 0;
};

/// The component that writes the broker's own messages to clients; a null table where there is none.
struct NoticesPort {
  void* self = nullptr;
  const omnibroker_notices_v1* table = nullptr;
};

/// The component that writes acks and errors.
struct ReplyPort {
  void* self = nullptr;
  const omnibroker_reply_v1* table = nullptr;
};

}  // namespace omnibroker::core
