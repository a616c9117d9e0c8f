#include "utf8.hpp"

#include <cstring>

namespace omnibroker::plugins::websocket {
namespace {

/// How many bytes at the front are ASCII, rounded down to words.
std::size_t ascii_words(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::uint64_t high_bits = 0x8080808080808080ull;
  std::size_t at = 0;
  while (size - at >= 4 * sizeof(std::uint64_t)) {  // four at once: the compiler makes vectors of this
    std::uint64_t words[4];
    std::memcpy(words, bytes + at, sizeof(words));
    if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
    at += sizeof(words);
  }
  while (size - at >= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, bytes + at, sizeof(word));
    if ((word & high_bits) != 0) break;
    at += sizeof(word);
  }
  return at;
}

bool continues(std::uint32_t byte) { return (byte & 0xC0) == 0x80; }

/// The size of the character at the front where it is a good one of several bytes, else 0. Reads four bytes.
std::size_t sequence(const std::uint8_t* at) {
  const std::uint32_t lead = at[0];
  if (lead >= 0xE0 && lead < 0xF0) {
    const std::uint32_t value = (lead & 0x0F) << 12 | (at[1] & 0x3Fu) << 6;  // what decides does not need the last byte
    const bool good = value >= 0x800 && (value < 0xD800 || value > 0xDFFF);
    return good && continues(at[1]) && continues(at[2]) ? 3 : 0;
  }
  if (lead >= 0xC2 && lead < 0xE0) return continues(at[1]) ? 2 : 0;
  if (lead < 0xF0) return 0;
  const std::uint32_t value = (lead & 0x0F) << 18 | (at[1] & 0x3Fu) << 12;
  const bool good = value >= 0x10000 && value <= 0x10FFFF;
  return good && continues(at[1]) && continues(at[2]) && continues(at[3]) ? 4 : 0;
}

/// How many bytes at the front are good characters of several bytes, as far as four bytes can be read.
std::size_t sequences(const std::uint8_t* bytes, std::size_t size) {
  std::size_t at = 0;
  while (size - at >= 4) {
    const auto one = sequence(bytes + at);
    if (one == 0) break;
    at += one;
  }
  return at;
}

}  // namespace

bool Utf8Validator::begin_sequence(std::uint8_t lead) {
  if (lead < 0xC2 || lead > 0xF4) return false;  // a stray continuation, an overlong pair, or beyond U+10FFFF
  state_ = {1, 0x80, 0xBF};
  if (lead >= 0xE0) state_.missing = 2;
  if (lead >= 0xF0) state_.missing = 3;
  if (lead == 0xE0) state_.low = 0xA0;   // less would fit into two bytes
  if (lead == 0xED) state_.high = 0x9F;  // more is a surrogate
  if (lead == 0xF0) state_.low = 0x90;   // less would fit into three bytes
  if (lead == 0xF4) state_.high = 0x8F;  // more is beyond U+10FFFF
  return true;
}

bool Utf8Validator::feed(std::span<const std::uint8_t> bytes) {
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  while (at != end) {
    if (state_.missing != 0) {
      if (*at < state_.low || *at > state_.high) return false;
      state_ = {static_cast<std::uint8_t>(state_.missing - 1), 0x80, 0xBF};
      ++at;
      continue;
    }
    at += ascii_words(at, static_cast<std::size_t>(end - at));
    while (at != end && *at < 0x80) ++at;
    at += sequences(at, static_cast<std::size_t>(end - at));
    if (at != end && *at < 0x80) continue;
    if (at != end && !begin_sequence(*at++)) return false;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  Utf8Validator validator;
  return validator.feed({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) && validator.complete();
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t size = limit;
  while (size > 0 && (static_cast<std::uint8_t>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace omnibroker::plugins::websocket
