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

void append_escaped(const Sink& out, char character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<std::uint8_t>(character);
  switch (character) {
    case '"': return out.append("\\\"");
    case '\\': return out.append("\\\\");
    case '\n': return out.append("\\n");
    case '\r': return out.append("\\r");
    case '\t': return out.append("\\t");
    default: break;
  }
  out.append("\\u00");
  out.append(kHex.substr(byte >> 4u, 1));
  out.append(kHex.substr(byte & 0xFu, 1));
}

bool is_plain(std::uint8_t byte) { return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\'; }

/// Appends `text` as a JSON string. Any bytes may come, and what goes out is JSON and UTF-8 all the same: what is not
/// UTF-8 becomes the replacement character.
void append_string(const Sink& out, std::string_view text) {
  out.append("\"");
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(static_cast<std::uint8_t>(text[plain]))) ++plain;
    if (plain > 0) {
      out.append(text.substr(0, plain));
      text.remove_prefix(plain);
      continue;
    }
    const auto size = character_size(text);
    if (size == 0) {
      out.append("\uFFFD");
    } else if (size == 1) {
      append_escaped(out, text.front());
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  out.append("\"");
}

/// Acks and errors as the gateway's clients know them: compact JSON, members in this order.
///
/// Threads: no state.
class GatewayReply final : public Reply {
 public:
  explicit GatewayReply(Host) {}

  void ack(std::string_view original_type, const Sink& out) const override {
    out.append(R"({"type":"ack","original_type":)");
    append_string(out, original_type);
    out.append(R"(,"status":"success"})");
  }

  void error(std::string_view code, std::string_view message, const Sink& out) const override {
    out.append(R"({"type":"error","error_code":)");
    append_string(out, code);
    out.append(R"(,"error_message":)");
    append_string(out, message);
    out.append("}");
  }
};

}  // namespace
}  // namespace omnibroker::plugins::reply

OMNIBROKER_PLUGIN("reply", "1.0.0", "What an ack and an error look like.",
                  omnibroker::component<omnibroker::plugins::reply::GatewayReply>(
                      "reply", "Writes acks and errors as JSON messages of type `ack` and `error`."))
