#include "config/wording.hpp"

#include "config/utf8.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

namespace omnibroker::core {
namespace {

constexpr std::size_t kLongestShown = 60;
constexpr std::size_t kLongestCompared = 40;
constexpr std::size_t kMostCompared = 200;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

/// Optimal string alignment: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance. Both are short.
std::size_t distance(std::string_view left, std::string_view right) {
  std::array<std::array<std::size_t, kLongestCompared + 1>, 3> rows{};
  for (std::size_t j = 0; j <= right.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    const auto& above = rows[(i - 1) % 3];
    const auto& above_that = rows[(i + 1) % 3];
    auto& row = rows[i % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = lower(left[i - 1]) == lower(right[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], above_that[j - 2] + 1);
    }
  }
  return rows[left.size() % 3][right.size()];
}

}  // namespace

std::string in_one_line(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string line;
  while (!text.empty()) {
    const auto valid = valid_utf8_prefix(text);
    for (const char c : text.substr(0, std::max<std::size_t>(valid, 1))) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\n') {
        line += "\\n";
      } else if (byte < 0x20 || byte == 0x7F || valid == 0) {
        line += "\\x";
        line += digits[byte >> 4];
        line += digits[byte & 15];
      } else {
        line += c;
      }
    }
    text.remove_prefix(std::max<std::size_t>(valid, 1));
  }
  return line;
}

std::string shown(std::string_view text) {
  std::size_t end = std::min(text.size(), kLongestShown);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return "\"" + in_one_line(text.substr(0, end)) + (end < text.size() ? "...\"" : "\"");
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  std::string_view best;
  if (name.empty() || name.size() > kLongestCompared) return best;
  std::size_t best_distance = std::min<std::size_t>(3, std::max<std::size_t>(1, name.size() / 3)) + 1;
  for (std::size_t i = 0; i < names.size() && i < kMostCompared; ++i) {
    const auto candidate = names[i];
    if (candidate.empty() || candidate.size() > kLongestCompared || candidate == name) continue;
    const std::size_t longer = std::max(candidate.size(), name.size());
    const std::size_t shorter = std::min(candidate.size(), name.size());
    if (longer - shorter > best_distance) continue;
    const auto found = distance(name, candidate);
    const bool same_start = lower(candidate[0]) == lower(name[0]);
    const bool breaks_tie = found == best_distance && same_start && !best.empty() && lower(best[0]) != lower(name[0]);
    if (found < best_distance || breaks_tie) {
      best = candidate;
      best_distance = found;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& names) {
  const auto near = nearest(name, names);
  return near.empty() ? std::string() : " (did you mean " + shown(near) + "?)";
}

std::vector<std::string_view> alternatives(const char* choices) {
  std::vector<std::string_view> parts;
  if (choices == nullptr) return parts;
  std::string_view rest = choices;
  while (true) {
    const auto bar = rest.find('|');
    parts.push_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) return parts;
    rest.remove_prefix(bar + 1);
  }
}

std::string listing(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace omnibroker::core
