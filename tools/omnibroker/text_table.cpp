#include "text_table.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace omnibroker::tools {

std::string text_table(const std::vector<std::vector<std::string>>& rows, const Paint& paint) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], printable(row[i]).size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      auto cell = printable(row[i]);
      if (i + 1 < row.size()) cell.resize(widths[i] + 2, ' ');
      line += cell;
    }
    out += (&row == &rows.front() ? paint.bold(line) : line) + "\n";
  }
  return out;
}

std::string span_text(std::chrono::seconds span) {
  struct Unit {
    long long seconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> units{{{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}}};
  auto rest = static_cast<long long>(span.count());
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (rest < units[i].seconds) continue;
    auto text = std::to_string(rest / units[i].seconds) + units[i].name;
    rest %= units[i].seconds;
    if (i + 1 == units.size()) return text;
    if (const auto smaller = rest / units[i + 1].seconds; smaller > 0) {
      text += " " + std::to_string(smaller) + units[i + 1].name;
    }
    return text;
  }
  return "0s";
}

}  // namespace omnibroker::tools
