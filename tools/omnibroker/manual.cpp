#include "manual.hpp"

#include "command.hpp"
#include "config/wording.hpp"
#include "terminal.hpp"

#include <algorithm>

namespace omnibroker::tools {
namespace {

const char* meaning_of(int code) {
  switch (code) {
    case kDone: return "done";
    case kRefused: return "the configuration or input has mistakes, or a plugin was refused";
    case kWrongUsage: return "wrong usage";
    case kCouldNotStart: return "could not start: a port is in use, a plugin failed, or there is no connection";
    case kForcedStop: return "forced stop: a second signal came, or stopping took too long";
    default: return "";
  }
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

struct Row {
  std::string left;
  std::string right;
};

/// Two columns; a right side of several lines stays in its column.
std::string table(const std::vector<Row>& rows) {
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.left.size());
  std::string out;
  for (const auto& row : rows) {
    out += "  " + padded(row.left, width) + "  ";
    for (const char c : row.right) {
      out.push_back(c);
      if (c == '\n') out.append(width + 4, ' ');
    }
    out.push_back('\n');
  }
  return out;
}

std::vector<Row> option_rows(const Manual& manual) {
  std::vector<Row> rows;
  for (const auto& option : manual.options) {
    std::string left = option.letter.empty() ? "    " : "-" + option.letter + ", ";
    left += "--" + option.name;
    if (!option.value.empty()) left += " " + option.value;
    rows.push_back({left, option.doc});
  }
  rows.push_back({"-h, --help", "Show this."});
  return rows;
}

std::string exit_code_table(const std::vector<int>& codes) {
  std::vector<Row> rows;
  for (const int code : codes) rows.push_back({std::to_string(code), meaning_of(code)});
  return table(rows);
}

std::string headline(const std::string& text) { return "\n" + output_paint().bold(text) + "\n"; }

}  // namespace

std::string help_text(const Manual& manual) {
  std::string out = "omnibroker " + manual.name + ": " + manual.purpose + "\n";
  out += headline("Usage") + "  omnibroker " + manual.name + (manual.options.empty() ? "" : " [options]");
  if (!manual.usage.empty()) out += " " + manual.usage;
  out += "\n\n" + manual.text;
  out += headline("Options") + table(option_rows(manual));

  std::vector<Row> examples;
  for (const auto& example : manual.examples) examples.push_back({example.line, example.purpose});
  out += headline("Examples") + table(examples);
  out += headline("Exit codes") + exit_code_table(manual.exit_codes);
  return out;
}

std::string overview_text(const std::vector<Manual>& manuals) {
  std::string out = "omnibroker: a message broker made of plugins\n";
  out += headline("Usage") + "  omnibroker COMMAND [options]\n";

  std::vector<Row> commands;
  for (const auto& manual : manuals) commands.push_back({manual.name, manual.purpose});
  commands.push_back({"help", "show this, or what `omnibroker help COMMAND` names"});
  out += headline("Commands") + table(commands);

  out += headline("A first look, in three terminals");
  out += table({{"omnibroker run", "the gateway, on ws://localhost:8000/ws"},
                {"omnibroker listen", "a web client, which shows what comes"},
                {"omnibroker sim --robots 10 --rate 10", "ten robots that move"}});
  out += headline("Exit codes") + exit_code_table({kDone, kRefused, kWrongUsage, kCouldNotStart, kForcedStop});
  out += headline("Environment");
  out += table({{"OMNIBROKER_PLUGIN_PATH", "more folders to look for plugins in, separated by colons"},
                {"OMNIBROKER_CONTROL", "the control socket of the broker that commands are for"},
                {"NO_COLOR", "set to anything: no colours, also on a terminal"}});
  out += "\n`omnibroker COMMAND --help` tells more about a command.\n";
  return out;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& names) {
  const auto near = core::nearest(word, {names.begin(), names.end()});
  return near.empty() ? std::string() : "; did you mean " + std::string(near) + "?";
}

}  // namespace omnibroker::tools
