#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace omnibroker::load {

/// What the other side speaks.
enum class Dialect {
  Gateway,  ///< The gateway's messages, each in a WebSocket frame.
  Nats,     ///< The NATS protocol in WebSocket frames; publishers and subscribers of one subject.
};

/// Who makes the messages after the first.
enum class Source {
  Publishers,  ///< The generator's own publishers.
  Server,      ///< The server repeats the first one by itself: a bare send loop, to compare with.
};

/// What one run does. A value; the command line and the comparison fill it in.
struct Settings {
  std::string url = "ws://localhost:8000/ws";
  Dialect dialect = Dialect::Gateway;
  Source source = Source::Publishers;

  std::uint64_t clients = 100;
  std::uint64_t publishers = 1;
  bool unregistered = false;  ///< Clients connect, and never say who they are: they get nothing.

  double rate = 1000;           ///< Messages a second of all publishers together; 0: as fast as it goes.
  std::uint64_t window = 1024;  ///< With rate 0: how many messages the slowest client may be behind.
  std::uint64_t size = 240;     ///< Bytes of one message.
  std::uint64_t prims = 100;    ///< How many objects move.

  std::chrono::nanoseconds hold{0};  ///< Between the last connection and the first message.
  std::chrono::nanoseconds warmup = std::chrono::seconds(1);
  std::chrono::nanoseconds measured = std::chrono::seconds(5);

  std::chrono::nanoseconds drain = std::chrono::seconds(20);  ///< How long to wait at most for what was sent.

  bool check_all = false;       ///< Every client checks order and latency, not one alone.
  std::uint64_t pausing = 0;    ///< So many clients, the last ones, read nothing while it is measured.
  std::int64_t server_pid = 0;  ///< Whose CPU and memory are measured; 0: nobody's.
};

}  // namespace omnibroker::load
