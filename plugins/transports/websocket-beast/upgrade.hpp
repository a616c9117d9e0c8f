#pragma once

#include "beast.hpp"
#include "config.hpp"
#include "offers.hpp"

#include <string>
#include <variant>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket_beast {

/// Why an upgrade is refused, as it is counted.
enum class Reason { Method, Request, Version, Origin, Sessions };

struct Refusal {
  Reason reason = Reason::Request;
  unsigned status = 400;
  std::string sentence;  ///< What was wrong, for the client.

  /// The answer. `with_body`: not for HEAD.
  std::string response(bool with_body) const;
};

struct Upgrade {
  std::string key;
  std::string subprotocol;  ///< Empty: none.
  Agreement compression;

  /// What Beast's answer carries beside its own.
  Fields fields(const std::string& client_id) const;
};

/// Judges a request by RFC 6455, 4.2, and by the configuration. Beast would refuse most of what is refused here, but
/// with 400 whatever is wrong, and knows no origins.
std::variant<Upgrade, Refusal> judge(const Request& request, const Config& config);

}  // namespace omnibroker::plugins::websocket_beast
