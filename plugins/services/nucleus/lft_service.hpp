#pragma once

#include "component.hpp"
#include "rules.hpp"

#include <memory>
#include <optional>
#include <string>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// Large-file transfer: contents in and out by HTTP.
///
///     POST <path>/content/            begins an upload: {"content_id", "content_id_numeric"}
///     PUT  <path>/content/            a part of it, by Content-ID and Content-Start
///     GET  <path>/content/?…          an address that the API has given, with ranges
///
/// Threads: as Transport.
class LftService final : public Transport {
 public:
  using Config = LftConfig;
  static const ConfigSpec<Config>& spec() { return lft_spec(); }
  static constexpr bool wakes = true;

  LftService(Host host, Config config) : share_(host), config_(std::move(config)) {}

  Status start() override { return share_.open(config_.data, config_.quota.bytes); }
  Status stop() override;
  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload&, const Sink&) const override {}

 private:
  std::unique_ptr<Exchange> open_post(Connection& connection, const Request& request);
  std::unique_ptr<Exchange> open_put(Connection& connection, const Request& request);
  std::unique_ptr<Exchange> open_get(Connection& connection, const Request& request);
  /// Who sends this, by an access token or by a session of the API.
  std::optional<store::Actor> user_of(const Request& request);

  Share share_;
  const Config config_;
};

}  // namespace omnibroker::plugins::nucleus
