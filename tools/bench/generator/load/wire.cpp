#include "wire.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace omnibroker::load {
namespace {

constexpr std::string_view kSubject = "bench.updates";

std::string length_bytes(std::uint64_t length, int count) {
  std::string bytes;
  for (int i = count - 1; i >= 0; --i) bytes.push_back(static_cast<char>(length >> (8 * i) & 0xff));
  return bytes;
}

/// The first bytes of a frame, up to the mask.
std::string frame_head(Opcode opcode, std::uint64_t length, unsigned mask_bit) {
  std::string head(1, static_cast<char>(0x80u | static_cast<unsigned>(opcode)));
  const auto second = [&](unsigned value) { head.push_back(static_cast<char>(mask_bit | value)); };
  if (length < 126) {
    second(static_cast<unsigned>(length));
    return head;
  }
  const bool two = length < 65536;
  second(two ? 126 : 127);
  return head + length_bytes(length, two ? 2 : 8);
}

}  // namespace

Mask fresh_mask() {
  static std::random_device random;
  Mask mask;
  for (auto& byte : mask) byte = static_cast<char>(random() & 0xff);
  return mask;
}

std::string client_frame(Opcode opcode, std::string_view payload, const Mask& mask) {
  auto frame = frame_head(opcode, payload.size(), 0x80);
  frame.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return frame;
}

std::optional<FrameHead> read_frame_head(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  FrameHead head{static_cast<Opcode>(byte(0) & 0x0f), (byte(0) & 0x80) != 0, (byte(0) & 0x70) != 0 || byte(1) > 127, 2,
                 static_cast<std::uint64_t>(byte(1) & 0x7f)};
  const std::size_t more = head.payload_size < 126 ? 0 : head.payload_size == 126 ? 2 : 8;
  if (bytes.size() < 2 + more) return std::nullopt;
  if (more != 0) head.payload_size = 0;
  for (std::size_t i = 0; i < more; ++i) head.payload_size = head.payload_size << 8 | byte(2 + i);
  head.head_size = 2 + more;
  return head;
}

Wire::Wire(Dialect dialect, UpdateLayout layout) : dialect_(dialect), layout_(std::move(layout)) {
  if (dialect_ == Dialect::Gateway) {
    arrival_head_ = frame_head(Opcode::Text, layout_.size(), 0);
  } else {
    name_subject(std::to_string(layout_.size()));
  }
  const auto kept = std::min<std::size_t>(arrival_head_.size(), 8);
  std::string word = arrival_head_.substr(0, kept), mask(kept, '\xff');
  word.resize(8);
  mask.resize(8);
  arrival_word_ = word_at(word.data());
  arrival_word_mask_ = word_at(mask.data());
}

void Wire::name_subject(const std::string& size) {
  publication_head_ = "PUB " + std::string(kSubject) + " " + size + "\r\n";
  publication_tail_ = "\r\n";
  arrival_head_ = "MSG " + std::string(kSubject) + " 1 " + size + "\r\n";
  arrival_tail_ = "\r\n";
}

std::string Wire::greeting(Role role) const {
  if (role == Role::Silent) return {};
  if (dialect_ == Dialect::Nats) {
    std::string text = "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\"protocol\":1}\r\n";
    if (role == Role::Subscriber) text += "SUB " + std::string(kSubject) + " 1\r\n";
    return text + "PING\r\n";
  }
  return std::string(R"({"type":"client_register","client_type":")") +
         (role == Role::Publisher ? "omniverse_extension" : "web_ui") + "\"}";
}

std::string Wire::publication(std::uint64_t prim) const {
  return publication_head_ + layout_.update(prim) + publication_tail_;
}

}  // namespace omnibroker::load
