#pragma once

#include "api_client.hpp"
#include "component.hpp"
#include "rules.hpp"

#include <cstdint>
#include <memory>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// The Nucleus API: `Connection` and `ServerFeatures` over ConnLib.
///
/// Threads: as Transport.
class ApiService final : public Transport {
 public:
  using Config = ApiConfig;
  static const ConfigSpec<Config>& spec() { return api_spec(); }
  static constexpr bool wakes = true;

  ApiService(Host host, Config config);

  Status start() override;
  Status drain() override;
  Status stop() override;
  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload&, const Sink&) const override {}

 private:
  void look_after_in_a_second();

  Share share_;
  const Config config_;
  const ApiCounters counters_;
  const omnibroker_host_executor_v1* executor_;
  std::atomic<bool> ending_{false};
};

}  // namespace omnibroker::plugins::nucleus
