#pragma once

#include <string>

namespace omnibroker::tools {

/// Puts colours around text, or leaves it alone.
struct Paint {
  bool on = false;

  std::string bold(const std::string& text) const { return with("1", text); }
  std::string dim(const std::string& text) const { return with("2", text); }
  std::string red(const std::string& text) const { return with("31", text); }
  std::string green(const std::string& text) const { return with("32", text); }
  std::string yellow(const std::string& text) const { return with("33", text); }

 private:
  std::string with(const char* code, const std::string& text) const {
    return on ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
  }
};

bool is_terminal(int descriptor);

/// Colours only where a person looks: on a terminal, unless NO_COLOR is set (https://no-color.org) or it is a dumb one.
Paint output_paint();
Paint error_paint();

struct TerminalSize {
  int rows = 24;
  int columns = 80;
};
TerminalSize terminal_size(int descriptor);

/// Text from a peer, made safe to print: control characters and what turns a line around become visible escapes.
std::string printable(const std::string& text);

}  // namespace omnibroker::tools
