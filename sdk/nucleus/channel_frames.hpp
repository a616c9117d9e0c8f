#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What is inside of the payloads that members of a channel send each other, so that they know who speaks.
///
/// The vendor's framing is not public. This one is our own, in this one file, so that it can be replaced:
///
///     "OBCH" · version u8 (1) · event u8 · sender length u8 · sender (a connection id) · content
///
/// Nothing is kept in a channel. Who comes sends Join, and everybody who is there answers Hello; so all know each
/// other. Every member gets every message, the sender included. The server passes payloads on as they are, whatever
/// they hold; of this framing it refuses those with another sender than the connection that they come from, and writes
/// two itself: Left for a member whose connection has ended, and Deleted when the channel is.
namespace omnibroker::nucleus::channel {

enum class Event : std::uint8_t {
  Message = 1,
  Hello = 2,    ///< I am here, too.
  Join = 3,     ///< I have come.
  Left = 4,     ///< The sender's connection has ended.
  Deleted = 5,  ///< There is no such channel any more.
};

struct Frame {
  Event event = Event::Message;
  std::string_view sender;  ///< At most 255 bytes.
  std::string_view content = {};
};

/// The frame that a payload is, with views into it; nothing where it is none, or of another version.
std::optional<Frame> read(std::string_view payload);
std::string write(const Frame& frame);

}  // namespace omnibroker::nucleus::channel
