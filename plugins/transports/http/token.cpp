#include "token.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/random.h>

namespace omnibroker::plugins::http {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::string_view kDigits = "0123456789abcdef";

std::optional<std::string_view> bearer(std::string_view credentials) {
  constexpr std::string_view scheme = "Bearer ";
  if (!Request::equal_ignoring_case(credentials.substr(0, scheme.size()), scheme)) return std::nullopt;
  const auto start = credentials.find_first_not_of(' ', scheme.size());
  return start == std::string_view::npos ? std::string_view{} : credentials.substr(start);
}

std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> make_secret() {
  std::array<unsigned char, kSecretBytes> random{};
  ssize_t got = 0;
  do {
    got = getrandom(random.data(), random.size(), 0);  // up to 256 bytes come whole or not at all
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(random.size())) {
    return Error{ErrorCode::Internal, std::string("No randomness from the system: ") + std::strerror(errno)};
  }
  std::string secret;
  for (const auto byte : random) secret += {kDigits[byte >> 4], kDigits[byte & 15]};
  return secret;
}

std::optional<Token> parse_token(std::string_view text) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const Token token{text.substr(0, dot), text.substr(dot + 1)};
  if (token.client_id.empty() || token.secret.size() != 2 * kSecretBytes) return std::nullopt;
  if (token.secret.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  return token;
}

std::optional<Token> token_of(const Request& request, bool allow_query) {
  if (request.header_count("Authorization") == 1) {
    const auto text = bearer(*request.header("Authorization"));
    return text ? parse_token(*text) : std::nullopt;
  }
  if (request.header_count("Authorization") > 1 || !allow_query) return std::nullopt;
  const auto text = query_parameter(request.query(), "token");
  return text ? parse_token(*text) : std::nullopt;
}

}  // namespace omnibroker::plugins::http
