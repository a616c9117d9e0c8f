#include "media_type.hpp"

#include <algorithm>
#include <string_view>

namespace omnibroker::plugins::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes what is before the next semicolon off `rest`.
std::string_view next_part(std::string_view& rest) {
  const auto end = std::min(rest.find(';'), rest.size());
  const auto part = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is_utf8(std::string_view charset) {
  if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') {
    charset = charset.substr(1, charset.size() - 2);
  }
  return Request::equal_ignoring_case(charset, "utf-8");
}

}  // namespace

bool is_json(const Request& request) {
  const auto coding = request.header("Content-Encoding");
  if (coding && !coding->empty() && !Request::equal_ignoring_case(*coding, "identity")) return false;
  const auto count = request.header_count("Content-Type");
  if (count == 0) return true;
  auto rest = *request.header("Content-Type");
  if (count > 1 || !Request::equal_ignoring_case(next_part(rest), "application/json")) return false;
  while (!rest.empty()) {
    const auto parameter = next_part(rest);
    const auto equals = std::min(parameter.find('='), parameter.size());
    if (!Request::equal_ignoring_case(parameter.substr(0, equals), "charset")) continue;
    if (equals == parameter.size() || !is_utf8(parameter.substr(equals + 1))) return false;
  }
  return true;
}

}  // namespace omnibroker::plugins::http
