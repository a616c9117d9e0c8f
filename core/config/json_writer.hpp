#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace omnibroker::core {

/// A text as a JSON string, quotes included.
inline std::string json_string(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (byte < 0x20) {
      json += "\\u00";
      json += digits[byte >> 4];
      json += digits[byte & 15];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

/// Writes indented JSON from beginning to end; whoever uses it closes what it opens.
class JsonWriter {
 public:
  void open_object() { open('{'); }
  void open_array() { open('['); }
  void close_object() { close('}'); }
  void close_array() { close(']'); }

  void key(std::string_view name) {
    separate();
    text_ += json_string(name) + ": ";
    after_key_ = true;
  }
  /// A value that is JSON already.
  void raw(std::string_view json) {
    separate();
    text_ += json;
  }
  void string(std::string_view value) { raw(json_string(value)); }

  void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void raw_member(std::string_view name, std::string_view json) {
    key(name);
    raw(json);
  }

  std::string take() && { return std::move(text_) + "\n"; }

 private:
  void open(char bracket) {
    separate();
    text_ += bracket;
    ++depth_;
    is_first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!is_first_) new_line();
    text_ += bracket;
    is_first_ = false;
  }
  void separate() {
    if (!after_key_ && depth_ > 0) {
      if (!is_first_) text_ += ',';
      new_line();
    }
    after_key_ = false;
    is_first_ = false;
  }
  void new_line() {
    text_ += '\n';
    text_.append(depth_ * 2, ' ');
  }

  std::string text_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
  bool after_key_ = false;
};

}  // namespace omnibroker::core
