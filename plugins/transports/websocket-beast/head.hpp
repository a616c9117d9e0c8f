#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace omnibroker::plugins::websocket_beast {

using Mask = std::array<std::uint8_t, 4>;

namespace opcode {
inline constexpr std::uint8_t kContinuation = 0x0, kText = 0x1, kBinary = 0x2, kClose = 0x8, kPing = 0x9, kPong = 0xA;
}

inline constexpr std::uint8_t kFinalBit = 0x80;
inline constexpr std::uint8_t kCompressedBit = 0x40;
inline constexpr std::uint8_t kReservedBits = 0x70;
inline constexpr std::size_t kLongestControl = 125;

/// The head of a frame from a client (RFC 6455, 5.2): how long it and its payload are. Whether it may be so is for
/// Beast to say.
struct Head {
  std::uint8_t first = 0;  ///< FIN, reserved bits and opcode.
  std::uint64_t length = 0;
  Mask mask{};
  bool masked = true;
  std::size_t size = 0;  ///< Of the head itself.

  bool final() const { return (first & kFinalBit) != 0; }
  std::uint8_t opcode() const { return first & 0x0F; }
  bool control() const { return opcode() >= opcode::kClose; }
  /// A control frame that Beast will take once it is whole; any other one is refused by its head alone.
  bool good_control() const;
};

/// Nothing: it is not whole.
std::optional<Head> read_head(std::span<const std::uint8_t> bytes);

/// A head in its shortest form; `mask` for one as clients write it.
std::string head_bytes(std::uint8_t first, std::uint64_t length, const Mask* mask = nullptr);

/// Masks or unmasks in place. `phase`: how many bytes of the same payload went before.
void turn_mask(std::span<std::uint8_t> bytes, const Mask& mask, std::uint64_t phase = 0);

}  // namespace omnibroker::plugins::websocket_beast
