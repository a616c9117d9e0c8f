#pragma once

#include <string>
#include <string_view>

/// Which characters mean what in a URL (RFC 3986), independent of the locale.
namespace omniclient {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
constexpr bool is_sub_delimiter(char c) { return std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos; }

/// The value of a hexadecimal digit; -1 for everything else.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

inline void append_encoded(std::string& target, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  target += '%';
  target += kDigits[byte >> 4];
  target += kDigits[byte & 15];
}

/// Whether `text` has a percent sign with two hexadecimal digits at `at`.
constexpr bool is_encoded(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && text[at] == '%' && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
}

constexpr char decoded_at(std::string_view text, std::size_t at) {
  return static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
}

/// A percent sign that encodes nothing stays as it is.
inline std::string decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_encoded(text, i)) {
      result += decoded_at(text, i);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// A part of an authority as it is written: what would end it early is encoded, the rest stays as it was.
inline std::string encoded_authority(std::string_view part, std::string_view allowed) {
  std::string text;
  for (const char c : part) {
    if (is_unreserved(c) || is_sub_delimiter(c) || c == '%' || allowed.find(c) != std::string_view::npos) {
      text += c;
    } else {
      append_encoded(text, c);
    }
  }
  return text;
}

/// An address in brackets has colons.
inline std::string encoded_host(std::string_view host) {
  return encoded_authority(host, host.substr(0, 1) == "[" ? "[]:" : "");
}

}  // namespace omniclient
