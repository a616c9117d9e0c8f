#include "config/yaml_text.hpp"

#include <algorithm>
#include <cctype>

namespace omnibroker::core {
namespace {

/// What a YAML reader, ours or another, might take for something else than a text.
bool looks_like_more_than_text(std::string_view text) {
  for (const std::string_view word :
       {"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "no", "on",
        "Yes",  "No",   "On",   "Off",  "YES",  "NO",   "ON",    "OFF",   "y",     "n",   "Y",  "N"}) {
    if (text == word) return true;
  }
  return std::isdigit(static_cast<unsigned char>(text[0])) != 0;
}

bool is_plain(std::string_view text) {
  if (text.empty() || looks_like_more_than_text(text)) return false;
  const auto safe = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_./-+:@ ()").find(c) != std::string_view::npos;
  };
  if (!std::all_of(text.begin(), text.end(), safe)) return false;
  if (std::isalpha(static_cast<unsigned char>(text[0])) == 0 && text[0] != '/' && text[0] != '_') return false;
  return text.back() != ' ' && text.back() != ':' && text.find(": ") == std::string_view::npos;
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  constexpr char digits[] = "0123456789ABCDEF";
  std::string scalar = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      scalar += '\\';
      scalar += c;
    } else if (c == '\n') {
      scalar += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      scalar += "\\x";
      scalar += digits[byte >> 4];
      scalar += digits[byte & 15];
    } else if (c == '$' && i + 1 < text.size() && text[i + 1] == '{') {
      scalar += "$$";  // otherwise it would be a variable when it is read again
    } else {
      scalar += c;
    }
  }
  return scalar + "\"";
}

}  // namespace omnibroker::core
