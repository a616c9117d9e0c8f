#pragma once

#include <cstdint>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::load {

/// Where the server is, and how a client asks it for a WebSocket (RFC 6455, 4.1). A value; immutable.
struct Target {
  std::string address;     ///< A sockaddr, as its bytes.
  bool loopback4 = false;  ///< 127.0.0.0/8: a client may connect from any other of its addresses.
  std::string request;     ///< The whole upgrade request.
  std::string accept;      ///< What the server's Sec-WebSocket-Accept must say.

  /// Reads `ws://host:port/path`, looks the host up and takes its first address at which somebody listens.
  /// InvalidArgument: no such URL. Unavailable: nobody there.
  static Result<Target> find(const std::string& url);
};

/// What a server's Sec-WebSocket-Accept must be for a client's key (RFC 6455, 4.2.2).
std::string accept_for(const std::string& key);

/// Judges the head of a server's answer, without the empty line at its end: nothing where it is the upgrade that was
/// asked for, or what is wrong with it.
std::string upgrade_problem(const Target& target, const std::string& head);

}  // namespace omnibroker::load
