#include "body_exchange.hpp"

#include "refusals.hpp"

#include <utility>

namespace omnibroker::plugins::http {

BodyExchange::BodyExchange(Responder responder, Body body, std::chrono::milliseconds timeout)
    : responder_(std::move(responder)), body_(std::move(body)) {
  connection().set_timer(timeout);
}

std::size_t BodyExchange::receive(std::span<std::uint8_t> bytes) {
  // While the answer is on its way these are the next request's, which the host keeps.
  if (!waiting_for_body() || responder_.finished()) return 0;
  const auto taken = body_.feed(bytes);
  switch (body_.state()) {
    case Body::State::More: break;
    case Body::State::Done: complete(body_.content()); break;
    case Body::State::Malformed: refuse(400, "The chunked body is malformed"); break;
    case Body::State::TooLarge: refuse(413, "The body is larger than a message may be"); break;
  }
  return taken;
}

void BodyExchange::timer() {
  if (waiting_for_body()) return refuse(408, "The body did not come in time");
  refuse(504, "The message was not answered in time");
}

void BodyExchange::shutdown(ShutdownReason reason, std::string_view sentence) {
  // A message that has been handed to the router is still answered: its sender must know what became of it.
  if (!waiting_for_body()) return responder_.will_close();
  const bool idle = reason == ShutdownReason::Idle;
  refuse(idle ? 408 : 503, sentence.empty() ? "The request was ended by the server" : sentence);
}

void BodyExchange::end_of_input() {
  if (!waiting_for_body()) return responder_.will_close();
  refuse(400, "The body ended before it was whole");
}

void BodyExchange::refuse(unsigned status, std::string_view message) {
  responder_.finish(refusal(status, code_of_status(status), message), RequestBody::Left);
}

}  // namespace omnibroker::plugins::http
