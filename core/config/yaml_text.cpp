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

enum class Variables { Possible, Impossible };

std::string quoted(std::string_view text, Variables variables) {
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
    } else if (c == '$' && variables == Variables::Possible && text.substr(i + 1).starts_with('{')) {
      scalar += "$$";  // otherwise it would be a variable when it is read again
    } else {
      scalar += c;
    }
  }
  return scalar + "\"";
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  return is_plain(text) ? std::string(text) : quoted(text, Variables::Possible);
}

std::string yaml_key(std::string_view text) {
  constexpr std::size_t kLongest = 1024;  // YAML 1.2, 7.4.2: of a key that nothing announces
  const auto key = is_plain(text) ? std::string(text) : quoted(text, Variables::Impossible);
  return key.size() < kLongest ? key : "? " + key;
}

}  // namespace omnibroker::core
