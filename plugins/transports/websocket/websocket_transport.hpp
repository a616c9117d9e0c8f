#pragma once

#include "config.hpp"
#include "shared.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket {

/// The WebSocket protocol (RFC 6455, and compression by RFC 7692), without I/O: one session a connection, one message
/// of the broker a message here.
///
/// Threads: as Transport.
class WebSocketTransport final : public Transport {
 public:
  using Config = websocket::Config;
  static const ConfigSpec<Config>& spec() { return config_spec(); }

  WebSocketTransport(Host host, const Config& config);

  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload& payload, const Sink& out) const override;
  /// For receivers that compression was agreed with. `variant`: the bits of the window that they can read.
  void encode_variant(std::uint32_t variant, const omnibroker_payload& payload, const Sink& out) const;

  /// Every option can change under live connections. What was agreed with a client stays agreed.
  omnibroker_reconfigured reconfigure(const Config& before, const Config& after, std::string& error);

  /// Unavailable while the fragments of an unfinished message exceed what a handover may carry.
  omnibroker_status export_session(Exchange& exchange, const Sink& out);
  Result<std::unique_ptr<Exchange>> import_session(Connection connection, std::string_view blob);

 private:
  void refuse(Connection& connection, const Request& request, const Refusal& refusal) const;

  mutable Shared shared_;  // workers encode at once; what that changes guards itself
};

}  // namespace omnibroker::plugins::websocket
