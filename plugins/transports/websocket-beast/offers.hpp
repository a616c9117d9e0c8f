#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket_beast {

/// What has been agreed about permessage-deflate. Neither side ever refers to an earlier message, so one compressed
/// message serves all receivers of a window.
struct Agreement {
  std::uint8_t window_bits = 0;  ///< Of what is sent, 9 to 15; 0: nothing is compressed.
  bool asked_for = false;        ///< The client has named a window, so the answer does.

  /// The value of Sec-WebSocket-Extensions in the answer.
  std::string header() const;
};

/// The first offer in Sec-WebSocket-Extensions that can be kept, or none. Beast's own negotiation looks at the first
/// one only, and takes what is no list for none. A window of 8 bits cannot be kept: Beast writes 9 at least.
///
/// Nothing: a line is not a list of extensions (RFC 6455, 9.1).
std::optional<Agreement> agree_to(const Request& request);

}  // namespace omnibroker::plugins::websocket_beast
