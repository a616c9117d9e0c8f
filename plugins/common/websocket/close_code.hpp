#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket {

/// Why a connection ends (RFC 6455, 7.4, and the IANA registry): those that this end sends by itself.
enum class CloseCode : std::uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  ProtocolError = 1002,
  InvalidPayload = 1007,
  PolicyViolation = 1008,
  TooBig = 1009,
  InternalError = 1011,
  ServiceRestart = 1012,
};

/// Whether a peer may send this code: registered ones, and those of libraries and applications (3000 to 4999).
bool may_be_received(std::uint16_t code);

/// The code for what the host asks.
CloseCode close_code(ShutdownReason reason);

/// The payload of a close frame. The reason is cut at a character so that it fits; one that is not UTF-8 is left out.
std::string close_payload(std::uint16_t code, std::string_view reason);

/// What a peer's close frame says, or which error it is.
struct ReceivedClose {
  std::optional<CloseCode> error;
  const char* problem = "";
  std::optional<std::uint16_t> code;  ///< Nothing: the frame was empty.
};
ReceivedClose read_close(std::string_view payload);

}  // namespace omnibroker::plugins::websocket
