#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// Where a client connects to, and by which certificates it believes a `wss://` server.
struct ClientTarget {
  std::string url = "ws://localhost:8000/ws";
  std::string authorities;  ///< PEM file; empty: those of the system.
};

/// A WebSocket client over POCO's, for the subcommands that talk to a broker.
///
/// Pings are answered, fragments joined, the close handshake is done; what comes out are whole messages. Waiting ends
/// early on a signal, so that a caller who set a flag in its handler sees it at once.
///
/// Threads: one at a time.
class WebSocketClient {
 public:
  /// Connects within five seconds. Unavailable: a sentence with the reason.
  static Result<std::unique_ptr<WebSocketClient>> connect(const ClientTarget& target);
  ~WebSocketClient();

  /// Sends one text message. Closed: the connection is lost, with the reason.
  Status send(const std::string& text);

  /// Waits until a message can be received, `other` (a descriptor, or -1) can be read, the time is over, or a signal
  /// came. Answers whether there is something to `receive`.
  bool wait(std::chrono::milliseconds longest, int other = -1);

  /// The next message. Nothing: what came was not a message (a ping). Closed: the connection has ended, with the
  /// reason.
  Result<std::optional<std::string>> receive();

  /// Says good-bye, and waits up to a second for the answer.
  void close();

 private:
  struct Connection;
  explicit WebSocketClient(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace omnibroker::tools
