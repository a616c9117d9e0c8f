#include "session/selection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace omnibroker::core {
namespace {

template <class Value>
void append_bytes(std::string& text, Value value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  text.append(bytes, sizeof value);
}

std::string text_of(const Filter& filter) {
  std::string text;
  append_bytes(text, filter.glob.size());
  text += filter.glob;
  append_bytes(text, filter.min_interval.count());
  append_bytes(text, filter.boxes.size());
  for (const auto& box : filter.boxes) {
    append_bytes(text, box.dimensions);
    for (std::uint32_t i = 0; i < box.dimensions; ++i) append_bytes(text, box.low[i]), append_bytes(text, box.high[i]);
  }
  return text;
}

/// Where in `text` a match of glob[from, to) may begin that shall end behind the slash at `slash`.
std::size_t behind_slash(std::string_view glob, std::size_t from, std::size_t to, std::string_view text,
                         std::size_t slash) {
  const auto pattern = glob.substr(from, to - from);
  auto more = std::count(pattern.begin(), pattern.end(), '/');
  auto begin = slash;
  while (more > 0 && begin > 0) more -= text[--begin] == '/' ? 1 : 0;
  return more > 0 ? 0 : begin + 1;
}

}  // namespace

bool Box::contains(const Position& position) const {
  if (position.dimensions < dimensions) return false;
  for (std::uint32_t i = 0; i < dimensions; ++i) {
    if (!(position.at[i] >= low[i] && position.at[i] <= high[i])) return false;
  }
  return true;
}

// The last star of each kind is all that must be remembered. Where the rest does not match, the last `*` takes one
// character more; where it may not, because that is a `/`, the last `**` does. An earlier star of the same kind need
// not be tried again: it could only move the later one further to the right, where it has been already. For the same
// reason the `**` goes on at once to where the `*` can get beyond that `/`; what lies between the two in the pattern
// has as many slashes as what it matches. So each character of the text meets each of the pattern once.
bool glob_matches(std::string_view glob, std::string_view text) {
  constexpr auto kNone = std::string_view::npos;
  std::size_t g = 0, t = 0;
  std::size_t star_glob = kNone, star_text = 0;  // behind the last `*`, and what it ends before
  std::size_t deep_glob = kNone, deep_text = 0;  // the same for `**`
  while (true) {
    if (g < glob.size() && glob[g] == '*') {
      if (g + 1 < glob.size() && glob[g + 1] == '*') {
        g += 2;
        deep_glob = g;
        deep_text = t;
        star_glob = kNone;
      } else {
        star_glob = ++g;
        star_text = t;
      }
      continue;
    }
    if (t == text.size() && g == glob.size()) return true;
    const bool fits = t < text.size() && g < glob.size() && (glob[g] == '?' ? text[t] != '/' : glob[g] == text[t]);
    if (fits) {
      ++g, ++t;
    } else if (star_glob != kNone && star_text == text.size()) {
      return false;
    } else if (star_glob != kNone && text[star_text] != '/') {
      t = ++star_text;
      g = star_glob;
    } else if (deep_glob != kNone && deep_text < text.size()) {
      ++deep_text;
      if (star_glob != kNone)
        deep_text = std::max(deep_text, behind_slash(glob, deep_glob, star_glob, text, star_text));
      t = deep_text;
      g = deep_glob;
      star_glob = kNone;
    } else {
      return false;
    }
  }
}

bool Filter::takes_key(std::string_view key) const { return glob.empty() || glob_matches(glob, key); }

bool Filter::takes_position(const Position& position) const {
  return boxes.empty() ||
         std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) { return box.contains(position); });
}

Selection::Selection(std::vector<std::optional<OfRoute>> routes) : routes_(std::move(routes)) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!routes_[i]) continue;
    append_bytes(text_, i);
    append_bytes(text_, routes_[i]->policy ? static_cast<int>(*routes_[i]->policy) : -1);
    std::vector<std::string> filters;
    for (const auto& filter : routes_[i]->filters) filters.push_back(text_of(filter));
    std::sort(filters.begin(), filters.end());
    filters.erase(std::unique(filters.begin(), filters.end()), filters.end());
    append_bytes(text_, filters.size());
    for (const auto& filter : filters) text_ += filter;
  }
}

Selection::Verdict Selection::judge(std::size_t route, std::string_view key, const Position& position) const {
  const auto* wanted = of(route);
  if (wanted == nullptr) return {true, false, {}};
  Verdict verdict;
  for (const auto& filter : wanted->filters) {
    if (!filter.takes_key(key)) continue;
    if (!filter.takes_position(position)) {
      verdict.elsewhere = true;
      continue;
    }
    verdict.min_interval = verdict.takes ? std::min(verdict.min_interval, filter.min_interval) : filter.min_interval;
    verdict.takes = true;
  }
  return verdict;
}

bool Selection::remembers(std::size_t route) const {
  const auto* wanted = of(route);
  return wanted != nullptr && std::any_of(wanted->filters.begin(), wanted->filters.end(), [](const Filter& filter) {
           return !filter.boxes.empty() || filter.min_interval.count() > 0;
         });
}

SlowClients Selection::policy(std::size_t route, SlowClients of_route) const {
  const auto* wanted = of(route);
  return wanted != nullptr && wanted->policy ? *wanted->policy : of_route;
}

}  // namespace omnibroker::core
