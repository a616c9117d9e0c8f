#pragma once

#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// A second opinion about messages: the rules of the envelope written down as plainly as possible, character by
/// character, with none of the envelope's means. Slow, and only for tests to compare with.
///
/// Threads: a value.
class StrictJson {
 public:
  enum class Judgement { Ok, InvalidJson, InvalidFormat };
  enum class Kind { Null, Boolean, Number, String, Array, Object };

  struct Value {
    Kind kind = Kind::Null;
    double number = 0;      ///< Number, or Boolean as 0 or 1.
    std::string text;       ///< String, escapes resolved.
    std::size_t count = 0;  ///< Array or Object.
  };

  explicit StrictJson(std::string_view text) : text_(text) { judge(); }

  Judgement judgement() const { return judgement_; }
  /// The members of the outermost object, where it is one.
  const std::map<std::string, Value>& members() const { return members_; }

 private:
  static constexpr int kMaxDepth = 32;

  void judge() {
    judgement_ = Judgement::InvalidJson;
    if (!is_utf8(text_)) return;
    Value root;
    skip_space();
    if (!value(root, kMaxDepth)) return;
    skip_space();
    if (at_ != text_.size() || duplicate_) return;
    judgement_ = Judgement::InvalidFormat;
    const auto type = members_.find("type");
    if (root.kind != Kind::Object || type == members_.end()) return;
    if (type->second.kind == Kind::String && !type->second.text.empty()) judgement_ = Judgement::Ok;
  }

  bool value(Value& out, int levels) {
    switch (peek()) {
      case '{': return object(out, levels);
      case '[': return array(out, levels);
      case '"': out.kind = Kind::String; return string(out.text);
      case 't': return boolean(out, "true", 1);
      case 'f': return boolean(out, "false", 0);
      case 'n': return word("null");
      default: return number(out);
    }
  }

  bool boolean(Value& out, std::string_view literal, double number) {
    out.kind = Kind::Boolean;
    out.number = number;
    return word(literal);
  }

  bool object(Value& out, int levels) {
    if (levels == 0) return false;
    const bool outermost = levels == kMaxDepth;
    out.kind = Kind::Object;
    ++at_;
    skip_space();
    if (take('}')) return true;
    do {
      skip_space();
      std::string key;
      Value member;
      if (peek() != '"' || !string(key)) return false;
      skip_space();
      if (!take(':')) return false;
      skip_space();
      if (!value(member, levels - 1)) return false;
      skip_space();
      ++out.count;
      if (outermost && !members_.emplace(key, member).second) duplicate_ = true;
    } while (take(','));
    return take('}');
  }

  bool array(Value& out, int levels) {
    if (levels == 0) return false;
    out.kind = Kind::Array;
    ++at_;
    skip_space();
    if (take(']')) return true;
    do {
      Value element;
      skip_space();
      if (!value(element, levels - 1)) return false;
      skip_space();
      ++out.count;
    } while (take(','));
    return take(']');
  }

  bool number(Value& out) {
    const std::size_t begin = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    out.kind = Kind::Number;
    out.number = std::strtod(std::string(text_.substr(begin, at_ - begin)).c_str(), nullptr);
    return std::isfinite(out.number);
  }

  bool digits() {
    const std::size_t begin = at_;
    while (std::isdigit(static_cast<unsigned char>(peek())) != 0) ++at_;
    return at_ > begin;
  }

  bool string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
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
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const char c = peek();
    ++at_;
    if (c == 'u') return unicode_escape(out);
    const auto found = kNames.find(c);
    if (found == std::string_view::npos) return false;
    out.push_back(kMeant[found]);
    return true;
  }

  bool unicode_escape(std::string& out) {
    auto code = hex4();
    if (!code || (*code >= 0xDC00 && *code <= 0xDFFF)) return false;
    if (*code >= 0xD800 && *code <= 0xDBFF) {
      if (!take('\\') || !take('u')) return false;
      const auto low = hex4();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10u) + (*low - 0xDC00);
    }
    append_utf8(out, *code);
    return true;
  }

  std::optional<std::uint32_t> hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const auto c = static_cast<unsigned char>(peek());
      if (std::isxdigit(c) == 0) return std::nullopt;
      code = code * 16 + static_cast<std::uint32_t>(std::isdigit(c) != 0 ? c - '0' : std::tolower(c) - 'a' + 10);
    }
    return code;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6u), put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12u), put(0x80 | (code >> 6u & 0x3F)), put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18u), put(0x80 | (code >> 12u & 0x3F)), put(0x80 | (code >> 6u & 0x3F)),
          put(0x80 | (code & 0x3F));
    }
  }

  static bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
      const auto lead = static_cast<unsigned char>(text[i]);
      const std::size_t size = lead < 0x80 ? 1 : lead >> 5u == 6 ? 2 : lead >> 4u == 14 ? 3 : lead >> 3u == 30 ? 4 : 0;
      if (size == 0 || i + size > text.size()) return false;
      std::uint32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
      for (std::size_t k = 1; k < size; ++k) {
        const auto next = static_cast<unsigned char>(text[i + k]);
        if ((next & 0xC0u) != 0x80u) return false;
        code = code << 6u | (next & 0x3Fu);
      }
      constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
      if (code < kSmallest[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
      i += size;
    }
    return true;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view literal) {
    if (text_.substr(at_, literal.size()) != literal) return false;
    at_ += literal.size();
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool duplicate_ = false;
  Judgement judgement_ = Judgement::InvalidJson;
  std::map<std::string, Value> members_;
};
