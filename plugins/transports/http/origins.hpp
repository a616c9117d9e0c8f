#pragma once

#include <string>
#include <string_view>

#include <omnibroker/config.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// Which web pages may use the gateway (CORS).
///
/// `*` lets every page in, which is safe here: a session is opened by its token alone, and browsers send no token by
/// themselves. A list closes it: pages of other origins cannot read answers, and what would change something is
/// refused.
///
/// Threads: immutable.
class Origins {
 public:
  explicit Origins(TextList allowed);

  /// Header lines for any answer to `request`.
  std::string headers_for(const Request& request) const;
  /// The further ones that answer a preflight for a path with these methods; empty where `request` is none.
  std::string preflight_headers_for(const Request& request, std::string_view methods) const;
  /// Whether the request comes from a page of an origin that is not allowed.
  bool refuses(const Request& request) const;

 private:
  bool everyone_;
  TextList allowed_;
};

}  // namespace omnibroker::plugins::http
