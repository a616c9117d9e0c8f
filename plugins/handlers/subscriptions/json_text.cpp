#include "json_text.hpp"

namespace omnibroker::plugins::subscriptions {

std::string json_text(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string quoted(1, '"');
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (code < 0x20 || code == 0x7F) {
      quoted.append("\\u00").append(1, hex[code / 16u]).append(1, hex[code % 16u]);
      continue;
    }
    if (character == '"' || character == '\\') quoted += '\\';
    quoted += character;
  }
  return quoted += '"';
}

}  // namespace omnibroker::plugins::subscriptions
