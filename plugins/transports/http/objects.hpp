#pragma once

#include "config.hpp"
#include "response.hpp"

#include <cstdint>

#include <omnibroker/host.hpp>
#include <omnibroker/latest.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// Answers where objects are now: the latest message of each key, as it was delivered.
///
/// A list is cut by its number of messages and by its bytes, so that an answer never comes near what may wait for one
/// connection; `next` says where it goes on.
///
/// Threads: workers call at once, each with its own connections.
class Objects {
 public:
  explicit Objects(const Host& host) : latest_(host), host_(host) {}

  /// GET /objects
  Response list(const Connection& connection, const Request& request, const Config& config) const;
  /// GET /objects/{prim_path}. `unix_seconds`: now.
  Response one(const Connection& connection, const Request& request, const Config& config,
               std::int64_t unix_seconds) const;

 private:
  /// The most bytes of messages in one answer.
  std::size_t most_bytes() const;

  LatestMessages latest_;
  Host host_;
};

}  // namespace omnibroker::plugins::http
