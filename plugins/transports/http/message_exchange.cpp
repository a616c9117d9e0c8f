#include "message_exchange.hpp"

#include "json_text.hpp"
#include "refusals.hpp"
#include "token.hpp"

#include <utility>

namespace omnibroker::plugins::http {
namespace {

constexpr std::uint64_t kCorrelation = 1;  // one message a request: any number but 0 does

Response refused(std::string_view code, std::string_view body) {
  const auto status = status_of_code(code);
  if (body.empty()) return refusal(status, code, "The message was refused");
  return refusal_with_body(status, std::string(body));
}

/// Why the router did not take a message.
Response not_submitted(omnibroker_status status) {
  switch (status) {
    case OMNIBROKER_RESOURCE_EXHAUSTED: return refusal(429, "RESOURCE_EXHAUSTED", "Too many messages; wait a second");
    case OMNIBROKER_NOT_FOUND: return refusal(401, "CLIENT_NOT_REGISTERED", "The session has ended");
    case OMNIBROKER_UNAVAILABLE:
    case OMNIBROKER_CLOSED: return refusal(503, "UNAVAILABLE", "The message cannot be taken now");
    default: return refusal(500, "INTERNAL_ERROR", "The message could not be handled");
  }
}

}  // namespace

void MessageExchange::complete(std::span<std::uint8_t> content) {
  const auto status = connection().submit(session_, Encoding::Text, content, kCorrelation);
  if (status != OMNIBROKER_OK) finish(not_submitted(status));
}

void MessageExchange::reply(std::uint64_t, const omnibroker_reply& reply) {
  const auto body = view(reply.payload.bytes);
  if (reply.refused != 0) return finish(refused(view(reply.code), body));
  finish({.status = body.empty() ? 204u : 200u, .body = std::string(body)});
}

void RegistrationExchange::complete(std::span<std::uint8_t> content) {
  auto secret = make_secret();
  if (!secret) {
    lent_->host.log().error("Cannot make a session token", {{"reason", secret.error().message}});
    return finish(refusal(503, "UNAVAILABLE", "No session can be opened now"));
  }
  secret_ = std::move(*secret);
  auto session = connection().open_detached_session(secret_);
  if (!session) return finish(refusal(503, "UNAVAILABLE", session.error().message));
  session_ = std::move(*session);
  const auto status = connection().submit(session_.number, Encoding::Text, content, kCorrelation);
  if (status == OMNIBROKER_OK) return;
  give_up();
  finish(not_submitted(status));
}

void RegistrationExchange::reply(std::uint64_t, const omnibroker_reply& reply) {
  if (reply.refused != 0) {
    give_up();
    return finish(refused(view(reply.code), view(reply.payload.bytes)));
  }
  Response created{.status = 201};
  created.body = R"({"client_id":)" + json_text(session_.client_id) + R"(,"token":)" +
                 json_text(session_.client_id + '.' + secret_) + "}";
  created.headers = "Location: " + (mount_ == "/" ? "" : mount_) + "/sessions/" + session_.client_id + "\r\n";
  session_.number = 0;  // its client's, from here on
  finish(created);
}

void RegistrationExchange::give_up() {
  if (const auto number = std::exchange(session_.number, 0); number != 0) {
    lent_->sessions->close(lent_->host.raw(), number);
  }
}

}  // namespace omnibroker::plugins::http
