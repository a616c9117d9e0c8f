#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <omnibroker/config.hpp>

namespace omnibroker::plugins::websocket {

struct Config {
  TextList allowed_origins = {"*"};
  TextList subprotocols;
  std::chrono::nanoseconds ping_interval = std::chrono::seconds(20);  ///< 0: off.
  std::chrono::nanoseconds ping_timeout = std::chrono::seconds(20);   ///< 0: off.
  std::chrono::nanoseconds close_timeout = std::chrono::seconds(5);
  std::string compression = "off";
  ByteSize compression_min_size = {256};
  int compression_level = 1;

  bool compresses() const { return compression == "deflate"; }
};

const ConfigSpec<Config>& config_spec();

/// The configuration in force, which a reload changes under live connections.
///
/// Who uses it takes a copy of the pointer, and asks `version` whether that copy is still the latest. The version is
/// read on every `receive`, the lock is taken only after a change.
///
/// Threads: any.
class LiveConfig {
 public:
  explicit LiveConfig(Config config) : config_(std::make_shared<const Config>(std::move(config))) {}

  std::shared_ptr<const Config> get() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  void set(Config config) {
    auto next = std::make_shared<const Config>(std::move(config));
    const std::lock_guard lock(mutex_);
    config_.swap(next);
    version_.fetch_add(1, std::memory_order_relaxed);  // a reader may see it a turn later; the mutex orders the rest
  }
  std::uint32_t version() const { return version_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;  // guards config_
  std::shared_ptr<const Config> config_;
  std::atomic<std::uint32_t> version_{1};
};

}  // namespace omnibroker::plugins::websocket
