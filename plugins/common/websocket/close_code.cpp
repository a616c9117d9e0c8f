#include "close_code.hpp"

#include "frame.hpp"
#include "utf8.hpp"

namespace omnibroker::plugins::websocket {

bool may_be_received(std::uint16_t code) {
  if (code >= 3000 && code <= 4999) return true;
  // 1004 is reserved; 1005, 1006 and 1015 say what was never on the wire.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

CloseCode close_code(ShutdownReason reason) {
  switch (reason) {
    case ShutdownReason::GoingAway: return CloseCode::GoingAway;
    case ShutdownReason::Restart: return CloseCode::ServiceRestart;
    case ShutdownReason::Idle: return CloseCode::Normal;
    case ShutdownReason::Policy:
    case ShutdownReason::TooSlow:
    case ShutdownReason::Kicked: return CloseCode::PolicyViolation;
    case ShutdownReason::Fault: break;
  }
  return CloseCode::InternalError;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  const auto cut = cut_utf8(reason, kMaxControlPayload - 2);
  if (is_utf8(cut)) payload += cut;
  return payload;
}

ReceivedClose read_close(std::string_view payload) {
  if (payload.empty()) return {};
  if (payload.size() == 1) return {CloseCode::ProtocolError, "a close code has two bytes", {}};
  const auto code =
      static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]));
  if (!may_be_received(code)) return {CloseCode::ProtocolError, "the close code may not be sent", {}};
  if (!is_utf8(payload.substr(2))) return {CloseCode::InvalidPayload, "the close reason is not UTF-8", {}};
  return {{}, "", code};
}

}  // namespace omnibroker::plugins::websocket
