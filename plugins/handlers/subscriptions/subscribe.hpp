#pragma once

#include "config.hpp"
#include "wanted.hpp"

#include <utility>

#include <omnibroker/handler.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/subscriptions.hpp>

namespace omnibroker::plugins::subscriptions {

/// From now on the sender gets of one message type only what it has asked for. A second request with the same id takes
/// the place of the first.
///
/// Threads: no state but the configuration.
class Subscribe final : public Handler {
 public:
  static constexpr const char* failure_code = kSubscriptionFailed;
  static constexpr const char* noun = "subscriptions";
  using Config = subscriptions::Config;
  static const ConfigSpec<Config>& spec() { return config_spec(); }

  Subscribe(Host host, Config config) : subscriptions_(host), config_(std::move(config)) {}
  Outcome handle(const Message& message, Call& call) override;

 private:
  const Subscriptions subscriptions_;
  const Config config_;
};

/// Takes one subscription of the sender back.
///
/// Threads: no state.
class Unsubscribe final : public Handler {
 public:
  static constexpr const char* failure_code = kSubscriptionFailed;
  static constexpr const char* noun = "requests to end a subscription";

  explicit Unsubscribe(Host host) : subscriptions_(host) {}
  Outcome handle(const Message& message, Call& call) override;

 private:
  const Subscriptions subscriptions_;
};

/// Sends the latest messages once, and changes nothing about what the sender gets.
///
/// Threads: no state but the configuration.
class Snapshot final : public Handler {
 public:
  static constexpr const char* failure_code = kSubscriptionFailed;
  static constexpr const char* noun = "requests for a snapshot";
  using Config = subscriptions::Config;
  static const ConfigSpec<Config>& spec() { return config_spec(); }

  Snapshot(Host host, Config config) : subscriptions_(host), config_(std::move(config)) {}
  Outcome handle(const Message& message, Call& call) override;

 private:
  const Subscriptions subscriptions_;
  const Config config_;
};

}  // namespace omnibroker::plugins::subscriptions
