#include "json.hpp"

#include <cstdint>
#include <cstdlib>

namespace omnibroker::testing::detail {
namespace {

constexpr int kMaxDepth = 32;

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<JsonValue> whole() {
    JsonValue value;
    if (!parse(value, 0)) return std::nullopt;
    skip_space();
    return rest_.empty() ? std::optional(std::move(value)) : std::nullopt;
  }

 private:
  bool parse(JsonValue& out, int depth) {
    skip_space();
    if (rest_.empty() || depth > kMaxDepth) return false;
    switch (rest_.front()) {
      case '{': return container(out, depth, '}', OMNIBROKER_JSON_OBJECT);
      case '[': return container(out, depth, ']', OMNIBROKER_JSON_ARRAY);
      case '"': out.kind = OMNIBROKER_JSON_STRING; return string(out.string);
      case 't': return word("true", out, OMNIBROKER_JSON_BOOLEAN, 1);
      case 'f': return word("false", out, OMNIBROKER_JSON_BOOLEAN, 0);
      case 'n': return word("null", out, OMNIBROKER_JSON_NULL, 0);
      default: return number(out);
    }
  }

  bool container(JsonValue& out, int depth, char end, omnibroker_json_kind kind) {
    out.kind = kind;
    rest_.remove_prefix(1);
    skip_space();
    if (take(end)) return true;
    for (;;) {
      auto& [key, value] = out.members.emplace_back();
      if (kind == OMNIBROKER_JSON_OBJECT) {
        skip_space();
        if (rest_.empty() || rest_.front() != '"' || !string(key)) return false;
        skip_space();
        if (!take(':')) return false;
      }
      if (!parse(value, depth + 1)) return false;
      skip_space();
      if (take(end)) return true;
      if (!take(',')) return false;
    }
  }

  bool string(std::string& out) {
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out.push_back(c);
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
    if (const auto at = from.find(c); at != std::string_view::npos) return out.push_back(to[at]), true;
    if (c != 'u') return false;
    std::uint32_t point = 0, low = 0;
    if (!hex4(point)) return false;
    if (point >= 0xD800 && point < 0xDC00) {
      if (!take('\\') || !take('u') || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    } else if (point >= 0xDC00 && point < 0xE000) {
      return false;
    }
    append_utf8(out, point);
    return true;
  }

  bool hex4(std::uint32_t& out) {
    if (rest_.size() < 4) return false;
    for (const char c : rest_.substr(0, 4)) {
      const auto digit =
          std::string_view("0123456789abcdef").find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (digit == std::string_view::npos) return false;
      out = out * 16 + static_cast<std::uint32_t>(digit);
    }
    rest_.remove_prefix(4);
    return true;
  }

  static void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) return put(point);
    if (point < 0x800) return put(0xC0 | point >> 6), put(0x80 | (point & 0x3F));
    if (point < 0x10000) return put(0xE0 | point >> 12), put(0x80 | (point >> 6 & 0x3F)), put(0x80 | (point & 0x3F));
    put(0xF0 | point >> 18), put(0x80 | (point >> 12 & 0x3F)), put(0x80 | (point >> 6 & 0x3F)),
        put(0x80 | (point & 0x3F));
  }

  bool number(JsonValue& out) {
    const auto digits = [this](std::size_t at) {
      const auto begin = at;
      while (at < rest_.size() && rest_[at] >= '0' && rest_[at] <= '9') ++at;
      return at - begin;
    };
    std::size_t at = !rest_.empty() && rest_.front() == '-' ? 1 : 0;
    const auto whole = digits(at);
    if (whole == 0 || (whole > 1 && rest_[at] == '0')) return false;
    at += whole;
    if (at < rest_.size() && rest_[at] == '.') {
      const auto fraction = digits(at + 1);
      if (fraction == 0) return false;
      at += 1 + fraction;
    }
    if (at < rest_.size() && (rest_[at] == 'e' || rest_[at] == 'E')) {
      ++at;
      if (at < rest_.size() && (rest_[at] == '+' || rest_[at] == '-')) ++at;
      const auto exponent = digits(at);
      if (exponent == 0) return false;
      at += exponent;
    }
    out.kind = OMNIBROKER_JSON_NUMBER;
    out.number = std::strtod(std::string(rest_.substr(0, at)).c_str(), nullptr);
    rest_.remove_prefix(at);
    return true;
  }

  bool word(std::string_view expected, JsonValue& out, omnibroker_json_kind kind, double value) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    out.kind = kind;
    out.number = value;
    return true;
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_space() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }

  std::string_view rest_;
};

}  // namespace

JsonValue::JsonValue() = default;
JsonValue::JsonValue(JsonValue&&) noexcept = default;
JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;
JsonValue::~JsonValue() = default;

const JsonValue* JsonValue::member(std::string_view name) const {
  if (kind != OMNIBROKER_JSON_OBJECT) return nullptr;
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::optional<JsonValue> parse_json(std::string_view text) { return Parser(text).whole(); }

}  // namespace omnibroker::testing::detail
