#include "json_text.hpp"

namespace omnibroker::plugins::http {

std::string json_text(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (byte < 0x20) {
      json += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    } else {
      json += c;
    }
  }
  return json + '"';
}

}  // namespace omnibroker::plugins::http
