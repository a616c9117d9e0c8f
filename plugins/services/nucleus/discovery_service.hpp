#pragma once

#include "rules.hpp"

#include <memory>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// Tells clients where the other services are (`DiscoverySearch.find`, over SOWS). Knows nothing of the store.
///
/// Threads: as Transport.
class DiscoveryService final : public Transport {
 public:
  using Config = DiscoveryConfig;
  static const ConfigSpec<Config>& spec() { return discovery_spec(); }
  static constexpr bool wakes = true;

  DiscoveryService(Host host, Config config) : host_(host), config_(std::move(config)) {}

  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload&, const Sink&) const override {}

 private:
  const Host host_;
  const Config config_;
};

}  // namespace omnibroker::plugins::nucleus
