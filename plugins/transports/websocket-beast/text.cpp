#include "text.hpp"

#include <algorithm>

namespace omnibroker::plugins::websocket_beast {
namespace {

bool continues(std::uint8_t byte) { return (byte & 0xC0) == 0x80; }

/// What must follow a first byte; `missing` is 0 for ASCII, and for what cannot be first, which `high` 0 tells apart.
CutCharacter behind(std::uint8_t first) {
  if (first < 0x80) return {};
  if (first < 0xC2 || first > 0xF4) return {0, 0, 0};
  if (first < 0xE0) return {1, 0x80, 0xBF};
  if (first < 0xF0) {
    const bool surrogates = first == 0xED;
    return {2, static_cast<std::uint8_t>(first == 0xE0 ? 0xA0 : 0x80),
            static_cast<std::uint8_t>(surrogates ? 0x9F : 0xBF)};
  }
  return {3, static_cast<std::uint8_t>(first == 0xF0 ? 0x90 : 0x80),
          static_cast<std::uint8_t>(first == 0xF4 ? 0x8F : 0xBF)};
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view separators = "()<>@,;:\\\"/[]?={}";
  return !text.empty() && std::none_of(text.begin(), text.end(), [&](char c) {
    return c <= ' ' || c > '~' || separators.find(c) != std::string_view::npos;
  });
}

Utf8 look_at(std::span<const std::uint8_t> text) {
  CutCharacter open;
  for (const std::uint8_t byte : text) {
    if (open.missing == 0) {
      open = behind(byte);
      if (open.high == 0) return {false, {}};
    } else {
      if (byte < open.low || byte > open.high) return {false, {}};
      open = {static_cast<std::uint8_t>(open.missing - 1), 0x80, 0xBF};
    }
  }
  return {true, open};
}

bool is_utf8(std::span<const std::uint8_t> text) {
  const auto utf8 = look_at(text);
  return utf8.valid && utf8.cut.missing == 0;
}

CutCharacter cut_at_end(std::span<const std::uint8_t> text) {
  constexpr std::size_t longest = 4;
  std::size_t first = text.size();
  const std::size_t least = text.size() - std::min(text.size(), longest);
  while (first > least) {
    if (!continues(text[--first])) break;
  }
  return look_at(text.subspan(first)).cut;
}

std::string_view shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && continues(static_cast<std::uint8_t>(text[limit]))) --limit;
  return text.substr(0, limit);
}

}  // namespace omnibroker::plugins::websocket_beast
