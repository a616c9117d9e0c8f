#pragma once

#include "config.hpp"
#include "endpoints.hpp"
#include "objects.hpp"
#include "responder.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <omnibroker/plugin.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// HTTP as a transport: what a WebSocket client does over one connection, done by single requests and an event stream,
/// for clients that cannot hold a WebSocket; beside it the gateway's health, status and metrics. openapi.json is the
/// manual.
///
/// The host has read and checked the request head, and reads the next one of a kept-alive connection; this sees to what
/// lies between. It keeps nothing that outlives a request: sessions are the host's, found again by their token.
///
/// Threads: workers call `open` and `encode` at once; `reconfigure` comes from the loader meanwhile.
class HttpTransport final : public Transport {
 public:
  using Config = http::Config;
  static const ConfigSpec<Config>& spec() { return config_spec(); }

  HttpTransport(Host host, Config config);

  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override;
  void encode(const omnibroker_payload& payload, const Sink& out) const override;
  /// The host's own refusals (404, 408, 431, 503) in the same shape as this transport's.
  void refusal(std::uint32_t status, std::string_view sentence, std::string& content_type, std::string& body) const;

  omnibroker_reconfigured reconfigure(const Config& before, const Config& after, std::string& error);
  /// Event streams move; a request is short, so it is waited for.
  omnibroker_status export_session(Exchange& exchange, const Sink& out);
  Result<std::unique_ptr<Exchange>> import_session(Connection connection, std::string_view blob);

 private:
  /// One request on its way to its answer.
  struct Incoming {
    const Request& request;
    const ServedPath* served;
    const Settings& settings;
    Responder responder;
  };

  std::shared_ptr<const Settings> settings() const;
  /// Refuses what no path may be asked; the rest is for `serve`.
  std::unique_ptr<Exchange> dispatch(Incoming incoming);
  std::unique_ptr<Exchange> serve(Incoming incoming);
  /// Answers at once, or after the body that nobody wants has gone by.
  std::unique_ptr<Exchange> answer(Incoming incoming, Response response) const;
  std::unique_ptr<Exchange> refuse(Incoming incoming, Response response) const;
  std::unique_ptr<Exchange> read_body(Incoming incoming, omnibroker_session session);
  std::unique_ptr<Exchange> stream(Incoming incoming);

  Response preflight(const Incoming& incoming) const;
  Response status_page(const Settings& settings) const;
  Response end_session(const Request& request) const;
  /// The session that the request's token opens, or 0.
  omnibroker_session session_of(const Request& request, bool allow_query) const;

  Lent lent_;
  Objects objects_;
  mutable std::mutex mutex_;                  ///< Guards `settings_` alone, and nothing is called with it held.
  std::shared_ptr<const Settings> settings_;  ///< Replaced whole by `reconfigure`.
};

}  // namespace omnibroker::plugins::http
