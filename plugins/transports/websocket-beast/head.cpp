#include "head.hpp"

#include <algorithm>

namespace omnibroker::plugins::websocket_beast {
namespace {

constexpr std::uint8_t kMaskedBit = 0x80;

std::size_t length_bytes(std::uint8_t second) {
  switch (second & 0x7F) {
    case 126: return 2;
    case 127: return 8;
    default: return 0;
  }
}

}  // namespace

bool Head::good_control() const {
  const bool known = opcode() >= opcode::kClose && opcode() <= opcode::kPong;
  return known && final() && masked && (first & kReservedBits) == 0 && length <= kLongestControl && size == 2 + 4;
}

std::optional<Head> read_head(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 2) return std::nullopt;
  Head head;
  head.first = bytes[0];
  head.masked = (bytes[1] & kMaskedBit) != 0;
  head.length = bytes[1] & 0x7F;
  const auto extra = length_bytes(bytes[1]);
  head.size = 2 + extra + (head.masked ? head.mask.size() : 0);
  if (bytes.size() < head.size) return std::nullopt;
  if (extra != 0) head.length = 0;
  for (std::size_t i = 0; i < extra; ++i) head.length = head.length << 8 | bytes[2 + i];
  if (head.masked) std::copy_n(bytes.begin() + 2 + static_cast<std::ptrdiff_t>(extra), 4, head.mask.begin());
  return head;
}

std::string head_bytes(std::uint8_t first, std::uint64_t length, const Mask* mask) {
  const std::uint8_t second = length < 126 ? static_cast<std::uint8_t>(length) : length <= 0xFFFF ? 126 : 127;
  std::string head{static_cast<char>(first), static_cast<char>(second | (mask != nullptr ? kMaskedBit : 0))};
  for (auto left = length_bytes(second); left > 0; --left) {
    head.push_back(static_cast<char>(length >> (8 * (left - 1)) & 0xFF));
  }
  if (mask != nullptr) head.append(mask->begin(), mask->end());
  return head;
}

void turn_mask(std::span<std::uint8_t> bytes, const Mask& mask, std::uint64_t phase) {
  for (auto& byte : bytes) byte ^= mask[phase++ % mask.size()];
}

}  // namespace omnibroker::plugins::websocket_beast
