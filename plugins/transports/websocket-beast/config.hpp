#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include <omnibroker/config.hpp>

namespace omnibroker::plugins::websocket_beast {

/// The same options as those of the component type `websocket`, so that one can stand in the other's place.
struct Config {
  TextList allowed_origins = {"*"};
  TextList subprotocols;
  std::chrono::nanoseconds ping_interval = std::chrono::seconds(20);  ///< 0: off.
  std::chrono::nanoseconds ping_timeout = std::chrono::seconds(20);   ///< 0: off.
  std::chrono::nanoseconds close_timeout = std::chrono::seconds(5);
  std::string compression = "off";
  ByteSize compression_min_size = {256};
  int compression_level = 1;
};

const ConfigSpec<Config>& config_spec();

/// The configuration in force. Connections keep the one that they have seen last, and look at `changes` to see whether
/// there is another.
///
/// Threads: any.
class CurrentConfig {
 public:
  explicit CurrentConfig(Config config) { replace(std::move(config)); }

  void replace(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    const std::lock_guard lock(mutex_);
    config_ = std::move(next);
    ++changes_;
  }
  std::shared_ptr<const Config> get() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  unsigned changes() const { return changes_.load(std::memory_order_relaxed); }  // a turn late is soon enough

 private:
  mutable std::mutex mutex_;  // guards config_
  std::shared_ptr<const Config> config_;
  std::atomic<unsigned> changes_{0};
};

}  // namespace omnibroker::plugins::websocket_beast
