#pragma once

#include "config.hpp"
#include "shared.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket_beast {

/// WebSocket (RFC 6455, compression by RFC 7692) by Boost.Beast. Takes the same options as the component type
/// `websocket`, and live connections go over from either to the other.
///
/// Threads: as Transport.
class BeastTransport final : public Transport {
 public:
  using Config = websocket_beast::Config;
  static const ConfigSpec<Config>& spec() { return config_spec(); }

  BeastTransport(Host host, const Config& config) : shared_(host, config) {}

  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload& payload, const Sink& out) const override;
  /// `variant`: the bits of the window that its receivers can read.
  void encode_variant(std::uint32_t variant, const omnibroker_payload& payload, const Sink& out) const;
  omnibroker_reconfigured reconfigure(const Config& before, const Config& after, std::string& error);

  /// Unavailable while more than a handover may carry of an unfinished message has come.
  omnibroker_status export_session(Exchange& exchange, const Sink& out);
  Result<std::unique_ptr<Exchange>> import_session(Connection connection, std::string_view blob);

 private:
  void refuse(Connection& connection, const Request& request, const Refusal& refusal) const;

  mutable Shared shared_;  // workers encode at once; what that changes guards itself
};

}  // namespace omnibroker::plugins::websocket_beast
