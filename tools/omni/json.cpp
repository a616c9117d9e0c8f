#include "json.hpp"

#include <cstdio>

namespace omni {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    const char c = text[at];
    if (length == 0) {
      result += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      result += c == '\n' ? "\\n" : c == '\t' ? "\\t" : code;
    } else {
      result += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return result + "\"";
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      result += at + i > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * i)) & 63];
    }
  }
  return result;
}

}  // namespace

std::size_t utf8_length(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > bytes.size()) return 0;
  for (std::size_t i = at + 1; i < at + length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const auto second = byte(at + 1);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

bool is_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = utf8_length(bytes, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

Json& Json::member(const char* name, const std::string& written) {
  if (!members_.empty()) members_ += ",";
  members_ += quoted(name) + ":" + written;
  return *this;
}

Json& Json::text(const char* name, std::string_view value) { return member(name, quoted(value)); }
Json& Json::text(const char* name, const char* value) { return value == nullptr ? *this : member(name, quoted(value)); }
Json& Json::number(const char* name, std::uint64_t value) { return member(name, std::to_string(value)); }
Json& Json::truth(const char* name, bool value) { return member(name, value ? "true" : "false"); }
Json& Json::object(const char* name, const Json& value) { return member(name, value.str()); }

Json& Json::list(const char* name, const std::vector<std::string>& values) {
  std::string written;
  for (const auto& value : values) written += (written.empty() ? "" : ",") + quoted(value);
  return member(name, "[" + written + "]");
}

Json& Json::bytes(const char* name, std::string_view value) {
  if (is_utf8(value)) return text(name, value);
  return member((std::string(name) + "_base64").c_str(), quoted(base64(value)));
}

}  // namespace omni
