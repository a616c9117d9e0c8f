#pragma once

#include "config/broker_config.hpp"
#include "config/loader.hpp"
#include "safe_mode.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

#include <Poco/JSON/Object.h>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
class Broker;
class Log;
class Metrics;
struct SwapReport;
}  // namespace omnibroker::core

namespace omnibroker::tools {

/// What a running broker does when it is asked to: a command as a JSON object in, a result as one out
/// (docs/operations.md has them all).
///
/// Lifecycle: none of what it refers to ends before it.
/// Threads: any; one change at a time, a second one is refused.
class ControlOperations {
 public:
  using Json = Poco::JSON::Object::Ptr;
  using Progress = std::function<void(std::size_t moved, std::size_t of)>;

  /// `config`: what the broker was started with, without what `safe_mode` has left out of it. `waker`: becomes readable
  /// when the broker stops.
  ControlOperations(core::Broker& broker, core::BrokerConfig config, core::TypeLookup find_type, core::Log& log,
                    core::Metrics& metrics, std::string socket, int waker, SafeMode safe_mode = {});

  /// `progress` is called now and then while connections move, and at the end.
  Result<Json> perform(const std::string& command, const Poco::JSON::Object& request, const Progress& progress);
  /// Whether a command leaves something different behind.
  static bool is_change(const std::string& command);

 private:
  using Request = Poco::JSON::Object;
  struct Entry;
  static const Entry* find(const std::string& command);

  Result<Json> status(const Request& request, const Progress& progress);
  Result<Json> generations(const Request& request, const Progress& progress);
  Result<Json> sessions(const Request& request, const Progress& progress);
  Result<Json> swap(const Request& request, const Progress& progress);
  Result<Json> rollback(const Request& request, const Progress& progress);
  Result<Json> disconnect(const Request& request, const Progress& progress);
  Result<Json> set_log_level(const Request& request, const Progress& progress);

  Result<Json> outcome(const Result<core::SwapReport>& report, const Progress& progress) const;
  Result<core::ComponentConfig> read_component(const std::string& name, const std::string& plugin) const;
  Status is_endpoint(const std::string& name) const;

  core::Broker& broker_;
  const core::BrokerConfig config_;
  const core::TypeLookup find_type_;
  core::Log& log_;
  core::Metrics& metrics_;
  const std::string file_;  ///< The configuration, as an absolute path.
  const std::string socket_;
  const int waker_;
  const SafeMode safe_mode_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  std::mutex changing_;  ///< Held while generations change.
};

}  // namespace omnibroker::tools
