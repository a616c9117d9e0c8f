#include "channel_frames.hpp"

#include <cassert>

namespace omnibroker::nucleus::channel {
namespace {

constexpr std::string_view kMagic = "OBCH";
constexpr char kVersion = 1;
constexpr std::size_t kHead = kMagic.size() + 3;

}  // namespace

std::optional<Frame> read(std::string_view payload) {
  if (payload.size() < kHead || !payload.starts_with(kMagic) || payload[kMagic.size()] != kVersion) return std::nullopt;
  const auto event = static_cast<std::uint8_t>(payload[kMagic.size() + 1]);
  if (event < static_cast<std::uint8_t>(Event::Message) || event > static_cast<std::uint8_t>(Event::Deleted)) {
    return std::nullopt;
  }
  const std::size_t size = static_cast<std::uint8_t>(payload[kMagic.size() + 2]);
  if (payload.size() < kHead + size) return std::nullopt;
  return Frame{static_cast<Event>(event), payload.substr(kHead, size), payload.substr(kHead + size)};
}

std::string write(const Frame& frame) {
  assert(frame.sender.size() <= 255);
  std::string out(kMagic);
  out += kVersion;
  out += static_cast<char>(frame.event);
  out += static_cast<char>(frame.sender.size());
  return out.append(frame.sender).append(frame.content);
}

}  // namespace omnibroker::nucleus::channel
