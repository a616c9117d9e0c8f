#pragma once

#include "body_exchange.hpp"

#include <string>

namespace omnibroker::plugins::http {

/// `POST /messages`: hands the body to the router as the session's message, and answers with what the router says.
class MessageExchange final : public BodyExchange {
 public:
  MessageExchange(Responder responder, Body body, std::chrono::milliseconds timeout, omnibroker_session session)
      : BodyExchange(std::move(responder), std::move(body), timeout), session_(session) {}

  void reply(std::uint64_t correlation, const omnibroker_reply& reply) override;

 private:
  void complete(std::span<std::uint8_t> content) override;

  omnibroker_session session_;
};

/// `POST /sessions`: opens a session whose first message is the body. The session stays if that message is accepted and
/// its client is there to hear the token; else it ends here.
class RegistrationExchange final : public BodyExchange {
 public:
  RegistrationExchange(Responder responder, Body body, std::chrono::milliseconds timeout, const Lent& lent,
                       std::string mount)
      : BodyExchange(std::move(responder), std::move(body), timeout), lent_(&lent), mount_(std::move(mount)) {}
  ~RegistrationExchange() override { give_up(); }

  void reply(std::uint64_t correlation, const omnibroker_reply& reply) override;

 private:
  void complete(std::span<std::uint8_t> content) override;
  void give_up();

  const Lent* lent_;
  std::string mount_;
  std::string secret_;
  OpenedSession session_;  ///< Ours to end while its number is not 0.
};

}  // namespace omnibroker::plugins::http
