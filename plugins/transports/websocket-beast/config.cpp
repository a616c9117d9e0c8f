#include "config.hpp"

#include "text.hpp"

namespace omnibroker::plugins::websocket_beast {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// As browsers write an origin: scheme, host and port.
bool may_be_origin(std::string_view text) {
  if (text == "*" || text == "null") return true;
  const auto scheme = text.find("://");
  return scheme != 0 && scheme != std::string_view::npos && scheme + 3 < text.size() &&
         text.find_first_of("/?# ", scheme + 3) == std::string_view::npos;
}

Status check(const Config& config) {
  for (const auto& origin : config.allowed_origins) {
    if (may_be_origin(origin)) continue;
    return Error{ErrorCode::InvalidArgument,
                 "allowed_origins: an origin is *, null, or like https://host:8443 without a path: " + origin};
  }
  for (const auto& name : config.subprotocols) {
    if (is_token(name)) continue;
    return Error{ErrorCode::InvalidArgument,
                 "subprotocols: a sub-protocol's name has no spaces, commas or other separators: " + name};
  }
  return {};
}

}  // namespace

const ConfigSpec<Config>& config_spec() {
  static const auto spec =
      ConfigSpec<Config>{}
          .field(
              "allowed_origins", &Config::allowed_origins,
              "Origins of the web pages that may connect; * for all. What is not a browser sends no origin, and may.")
          .example("[https://maps.example, \"http://localhost:5173\"]")
          .reloadable()
          .field("subprotocols", &Config::subprotocols,
                 "Sub-protocols that are agreed to where a client offers them, the preferred one first.")
          .example("[maps.v2, maps.v1]")
          .reloadable()
          .field("ping_interval", &Config::ping_interval,
                 "How long a client may be silent before it is sent a ping; it may take up to twice as long.")
          .range(0ns, nanoseconds(24h))
          .reloadable()
          .field("ping_timeout", &Config::ping_timeout,
                 "How long a client may stay silent after a ping before its connection is closed (1011).")
          .range(0ns, nanoseconds(24h))
          .reloadable()
          .field("close_timeout", &Config::close_timeout,
                 "How long a client may take to answer a close frame before its connection is ended.")
          .range(nanoseconds(1ms), nanoseconds(10min))
          .reloadable()
          .field("compression", &Config::compression,
                 "Whether permessage-deflate (RFC 7692) is agreed to where a client offers it. Where it is turned off, "
                 "clients that have agreed to it get their messages as they are.")
          .choices("off|deflate")
          .reloadable()
          .field("compression_min_size", &Config::compression_min_size, "The smallest message that is compressed.")
          .range(ByteSize{0}, ByteSize{1ull << 30})
          .reloadable()
          .field("compression_level", &Config::compression_level, "From 1, the fastest, to 9, the smallest messages.")
          .range(1, 9)
          .reloadable()
          .check(check);
  return spec;
}

}  // namespace omnibroker::plugins::websocket_beast
