#include "origins.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::plugins::http {

Origins::Origins(TextList allowed)
    : everyone_(std::find(allowed.begin(), allowed.end(), "*") != allowed.end()), allowed_(std::move(allowed)) {}

std::string Origins::headers_for(const Request& request) const {
  constexpr std::string_view exposed = "Access-Control-Expose-Headers: Location, Retry-After\r\n";
  std::string headers;
  if (everyone_) return headers.append("Access-Control-Allow-Origin: *\r\n").append(exposed);
  headers = "Vary: Origin\r\n";
  const auto origin = request.header("Origin");
  if (origin && !refuses(request)) {
    headers.append("Access-Control-Allow-Origin: ").append(*origin).append("\r\n").append(exposed);
  }
  return headers;
}

std::string Origins::preflight_headers_for(const Request& request, std::string_view methods) const {
  if (!request.header("Access-Control-Request-Method") || refuses(request)) return {};
  std::string headers = "Access-Control-Allow-Methods: ";
  headers.append(methods).append("\r\nAccess-Control-Allow-Headers: Authorization, Content-Type, Last-Event-ID\r\n");
  return headers.append("Access-Control-Max-Age: 600\r\n");
}

bool Origins::refuses(const Request& request) const {
  const auto origin = request.header("Origin");
  if (everyone_ || !origin) return false;
  return request.header_count("Origin") > 1 || std::find(allowed_.begin(), allowed_.end(), *origin) == allowed_.end();
}

}  // namespace omnibroker::plugins::http
