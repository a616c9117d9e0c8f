#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// A broker for a benchmark: this program once more, as a child, on a free port of the loopback. It serves what
/// configs/gateway.yaml does over WebSocket, without limits on rates and connections.
///
/// Lifecycle: `start` waits until it serves, or until the end is requested (`end_requested`); the destructor ends it
/// and waits for that.
class BenchBroker {
 public:
  /// Unavailable: it did not start, or was not waited for; what it said stands on standard error.
  static Result<std::unique_ptr<BenchBroker>> start(std::uint64_t workers);
  ~BenchBroker();
  BenchBroker(const BenchBroker&) = delete;
  BenchBroker& operator=(const BenchBroker&) = delete;

  const std::string& url() const { return url_; }
  pid_t pid() const { return pid_; }

 private:
  BenchBroker(pid_t pid, int output, std::filesystem::path config)
      : pid_(pid), output_(output), config_(std::move(config)) {}
  Status wait_until_it_serves();

  const pid_t pid_;
  const int output_;  // what it prints; kept open, so that it can go on printing
  const std::filesystem::path config_;
  std::string url_;
};

}  // namespace omnibroker::tools
