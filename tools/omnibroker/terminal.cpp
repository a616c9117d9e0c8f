#include "terminal.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace omnibroker::tools {
namespace {

bool wants_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return is_terminal(descriptor) && (refused == nullptr || *refused == '\0') &&
         (terminal == nullptr || std::string_view(terminal) != "dumb");
}

/// The UTF-8 beginnings of C1 controls, of line and paragraph separators, and of what changes the direction of writing.
bool begins_deceptive(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0u; };
  if (byte(0) == 0xc2) return byte(1) >= 0x80 && byte(1) < 0xa0;
  if (byte(0) != 0xe2) return false;
  if (byte(1) == 0x80) return byte(2) == 0x8e || byte(2) == 0x8f || (byte(2) >= 0xa8 && byte(2) <= 0xae);
  return byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
}

}  // namespace

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

Paint output_paint() { return {wants_colour(STDOUT_FILENO)}; }
Paint error_paint() { return {wants_colour(STDERR_FILENO)}; }

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

std::string printable(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != 0x7f && !begins_deceptive(std::string_view(text).substr(i))) {
      out.push_back(text[i]);
      continue;
    }
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(byte));
    out += escape.data();
    if (byte < 0x80) continue;
    for (const char* rest = text.c_str() + i + 1; (static_cast<unsigned char>(*rest) & 0xc0) == 0x80; ++rest, ++i) {
      std::snprintf(escape.data(), escape.size(), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(*rest)));
      out += escape.data();
    }
  }
  return out;
}

}  // namespace omnibroker::tools
