#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace omnibroker::plugins::websocket {

enum class Opcode : std::uint8_t { Continuation = 0x0, Text = 0x1, Binary = 0x2, Close = 0x8, Ping = 0x9, Pong = 0xA };

constexpr bool is_known(std::uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA); }
constexpr bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 0x8; }

/// The largest payload of a close, ping or pong.
inline constexpr std::size_t kMaxControlPayload = 125;

/// The head of one frame from a client (RFC 6455, 5.2).
struct FrameHeader {
  bool fin = false;
  Opcode opcode = Opcode::Continuation;
  std::uint64_t length = 0;
  std::array<std::uint8_t, 4> mask{};
  bool compressed = false;  ///< RSV1: the first frame of a compressed message (RFC 7692).
};

struct HeaderRead {
  enum class Outcome { Complete, Incomplete, Broken };
  Outcome outcome = Outcome::Incomplete;
  std::size_t size = 0;      ///< Complete: how many bytes the head takes.
  FrameHeader header;        ///< Complete.
  const char* problem = "";  ///< Broken: what is wrong, for the close reason.
};

/// Whether compression was agreed, and so RSV1 may be set: on the first frame of a text or binary message alone.
enum class Rsv1 { Refused, Allowed };

/// Reads the head of a frame from the front of `bytes`. What no further byte can mend is `Broken` at once, also where
/// the head is not whole: reserved bits and opcodes, a missing mask, a fragmented or long control frame, a length that
/// a shorter form could say.
HeaderRead read_header(std::span<const std::uint8_t> bytes, Rsv1 rsv1 = Rsv1::Refused);

/// Undoes the mask in place. `phase`: how many bytes of the same payload went before.
void unmask(std::span<std::uint8_t> bytes, const std::array<std::uint8_t, 4>& mask, std::uint64_t phase);

enum class Payload { Plain, Compressed };

/// The head of an unmasked, unfragmented frame in its shortest form.
class FrameHead {
 public:
  FrameHead(Opcode opcode, std::size_t payload_size, Payload payload = Payload::Plain);
  std::string_view bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 10> bytes_;
  std::size_t size_;
};

}  // namespace omnibroker::plugins::websocket
