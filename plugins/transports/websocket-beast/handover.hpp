#pragma once

#include "head.hpp"
#include "text.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <omnibroker/result.hpp>

namespace omnibroker::plugins::websocket_beast {

/// All that is known of one connection beside what Beast keeps to itself, in the terms of the format `ws.session/1`.
/// Its layout is written down where the component type `websocket` reads it
/// (plugins/transports/websocket/handover.hpp).
///
/// What this transport writes, everything that the format can say being possible at any byte:
///
/// - a control frame whose head has been consumed and whose payload is not whole is "in place" with nothing ready;
/// - any other frame is not in place, and belongs to the message that its payload has been added to so far, also where
///   it is the message's only frame;
/// - the head of a frame is consumed when it is whole, so what is left of it at the host is never less than all of it.
///
/// What it reads is everything that the other transport writes. Payload that the other one has unmasked in the host's
/// buffer (`ready`) is masked again when it is shown here; until then it is handed on as it came.
///
/// Busy: a message of more than 64 KiB, fragmented or not, of which less than all has come. The other transport is busy
/// only inside a fragmented or compressed one, since it leaves all others at the host.
struct Session {
  bool closing = false;  ///< Our close frame is out, the peer's is awaited.
  bool in_frame = false;
  bool in_place = false;
  bool in_message = false;
  bool compressed = false;  ///< The message is.
  bool ping_unanswered = false;
  bool final = false;  ///< The present frame is. As the next four.
  std::uint8_t opcode = 0;
  Mask mask{};
  std::uint64_t length = 0;
  std::uint64_t taken = 0;  ///< Bytes of its payload that are consumed.
  std::uint64_t ready = 0;  ///< Bytes of its payload that are unmasked at the host.
  std::uint8_t message_opcode = 1;
  CutCharacter cut;  ///< At the end of the text so far.
  std::uint8_t window_bits = 0;
  std::uint32_t pings = 0;
  std::string subprotocol;
  std::string fragments;  ///< Of the message so far: unmasked, and compressed where it is.
};

inline constexpr std::size_t kMostBytes = 64 * 1024;  // of a blob (abi.h)

std::string write_session(const Session& session);

/// Unsupported for another format or version; InvalidArgument for one that contradicts itself.
Result<Session> read_session(std::string_view blob);

}  // namespace omnibroker::plugins::websocket_beast
