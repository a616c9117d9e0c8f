#pragma once

#include "engine/loop.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace omniclient::omniverse {

/// Where a service listens.
struct Address {
  bool secure = false;
  std::string host;  ///< An IPv6 address is in brackets.
  std::string port;
  std::string path = "/";

  /// As a URL with this scheme, or the same with an `s` where it is secure.
  std::string text(std::string_view scheme = "ws") const;
  /// As a `Host` header: without the port that the scheme has anyway.
  std::string authority() const;
};

/// Reads `ws://host[:port][/path]`, `wss`, `http` or `https`. False where it is none.
bool read_address(std::string_view url, Address& address);

/// Why a connection is not there.
struct Problem {
  enum class Kind { NotReached, BadCertificate, NoUpgrade, Lost };
  Kind kind = Kind::NotReached;
  std::string text;
};

/// A client's end of a WebSocket, with or without TLS.
///
/// Lifecycle: connects from construction, which calls nothing; then `opened`, `received` for each message, `closed`
/// once as the last call, whatever was before. Destroying it says goodbye where it is open, and nothing is called after
/// that; it may be destroyed by what it calls. Pings are answered; a peer that does not answer those of this end for a
/// minute is lost. Threads: the loop's alone.
class Socket {
 public:
  struct Events {
    std::function<void()> opened;
    std::function<void(std::string_view message)> received;
    std::function<void(const Problem&)> closed;
  };

  /// `limit` is for connecting, with everything that belongs to it.
  static std::unique_ptr<Socket> connect(Loop& loop, Address address, std::chrono::milliseconds limit, Events events);
  virtual ~Socket() = default;

  enum class Kind { Text, Binary };
  /// Queues a message. Before it is open, too.
  virtual void send(std::string message, Kind kind) = 0;
};

}  // namespace omniclient::omniverse
