#pragma once

#include "body.hpp"
#include "responder.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// A request that is answered after its body has come: reads the body within its limits of size and time.
///
/// Lifecycle: made by `HttpTransport::open`; refuses by itself what is malformed (400), too large (413) or too slow
/// (408), and then closes, because what follows on the connection could not be trusted. Threads: the connection's
/// worker.
class BodyExchange : public Exchange {
 public:
  BodyExchange(Responder responder, Body body, std::chrono::milliseconds timeout);

  std::size_t receive(std::span<std::uint8_t> bytes) final;
  void timer() final;
  void shutdown(ShutdownReason reason, std::string_view sentence) final;
  void end_of_input() final;

 protected:
  /// The body is whole. Answers now, by `finish`, or later.
  virtual void complete(std::span<std::uint8_t> content) = 0;

  void finish(const Response& response) { responder_.finish(response, RequestBody::Consumed); }
  Connection& connection() { return responder_.connection(); }

 private:
  bool waiting_for_body() const { return body_.state() == Body::State::More; }
  void refuse(unsigned status, std::string_view message);

  Responder responder_;
  Body body_;
};

/// Throws the body of a request away that has none to have, then gives the answer which was known from the start.
class DrainExchange final : public BodyExchange {
 public:
  DrainExchange(Responder responder, Body body, std::chrono::milliseconds timeout, Response response)
      : BodyExchange(std::move(responder), std::move(body), timeout), response_(std::move(response)) {}

 private:
  void complete(std::span<std::uint8_t>) override { finish(response_); }

  Response response_;
};

}  // namespace omnibroker::plugins::http
