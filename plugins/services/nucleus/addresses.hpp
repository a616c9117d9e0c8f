#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// Where the services of this Nucleus are, as the client sees it who has sent a request to one of them: by the name
/// that it used, on a port of its own or below one path, with TLS or without.
///
/// A service at the path `/` has a port for itself; else the last segment of its path is its own, and the others are
/// beside it: `/omni/discovery`, `/omni/auth`. A proxy that ends TLS says so by `X-Forwarded-Proto: https`.
struct Addresses {
  std::string host;        ///< Without a port; an IPv6 address in its brackets.
  std::uint32_t port = 0;  ///< That the client came to.
  bool secure = false;
  bool by_path = false;  ///< Else each service has its own port.
  std::string beside;    ///< By path: what is in front of the services' names: `/omni/`.

  static Addresses of(const Request& request);

  std::uint32_t port_of(std::uint32_t own_port) const { return by_path ? port : own_port; }
  /// `/omni/auth`, or `/`.
  std::string path_of(std::string_view service) const { return by_path ? beside + std::string(service) : "/"; }
  /// `ws://host:3009`, `https://host/omni/lft`: a port that the scheme implies is left out.
  std::string url_of(std::string_view scheme, std::string_view service, std::uint32_t own_port) const;
};

}  // namespace omnibroker::plugins::nucleus
