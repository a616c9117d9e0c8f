#pragma once

#include "component.hpp"
#include "rules.hpp"

#include <memory>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// Logs users in, and looks after users and tokens (OmniAuth, over SOWS).
///
/// Threads: as Transport.
class AuthService final : public Transport {
 public:
  using Config = AuthConfig;
  static const ConfigSpec<Config>& spec() { return auth_spec(); }
  static constexpr bool wakes = true;

  AuthService(Host host, Config config) : share_(host), config_(std::move(config)) {}

  Status start() override;
  Status stop() override;
  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload&, const Sink&) const override {}

 private:
  Status make_first_admin();

  Share share_;
  const Config config_;
};

}  // namespace omnibroker::plugins::nucleus
