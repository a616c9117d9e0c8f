#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket {

/// What is agreed about permessage-deflate (RFC 7692), the one extension that is spoken.
///
/// No message ever refers to an earlier one, in either direction: so one compressed message serves every client with
/// the same window, and a connection keeps no state of a compressor.
struct DeflateTerms {
  std::uint8_t window_bits = 0;  ///< Of what we send, 9 to 15. 0: nothing is compressed.
  bool window_named = false;     ///< The client has asked for a window, so the answer names it.
};

/// Takes the first offer of permessage-deflate that can be kept, in all lines of Sec-WebSocket-Extensions, or none. An
/// offer with a parameter that is unknown, repeated or has no valid value is passed over, and so is one that insists
/// on a window of 8 bits, which zlib cannot write.
///
/// Nothing: a line is not what RFC 6455, 9.1, calls a list of extensions.
std::optional<DeflateTerms> choose_terms(const Request& request);

/// The value of Sec-WebSocket-Extensions in the answer.
std::string extensions_value(const DeflateTerms& terms);

}  // namespace omnibroker::plugins::websocket
