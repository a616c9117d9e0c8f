#pragma once

#include "websocket_client.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// Connects and registers as `role`. InvalidArgument: trying again cannot help. Any other code: it may.
Result<std::unique_ptr<WebSocketClient>> connect_as(const std::string& role, const ClientTarget& target);

/// Makes SIGINT and SIGTERM set a flag in place of ending the process, and lets a broken pipe be an error like any
/// other. For subcommands that end with a good-bye and a summary.
void end_on_request();
bool end_requested();

/// How long to wait before connecting again: longer each time, so that a broker that comes back is not met by a crowd.
class Patience {
 public:
  std::chrono::milliseconds next();
  void reset() { next_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{500};
  static constexpr std::chrono::milliseconds kLongest{8'000};

  std::chrono::milliseconds next_ = kFirst;
};

/// Waits; ends early when the process was asked to end.
void pause_for(std::chrono::milliseconds span);

}  // namespace omnibroker::tools
