#pragma once

#include "extensions.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket {

/// Why an upgrade is refused, as it is counted.
enum class Refused { Method, Request, Version, Origin, Sessions };

struct Refusal {
  Refused why = Refused::Request;
  unsigned status = 400;
  std::string sentence;  ///< For the client: what was wrong, and what is wanted.
};

struct Acceptance {
  std::string accept_key;
  std::string subprotocol;  ///< Empty: none.
  DeflateTerms deflate;
};

/// What this side allows. A view of a configuration.
struct HandshakeRules {
  std::span<const std::string> allowed_origins;  ///< Of pages; `*`: all of them.
  std::span<const std::string> subprotocols;     ///< The first one that the client offers, too, is agreed.
  bool compresses = false;                       ///< permessage-deflate may be agreed.
};

/// Judges an upgrade request by RFC 6455, 4.2, and by the rules. The first thing wrong decides.
std::variant<Acceptance, Refusal> judge(const Request& request, const HandshakeRules& rules);

/// The value of Sec-WebSocket-Accept for a client's key.
std::string accept_key(std::string_view key);

/// The answer that makes it a WebSocket. `client_id`: what X-Client-Id says; empty: there is no such header.
std::string acceptance_response(const Acceptance& acceptance, std::string_view client_id);

/// The answer of a refusal, after which the connection ends. `with_body`: not for HEAD.
std::string refusal_response(const Refusal& refusal, bool with_body);

}  // namespace omnibroker::plugins::websocket
