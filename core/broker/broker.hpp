#pragma once

#include "config/broker_config.hpp"

#include <omnibroker/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace omnibroker::core {

class Catalog;
class Log;
class Metrics;

/// A running broker, made of its configuration: loads and starts every component, opens the listeners, and serves until it
/// is stopped.
///
/// Lifecycle: `start` comes back when everything is listening, or with all reasons why not, having undone what it had
/// done. `stop` ends it; the destructor stops at once.
/// Threads: `start` and `stop` from one thread; the rest from any.
class Broker {
 public:
  static Result<std::unique_ptr<Broker>> start(BrokerConfig config, Catalog& catalog, Log& log, Metrics& metrics);
  ~Broker();

  /// The addresses that are served, as one would connect to them: `127.0.0.1:8000`, `[::1]:8000`, `unix:/run/x.sock`.
  struct Listening {
    std::string listener;
    std::string address;
    bool tls = false;
    struct Mount {
      std::string component;  ///< `transports.realtime`
      std::string plugin;     ///< `websocket`
      std::string path;       ///< `/ws`
    };
    std::vector<Mount> mounts;
  };
  const std::vector<Listening>& listening() const;

  /// Stops accepting, tells every client that the broker goes away, sends what is queued, waits for clients to leave, and
  /// stops every component; what has not ended within `deadline` is cut. Answers how many connections had to be cut.
  std::size_t stop(std::chrono::milliseconds deadline);

  /// After `stop`: a thread is still inside a component, which is therefore left as it is for ever. What such a thread may
  /// come back to, the log and the metrics among it, must not be destroyed either: the process should end by `_exit`.
  bool has_left_behind() const;

 private:
  struct Running;
  explicit Broker(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace omnibroker::core
