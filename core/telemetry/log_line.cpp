#include "telemetry/log_line.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace omnibroker::core {
namespace {

constexpr std::size_t kLongestValue = 256;
constexpr std::size_t kLongestSentence = 1024;
constexpr std::size_t kLongestKey = 64;

/// One character of UTF-8, or one byte that is none.
struct Character {
  std::uint32_t code = 0;
  std::size_t size = 1;
  bool valid = false;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};

  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {lead, 1, false};
  std::uint32_t code = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {lead, 1, false};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < smallest[size] || code > 0x10ffff || surrogate) return {lead, 1, false};
  return {code, size, true};
}

/// Characters that break a line or turn its direction around, so that one line of a log could look like another.
bool deceives(std::uint32_t code) {
  return (code >= 0x80 && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0x200e || code == 0x200f ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void append_hex(std::string& out, const char* format, std::uint32_t code) {
  std::array<char, 16> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), format, static_cast<unsigned>(code));
  out.append(buffer.data(), static_cast<std::size_t>(size));
}

bool append_short_escape(std::string& out, std::uint32_t code) {
  switch (code) {
    case '"': out += "\\\""; return true;
    case '\\': out += "\\\\"; return true;
    case '\n': out += "\\n"; return true;
    case '\r': out += "\\r"; return true;
    case '\t': out += "\\t"; return true;
    default: return false;
  }
}

enum class Dialect { Text, Json };

void append_character(std::string& out, const Character& character, std::string_view bytes, Dialect dialect) {
  const std::uint32_t code = character.code;
  if (!character.valid) {
    if (dialect == Dialect::Json) {
      out += "\\ufffd";
    } else {
      append_hex(out, "\\x%02x", code);
    }
  } else if (append_short_escape(out, code)) {
    return;
  } else if (code < 0x20 || code == 0x7f) {
    append_hex(out, dialect == Dialect::Json ? "\\u%04x" : "\\x%02x", code);
  } else if (deceives(code)) {
    append_hex(out, "\\u%04x", code);
  } else {
    out.append(bytes.substr(0, character.size));
  }
}

/// Escapes `text`, cut before the character that would pass `longest` bytes.
void append_escaped(std::string& out, std::string_view text, std::size_t longest, Dialect dialect) {
  std::size_t used = 0;
  while (used < text.size()) {
    const auto rest = text.substr(used);
    const auto character = first_character(rest);
    if (used + character.size > longest) {
      out += "…";
      return;
    }
    append_character(out, character, rest, dialect);
    used += character.size;
  }
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (std::string_view rest = value; !rest.empty();) {
    const auto character = first_character(rest);
    const auto code = character.code;
    if (!character.valid || code <= 0x20 || code == 0x7f || code == '"' || code == '\\' || code == '=' ||
        deceives(code)) {
      return true;
    }
    rest.remove_prefix(character.size);
  }
  return false;
}

/// Keys come from code, not from peers; what could break the line's shape is replaced all the same.
void append_key(std::string& out, std::string_view key) {
  for (const char c : key.substr(0, kLongestKey)) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    out.push_back(plain ? c : '_');
  }
  if (key.empty()) out.push_back('_');
}

void append_time(std::string& out, std::chrono::system_clock::time_point time) {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  const std::time_t clock = static_cast<std::time_t>(seconds.count());
  std::tm utc{};
  gmtime_r(&clock, &utc);
  std::array<char, 32> buffer{};
  const std::size_t size = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  out.append(buffer.data(), size);
  append_hex(out, ".%03uZ", static_cast<std::uint32_t>((since_epoch - seconds).count()));
}

struct LevelLook {
  const char* text;
  const char* json;
  const char* colour;
};

const LevelLook& look_of(LogLevel level) {
  static constexpr std::array<LevelLook, 4> looks = {{{"DEBUG", "debug", "\033[2m"},
                                                      {"INFO ", "info", "\033[32m"},
                                                      {"WARN ", "warn", "\033[33m"},
                                                      {"ERROR", "error", "\033[31m"}}};
  const auto index = static_cast<std::size_t>(level) - 1;
  return looks[index < looks.size() ? index : looks.size() - 1];
}

std::string_view component_of(const LogLine& line) { return line.component.empty() ? "broker" : line.component; }

bool is_reserved(std::string_view key) {
  return key == "time" || key == "level" || key == "component" || key == "sentence";
}

void append_json_member(std::string& out, std::string_view key, std::string_view value, std::size_t longest) {
  out += ",\"";
  if (is_reserved(key)) out += "field_";
  append_key(out, key);
  out += "\":\"";
  append_escaped(out, value, longest, Dialect::Json);
  out += '"';
}

}  // namespace

std::string text_line(const LogLine& line, LogColour colour, LogStamp stamp) {
  const bool coloured = colour == LogColour::On;
  const auto& look = look_of(line.level);
  std::string out;
  out.reserve(128 + line.sentence.size());

  if (stamp == LogStamp::TimeAndLevel) {
    append_time(out, line.time);
    out += ' ';
    if (coloured) out += look.colour;
    out += look.text;
    if (coloured) out += "\033[0m";
    out += ' ';
  }
  append_escaped(out, component_of(line), kLongestValue, Dialect::Text);
  out += ": ";
  append_escaped(out, line.sentence, kLongestSentence, Dialect::Text);
  for (const auto& field : line.fields) {
    const auto value = view(field.value);
    out += coloured ? " \033[2m" : " ";
    append_key(out, view(field.key));
    out += '=';
    if (coloured) out += "\033[0m";
    const bool quoted = needs_quotes(value);
    if (quoted) out += '"';
    append_escaped(out, value, kLongestValue, Dialect::Text);
    if (quoted) out += '"';
  }
  return out;
}

std::string json_line(const LogLine& line) {
  std::string out;
  out.reserve(192 + line.sentence.size());
  out += "{\"time\":\"";
  append_time(out, line.time);
  out += "\",\"level\":\"";
  out += look_of(line.level).json;
  out += "\",\"component\":\"";
  append_escaped(out, component_of(line), kLongestValue, Dialect::Json);
  out += "\",\"sentence\":\"";
  append_escaped(out, line.sentence, kLongestSentence, Dialect::Json);
  out += '"';
  for (const auto& field : line.fields) append_json_member(out, view(field.key), view(field.value), kLongestValue);
  out += '}';
  return out;
}

}  // namespace omnibroker::core
