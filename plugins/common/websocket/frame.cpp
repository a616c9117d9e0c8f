#include "frame.hpp"

#include <cstring>

namespace omnibroker::plugins::websocket {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kRsv1 = 0x40;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kLength16 = 126;
constexpr std::uint8_t kLength64 = 127;

HeaderRead broken(const char* problem) { return {HeaderRead::Outcome::Broken, 0, {}, problem}; }

/// What is wrong with the first two bytes, or nullptr. Called with one byte or more.
const char* problem_of(std::span<const std::uint8_t> bytes, Rsv1 rsv1) {
  const std::uint8_t first = bytes[0];
  const auto opcode = static_cast<std::uint8_t>(first & 0x0F);
  const bool begins_data = opcode == 0x1 || opcode == 0x2;
  const auto reserved = rsv1 == Rsv1::Allowed && begins_data ? kReserved & ~kRsv1 : kReserved;
  if ((first & reserved) != 0) return "reserved bits are set";
  if (!is_known(opcode)) return "the opcode is reserved";
  const bool control = is_control(static_cast<Opcode>(opcode));
  if (control && (first & kFin) == 0) return "a control frame is fragmented";
  if (bytes.size() < 2) return nullptr;
  if ((bytes[1] & kMasked) == 0) return "the frame is not masked";
  if (control && (bytes[1] & 0x7F) > kMaxControlPayload) return "a control frame is longer than 125 bytes";
  return nullptr;
}

std::uint64_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace

HeaderRead read_header(std::span<const std::uint8_t> bytes, Rsv1 rsv1) {
  HeaderRead read;
  if (bytes.empty()) return read;
  if (const char* problem = problem_of(bytes, rsv1)) return broken(problem);
  if (bytes.size() < 2) return read;

  const auto short_length = static_cast<std::uint8_t>(bytes[1] & 0x7F);
  const std::size_t extra = short_length == kLength16 ? 2 : short_length == kLength64 ? 8 : 0;
  read.header.length = short_length;
  if (extra != 0) {
    if (bytes.size() < 2 + extra) return read;
    read.header.length = big_endian(bytes.subspan(2, extra));
    if (read.header.length >> 63 != 0) return broken("the length has its highest bit set");
    const std::uint64_t least = extra == 2 ? kLength16 : 0x10000;
    if (read.header.length < least) return broken("the length is not in its shortest form");
  }
  if (bytes.size() < 2 + extra + 4) return read;

  read.header.fin = (bytes[0] & kFin) != 0;
  read.header.compressed = (bytes[0] & kRsv1) != 0;
  read.header.opcode = static_cast<Opcode>(bytes[0] & 0x0F);
  std::memcpy(read.header.mask.data(), bytes.data() + 2 + extra, 4);
  read.size = 2 + extra + 4;
  read.outcome = HeaderRead::Outcome::Complete;
  return read;
}

void unmask(std::span<std::uint8_t> bytes, const std::array<std::uint8_t, 4>& mask, std::uint64_t phase) {
  std::array<std::uint8_t, 8> turned;
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(phase + i) % 4];
  std::uint64_t key;
  std::memcpy(&key, turned.data(), sizeof(key));

  std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(key); left -= sizeof(key), at += sizeof(key)) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    word ^= key;
    std::memcpy(at, &word, sizeof(word));
  }
  for (std::size_t i = 0; i < left; ++i) at[i] ^= turned[i];
}

FrameHead::FrameHead(Opcode opcode, std::size_t payload_size, Payload payload) {
  const auto put = [this](std::size_t at, std::uint64_t byte) { bytes_[at] = static_cast<char>(byte & 0xFF); };
  const std::uint8_t compressed = payload == Payload::Compressed ? kRsv1 : 0;
  put(0, kFin | compressed | static_cast<std::uint8_t>(opcode));
  if (payload_size < kLength16) {
    put(1, payload_size);
    size_ = 2;
    return;
  }
  const bool wide = payload_size > 0xFFFF;
  const std::size_t extra = wide ? 8 : 2;
  put(1, wide ? kLength64 : kLength16);
  for (std::size_t i = 0; i < extra; ++i) put(1 + extra - i, static_cast<std::uint64_t>(payload_size) >> (8 * i));
  size_ = 2 + extra;
}

}  // namespace omnibroker::plugins::websocket
