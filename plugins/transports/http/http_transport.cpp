#include "http_transport.hpp"

#include "body.hpp"
#include "body_exchange.hpp"
#include "event_stream.hpp"
#include "json_text.hpp"
#include "media_type.hpp"
#include "message_exchange.hpp"
#include "openapi.hpp"
#include "refusals.hpp"
#include "token.hpp"

#include <utility>

namespace omnibroker::plugins::http {
namespace {

Response refused(unsigned status, std::string_view message) {
  return http::refusal(status, code_of_status(status), message);
}

Response unknown_session() { return refused(401, "A valid session token is required; POST /sessions gives one"); }

Response health_page(const Config& config) {
  return {.body = R"({"status":"healthy","service":)" + json_text(config.service_name) + R"(,"version":)" +
                  json_text(config.service_version) + "}"};
}

/// Whether the options have turned this path off.
bool hidden(Endpoint endpoint, const Config& config) {
  switch (endpoint) {
    case Endpoint::Metrics: return !config.metrics;
    case Endpoint::Objects:
    case Endpoint::Object: return config.objects.empty();
    default: return false;
  }
}

enum class Expectation { None, Continue, Unknown };

Expectation expectation_of(const Request& request) {
  const auto count = request.header_count("Expect");
  if (count == 0 || request.http_minor() == 0) return Expectation::None;
  const bool known = count == 1 && Request::equal_ignoring_case(*request.header("Expect"), "100-continue");
  return known ? Expectation::Continue : Expectation::Unknown;
}

}  // namespace

HttpTransport::HttpTransport(Host host, Config config)
    : lent_(host), objects_(host), settings_(std::make_shared<const Settings>(std::move(config))) {}

std::unique_ptr<Exchange> HttpTransport::open(Connection connection, const Request& request) {
  const auto in_force = settings();
  lent_.requests.add();
  const auto* served = find_path(request.path_below_mount());
  if (served != nullptr && hidden(served->endpoint, in_force->config)) served = nullptr;
  return dispatch({request, served, *in_force, Responder(lent_, connection, request, in_force->origins)});
}

std::unique_ptr<Exchange> HttpTransport::dispatch(Incoming incoming) {
  const auto& request = incoming.request;
  const auto& settings = incoming.settings;
  const auto* served = incoming.served;
  if (request.chunked() && request.content_length()) {
    return refuse(std::move(incoming), refused(400, "A body is either chunked or has a length"));
  }
  if (served == nullptr) return answer(std::move(incoming), refused(404, "There is nothing at this path"));
  if (request.method() == "OPTIONS") {
    auto response = preflight(incoming);
    return answer(std::move(incoming), std::move(response));
  }
  if (!served->serves(request.method())) {
    auto response = refused(405, "This path does not take this method");
    response.headers.append("Allow: ").append(served->allow).append("\r\n");
    return answer(std::move(incoming), std::move(response));
  }
  if (expectation_of(request) == Expectation::Unknown) {
    return refuse(std::move(incoming), refused(417, "The only expectation that is met is 100-continue"));
  }
  if (served->unsafe() && settings.origins.refuses(request)) {
    return answer(std::move(incoming), refused(403, "Web pages of this origin may not do this"));
  }
  return serve(std::move(incoming));
}

std::unique_ptr<Exchange> HttpTransport::serve(Incoming incoming) {
  const auto& request = incoming.request;
  const auto& settings = incoming.settings;
  switch (incoming.served->endpoint) {
    case Endpoint::Health: return answer(std::move(incoming), health_page(settings.config));
    case Endpoint::Status: return answer(std::move(incoming), status_page(settings));
    case Endpoint::Metrics:
      return answer(std::move(incoming), {.body = lent_.host.metrics(), .content_type = "text/plain; version=0.0.4"});
    case Endpoint::OpenApi: return answer(std::move(incoming), {.body = openapi_document(request.mount())});
    case Endpoint::Objects: {
      auto response = objects_.list(incoming.responder.connection(), request, settings.config);
      return answer(std::move(incoming), std::move(response));
    }
    case Endpoint::Object: {
      auto response = objects_.one(incoming.responder.connection(), request, settings.config, lent_.unix_seconds());
      return answer(std::move(incoming), std::move(response));
    }
    case Endpoint::Session: return answer(std::move(incoming), end_session(request));
    case Endpoint::Events: return stream(std::move(incoming));
    case Endpoint::Sessions: return read_body(std::move(incoming), 0);
    case Endpoint::Messages: {
      const auto session = session_of(request, /*allow_query=*/false);
      if (session == 0) return answer(std::move(incoming), unknown_session());
      return read_body(std::move(incoming), session);
    }
  }
  return nullptr;
}

std::unique_ptr<Exchange> HttpTransport::answer(Incoming incoming, Response response) const {
  if (!Body::announced(incoming.request)) {
    incoming.responder.finish(response, RequestBody::Consumed);
    return nullptr;
  }
  // A client that waits for "100 Continue" has sent nothing yet, and must not be asked to.
  Body body(incoming.request, lent_.max_body());
  const bool held_back = expectation_of(incoming.request) == Expectation::Continue;
  if (held_back || body.state() == Body::State::TooLarge || !incoming.request.keep_alive()) {
    return refuse(std::move(incoming), std::move(response));
  }
  return std::make_unique<DrainExchange>(std::move(incoming.responder), std::move(body),
                                         incoming.settings.config.request_timeout, std::move(response));
}

std::unique_ptr<Exchange> HttpTransport::refuse(Incoming incoming, Response response) const {
  const bool left = Body::announced(incoming.request);
  incoming.responder.finish(response, left ? RequestBody::Left : RequestBody::Consumed);
  return nullptr;
}

std::unique_ptr<Exchange> HttpTransport::read_body(Incoming incoming, omnibroker_session session) {
  const auto& request = incoming.request;
  if (!is_json(request)) {
    return answer(std::move(incoming), refused(415, "The body must be application/json, in UTF-8 and not compressed"));
  }
  Body body(request, lent_.max_body());
  if (body.state() == Body::State::TooLarge) {
    return refuse(std::move(incoming), refused(413, "The body is larger than a message may be"));
  }
  if (!Body::announced(request)) {
    return answer(std::move(incoming), http::refusal(400, "INVALID_JSON", "Invalid JSON format"));
  }
  if (expectation_of(request) == Expectation::Continue) incoming.responder.invite_body();
  const auto timeout = incoming.settings.config.request_timeout;
  if (session != 0) {
    return std::make_unique<MessageExchange>(std::move(incoming.responder), std::move(body), timeout, session);
  }
  return std::make_unique<RegistrationExchange>(std::move(incoming.responder), std::move(body), timeout, lent_,
                                                std::string(request.mount()));
}

std::unique_ptr<Exchange> HttpTransport::stream(Incoming incoming) {
  const auto session = session_of(incoming.request, /*allow_query=*/true);
  if (session == 0) return answer(std::move(incoming), unknown_session());
  if (Body::announced(incoming.request)) {
    return refuse(std::move(incoming), refused(400, "An event stream is asked for without a body"));
  }
  auto& responder = incoming.responder;
  const Response head{.content_type = "text/event-stream", .headers = "X-Accel-Buffering: no\r\n"};
  if (responder.head_only()) {
    responder.begin_stream(head);
    return nullptr;
  }
  const auto attached = responder.connection().attach(session);
  if (attached == OMNIBROKER_NOT_FOUND) return answer(std::move(incoming), unknown_session());
  if (attached != OMNIBROKER_OK) {
    return answer(std::move(incoming), refused(503, "The session's events cannot be sent on this connection"));
  }
  responder.begin_stream(head);
  responder.connection().write(EventStream::kPreamble);
  return std::make_unique<EventStream>(lent_, responder.connection(), incoming.settings.config.events_keep_alive);
}

Response HttpTransport::preflight(const Incoming& incoming) const {
  Response response{.status = 204};
  response.headers.append("Allow: ").append(incoming.served->allow).append("\r\n");
  response.headers += incoming.settings.origins.preflight_headers_for(incoming.request, incoming.served->allow);
  return response;
}

Response HttpTransport::status_page(const Settings& settings) const {
  const auto* clients = lent_.clients;
  const auto* host = lent_.host.raw();
  const auto count = [&](std::string_view name, std::uint64_t value) {
    return json_text(name) + ':' + std::to_string(value);
  };
  std::string body = R"({"status":"running","clients":{)";
  body += count("total", clients == nullptr ? 0 : clients->total(host));
  body += ',' + count("registered", clients == nullptr ? 0 : clients->registered(host));
  for (const auto& [name, role] : settings.config.status_roles) {
    body += ',' + count(name, clients == nullptr ? 0 : clients->with_role(host, text(role)));
  }
  return {.body = body + "}}"};
}

Response HttpTransport::end_session(const Request& request) const {
  const auto session = session_of(request, /*allow_query=*/false);
  if (session == 0) return unknown_session();
  if (token_of(request, false)->client_id != client_id_in(request.path_below_mount())) {
    return http::refusal(403, "UNAUTHORIZED", "The token is another session's");
  }
  lent_.sessions->close(lent_.host.raw(), session);
  return {.status = 204};
}

omnibroker_session HttpTransport::session_of(const Request& request, bool allow_query) const {
  const auto token = token_of(request, allow_query);
  return token ? lent_.sessions->find(lent_.host.raw(), text(token->secret)) : 0;
}

void HttpTransport::encode(const omnibroker_payload& payload, const Sink& out) const { write_event(payload, out); }

void HttpTransport::refusal(std::uint32_t status, std::string_view sentence, std::string& content_type,
                            std::string& body) const {
  content_type = "application/json";
  body = http::refusal(status, code_of_status(status), sentence).body;
}

omnibroker_reconfigured HttpTransport::reconfigure(const Config&, const Config& after, std::string&) {
  auto next = std::make_shared<const Settings>(after);
  const std::lock_guard lock(mutex_);
  settings_.swap(next);
  return OMNIBROKER_APPLIED;
}

std::shared_ptr<const Settings> HttpTransport::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

omnibroker_status HttpTransport::export_session(Exchange& exchange, const Sink& out) {
  if (dynamic_cast<EventStream*>(&exchange) == nullptr) return OMNIBROKER_UNAVAILABLE;  // soon over
  out.append(EventStream::kHandoverFormat);
  return OMNIBROKER_OK;
}

Result<std::unique_ptr<Exchange>> HttpTransport::import_session(Connection connection, std::string_view blob) {
  if (blob != EventStream::kHandoverFormat) {
    return Error{ErrorCode::Unsupported, "Not an event stream of this version"};
  }
  return {std::make_unique<EventStream>(lent_, connection, settings()->config.events_keep_alive)};
}

}  // namespace omnibroker::plugins::http
