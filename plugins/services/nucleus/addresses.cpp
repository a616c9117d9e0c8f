#include "addresses.hpp"

#include <charconv>

namespace omnibroker::plugins::nucleus {

Addresses Addresses::of(const Request& request) {
  Addresses here;
  const auto forwarded = request.header("X-Forwarded-Proto");
  here.secure = request.secure() || (forwarded && Request::equal_ignoring_case(*forwarded, "https"));
  std::string_view host = request.header("Host").value_or("localhost");
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  here.port = here.secure ? 443 : 80;
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const auto digits = host.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), here.port);
    host = host.substr(0, colon);
  }
  here.host = host;
  const auto mount = request.mount();
  here.by_path = mount != "/";
  if (here.by_path) here.beside = mount.substr(0, mount.rfind('/') + 1);
  return here;
}

std::string Addresses::url_of(std::string_view scheme, std::string_view service, std::uint32_t own_port) const {
  std::string url(scheme);
  if (secure) url += 's';
  url += "://" + host;
  const auto at = port_of(own_port);
  if (at != (secure ? 443u : 80u)) url += ":" + std::to_string(at);
  if (by_path) url += path_of(service);
  return url;
}

}  // namespace omnibroker::plugins::nucleus
