// URLs as people read them.
#include "characters.hpp"
#include "url.hpp"

namespace omniclient {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  ///< Bytes; 0 where they are no UTF-8.
};

/// The character at the front of `text` (Unicode 15, table 3-7: no overlong forms, no surrogates, nothing past
/// U+10FFFF).
Character first_character(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return {};
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  std::uint32_t code = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, length};
}

/// Control characters, and those that change the direction or order of what is shown around them.
bool is_unprintable(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

/// Appends bytes that were written plainly, or encoded.
void append_readable(std::string& target, std::string_view bytes, bool were_encoded) {
  while (!bytes.empty()) {
    const auto character = first_character(bytes);
    const auto length = character.length == 0 ? 1 : character.length;
    const bool plain = character.length == 1 && (!were_encoded || is_unreserved(bytes.front()));
    if (character.length != 0 && !is_unprintable(character.code) && (plain || character.length > 1)) {
      target += bytes.substr(0, length);
    } else {
      for (const char c : bytes.substr(0, length)) append_encoded(target, c);
    }
    bytes.remove_prefix(length);
  }
}

}  // namespace

std::string make_printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const bool encoded = is_encoded(text, i);
    std::string run;
    while (i < text.size() && is_encoded(text, i) == encoded) {
      run += encoded ? decoded_at(text, i) : text[i];
      i += encoded ? 3 : 1;
    }
    append_readable(result, run, encoded);
  }
  return result;
}

}  // namespace omniclient
