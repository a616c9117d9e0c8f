#pragma once

#include "net/stream.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// Who is at the other end. `key` is what per-address limits count by (the address without the port).
struct Peer {
  std::string name;  ///< `127.0.0.1:53122`, `[::1]:53122`, or `unix`.
  std::array<std::uint8_t, 16> key{};
};

/// One listening socket. The address of a configuration may open several (`localhost` is two).
///
/// Lifecycle: bound and listening when it exists; closing it removes a Unix socket's file.
/// Threads: one.
class ListeningSocket {
 public:
  /// Opens every socket that `address` stands for: `localhost:8000` is IPv4 and, where the machine has it, IPv6
  /// loopback; `host:port`, `[::1]:port`, `unix:/path`. Port 0 picks a free one, the same for all of them. The error
  /// names the address and what is wrong.
  static Result<std::vector<std::unique_ptr<ListeningSocket>>> open(std::string_view address, int backlog);

  ListeningSocket(int descriptor, std::string name, std::string unix_path);
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  /// As one would connect to it: `127.0.0.1:8000`, `[::1]:8000`, `unix:/run/x.sock`.
  const std::string& name() const { return name_; }

  /// The next waiting connection, without blocking, or -1 with errno.
  int accept(Peer& peer);

 private:
  int descriptor_;
  std::string name_;
  std::string unix_path_;
};

}  // namespace omnibroker::core
