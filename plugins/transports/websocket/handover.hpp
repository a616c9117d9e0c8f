#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/frame.hpp>
#include <websocket/utf8.hpp>

#include <omnibroker/result.hpp>

namespace omnibroker::plugins::websocket {

enum class Phase : std::uint8_t {
  Open = 0,
  Closing = 1,  ///< Our close frame is out, the peer's is awaited.
};

/// The frame whose head has been consumed and whose payload has not, or not whole.
struct PresentFrame {
  FrameHeader header;
  bool in_place = false;    ///< Its payload stays unconsumed until it is whole.
  std::uint64_t taken = 0;  ///< Payload bytes consumed already: of a frame that is not in place.
  std::uint64_t ready = 0;  ///< Unconsumed payload bytes that are unmasked and checked: of one that is.
};

/// All that one connection's protocol remembers between two calls, and so what moves to another generation.
///
/// As a blob, `ws.session/1`, integers little endian:
///
///   offset size
///        0   12  "ws.session/1"
///       12    1  phase
///       13    1  flags: 1 in a frame, 2 that frame is final, 4 it is in place, 8 in a fragmented message,
///                       16 a ping is unanswered, 32 the unfinished message is compressed
///       14    1  opcode of the present frame
///       15    1  opcode of the fragmented message
///       16    4  mask of the present frame
///       20    3  the text's UTF-8: bytes missing, lowest and highest next byte
///       23    1  compression: bits of the window that was agreed, 0 where none was
///       24    8  length of the present frame
///       32    8  payload bytes consumed
///       40    8  payload bytes ready
///       48    4  pings sent
///       52    4  size of the sub-protocol's name
///       56    4  size of the fragments so far
///       60    -  the name, then the fragments
struct HandoverState {
  Phase phase = Phase::Open;
  bool in_frame = false;
  PresentFrame frame;
  bool in_message = false;  ///< Fragments of a message have come, its final one has not.
  Opcode message_opcode = Opcode::Text;
  bool compressed = false;  ///< The message is; so its fragments are kept as they came, until it is whole.
  std::vector<std::uint8_t> fragments;
  Utf8Validator utf8;
  std::uint8_t window_bits = 0;  ///< DeflateTerms::window_bits.
  bool ping_unanswered = false;
  std::uint32_t pings = 0;
  std::string subprotocol;
};

/// The most that a blob may take (abi.h).
inline constexpr std::size_t kMaxBlob = 64 * 1024;

std::string write_blob(const HandoverState& state);

/// Unsupported for another format or version; InvalidArgument for one that contradicts itself.
Result<HandoverState> read_blob(std::string_view blob);

}  // namespace omnibroker::plugins::websocket
