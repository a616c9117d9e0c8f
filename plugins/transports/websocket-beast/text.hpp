#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace omnibroker::plugins::websocket_beast {

/// Whether this is a token of HTTP (RFC 9110, 5.6.2), as the names of sub-protocols and extensions are.
bool is_token(std::string_view text);

/// A character of UTF-8 whose last bytes are missing. As in a handover (handover.hpp).
struct CutCharacter {
  std::uint8_t missing = 0;  ///< Bytes; 0: there is none.
  std::uint8_t low = 0x80;   ///< Between which the next byte lies, inclusive.
  std::uint8_t high = 0xBF;
};

/// What follows from looking at bytes as UTF-8 (RFC 3629). Beast checks the text of frames itself; this is for what it
/// does not see: text that comes out of a decompressor, reasons of close frames, and where a text is cut.
struct Utf8 {
  bool valid = true;  ///< Up to the end, where a character may be cut.
  CutCharacter cut;
};
Utf8 look_at(std::span<const std::uint8_t> text);
/// Valid, and whole.
bool is_utf8(std::span<const std::uint8_t> text);
/// The end of valid UTF-8, looking at its last bytes only.
CutCharacter cut_at_end(std::span<const std::uint8_t> text);

/// The longest beginning of at most `limit` bytes that does not end inside a character.
std::string_view shortened(std::string_view text, std::size_t limit);

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace omnibroker::plugins::websocket_beast
