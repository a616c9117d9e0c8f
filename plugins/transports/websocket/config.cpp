#include "config.hpp"

#include <string_view>
#include <websocket/token.hpp>

namespace omnibroker::plugins::websocket {
namespace {

using namespace std::chrono_literals;

/// `https://maps.example:8443`: a scheme and an authority, nothing behind. A browser sends nothing else.
bool is_origin(std::string_view text) {
  if (text == "*" || text == "null") return true;
  const auto authority = text.find("://");
  if (authority == std::string_view::npos || authority == 0) return false;
  const auto rest = text.substr(authority + 3);
  return !rest.empty() && rest.find_first_of("/?# ") == std::string_view::npos;
}

Status check(const Config& config) {
  for (const auto& origin : config.allowed_origins) {
    if (!is_origin(origin)) {
      return Error{ErrorCode::InvalidArgument,
                   "allowed_origins: an origin is *, null, or like https://host:8443 without a path: " + origin};
    }
  }
  for (const auto& subprotocol : config.subprotocols) {
    if (!is_token(subprotocol)) {
      return Error{ErrorCode::InvalidArgument,
                   "subprotocols: a sub-protocol's name has no spaces, commas or other separators: " + subprotocol};
    }
  }
  return {};
}

}  // namespace

const ConfigSpec<Config>& config_spec() {
  static const auto spec =
      ConfigSpec<Config>{}
          .field(
              "allowed_origins", &Config::allowed_origins,
              "Web pages that may connect, by their origin; * for all. Programs that are no browsers send no Origin, "
              "and are not kept out by this.")
          .example("[https://maps.example, \"http://localhost:5173\"]")
          .reloadable()
          .field("subprotocols", &Config::subprotocols,
                 "Sub-protocols that are agreed to where a client offers them, the preferred one first. A client that "
                 "offers none of them is served without.")
          .example("[maps.v2, maps.v1]")
          .reloadable()
          .field("ping_interval", &Config::ping_interval,
                 "How long a client may be silent before it is sent a ping; it may take up to twice as long. A silent "
                 "client takes a change up with its next bytes.")
          .range(0ns, std::chrono::nanoseconds(24h))
          .reloadable()
          .field("ping_timeout", &Config::ping_timeout,
                 "How long a client may stay silent after a ping before its connection is closed (1011).")
          .range(0ns, std::chrono::nanoseconds(24h))
          .reloadable()
          .field("close_timeout", &Config::close_timeout,
                 "How long to wait for a client's close frame after sending ours.")
          .range(std::chrono::nanoseconds(1ms), std::chrono::nanoseconds(10min))
          .reloadable()
          .field("compression", &Config::compression,
                 "Whether messages are compressed for clients that offer it (permessage-deflate, RFC 7692). Turned on, "
                 "new clients get it; turned off, nothing is sent compressed any more.")
          .choices("off|deflate")
          .reloadable()
          .field("compression_min_size", &Config::compression_min_size, "Smaller messages are sent as they are.")
          .range(ByteSize{0}, ByteSize{1ull << 30})
          .reloadable()
          .field("compression_level", &Config::compression_level, "1 costs the least, 9 makes the smallest messages.")
          .range(1, 9)
          .reloadable()
          .check(check);
  return spec;
}

}  // namespace omnibroker::plugins::websocket
