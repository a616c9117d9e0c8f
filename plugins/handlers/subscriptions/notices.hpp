#pragma once

#include <string>
#include <string_view>

#include <omnibroker/config.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/notices.hpp>

namespace omnibroker::plugins::subscriptions {

/// What the broker tells a client that agreed to the sub-protocol: who it talks to and what it may do, and later what
/// became of its stream.
///
/// Threads: no state but the configuration.
class GatewayNotices final : public Notices {
 public:
  static constexpr const char* subprotocol = "omnibroker.v1";

  struct Config {
    std::string server = "omnibroker";
    TextList capabilities = {"subscribe", "unsubscribe", "snapshot", "status"};
  };
  static const ConfigSpec<Config>& spec();

  GatewayNotices(Host host, Config config);
  std::string welcome(std::string_view client_id) const override;
  std::string status(const omnibroker_notice& notice) const override;

 private:
  const Host host_;
  const Config config_;
};

}  // namespace omnibroker::plugins::subscriptions
