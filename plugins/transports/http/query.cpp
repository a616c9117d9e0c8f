#include "query.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace omnibroker::plugins::http {
namespace {

Error must(std::string_view name, const std::string& what) {
  return {ErrorCode::InvalidArgument, "The parameter '" + std::string(name) + "' must " + what};
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace

Result<std::optional<std::string>> query_text(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals)) != name) continue;
    if (found) return must(name, "be given once");
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return must(name, "be percent-encoded");
    found = std::move(value);
  }
  return found;
}

Result<std::optional<unsigned>> query_number(std::string_view query, std::string_view name, unsigned minimum,
                                             unsigned maximum) {
  auto text = query_text(query, name);
  if (!text) return text.error();
  if (!*text) return std::optional<unsigned>();
  const std::string& digits = **text;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < minimum || number > maximum) {
    return must(name, "be a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  }
  return std::optional<unsigned>(number);
}

}  // namespace omnibroker::plugins::http
