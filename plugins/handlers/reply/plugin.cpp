#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::reply {
namespace {

/// How many bytes the character at the front of `text` takes; 0 where the bytes there are not UTF-8.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
  const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : size;
}

void append_escaped(std::string& out, char character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<std::uint8_t>(character);
  switch (character) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: out.append("\\u00").append(1, kHex[byte >> 4u]).append(1, kHex[byte & 0xFu]);
  }
}

/// Appends `text` as a JSON string. Any bytes may come, and what goes out is JSON and UTF-8 all the same: what is not
/// UTF-8 becomes the replacement character.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto size = character_size(text);
    if (size == 0) {
      out += "\uFFFD";
    } else if (const auto byte = static_cast<std::uint8_t>(text.front());
               byte < 0x20 || byte == 0x7F || byte == '"' || byte == '\\') {
      append_escaped(out, text.front());
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out += '"';
}

/// Acks and errors as the gateway's clients know them: compact JSON, members in this order.
///
/// Threads: no state.
class GatewayReply final : public Reply {
 public:
  explicit GatewayReply(Host) {}

  std::string ack(std::string_view original_type) const override {
    std::string out = R"({"type":"ack","original_type":)";
    append_string(out, original_type);
    out += R"(,"status":"success"})";
    return out;
  }

  std::string error(std::string_view code, std::string_view message) const override {
    std::string out = R"({"type":"error","error_code":)";
    append_string(out, code);
    out += R"(,"error_message":)";
    append_string(out, message);
    out += '}';
    return out;
  }
};

}  // namespace
}  // namespace omnibroker::plugins::reply

OMNIBROKER_PLUGIN("reply", "1.0.0", "What an ack and an error look like.",
                  omnibroker::component<omnibroker::plugins::reply::GatewayReply>(
                      "reply", "Writes acks and errors as JSON messages of type `ack` and `error`."))
