#pragma once

#include "config/broker_config.hpp"
#include "config/loader.hpp"
#include "safe_mode.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
class Broker;
class Catalog;
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

  /// `file`: the configuration that the broker was started with, and `files` all that it came from. `waker`: becomes
  /// readable when the broker stops. `safe_mode`: what was left out at the start.
  ControlOperations(core::Broker& broker, const std::string& file, std::vector<std::filesystem::path> files,
                    core::TypeLookup find_type, core::Log& log, core::Metrics& metrics, std::string socket, int waker,
                    const core::Catalog& catalog, SafeMode safe_mode);

  /// `progress` is called now and then while connections move or are told to go, and at the end.
  Result<Json> perform(const std::string& command, const Poco::JSON::Object& request, const Progress& progress);
  /// Those that the configuration came from when it was last read whole without a mistake, and those of plugins. [any]
  std::vector<std::filesystem::path> files() const;
  /// Whether a command leaves something different behind.
  static bool is_change(const std::string& command);

 private:
  using Request = Poco::JSON::Object;
  struct Entry;
  static const Entry* find(const std::string& command);

  Result<Json> status(const Request& request, const Progress& progress);
  Result<Json> generations(const Request& request, const Progress& progress);
  Result<Json> sessions(const Request& request, const Progress& progress);
  Result<Json> plan(const Request& request, const Progress& progress);
  Result<Json> apply(const Request& request, const Progress& progress);
  Result<Json> swap(const Request& request, const Progress& progress);
  Result<Json> rollback(const Request& request, const Progress& progress);
  Result<Json> drain(const Request& request, const Progress& progress);
  Result<Json> disconnect(const Request& request, const Progress& progress);
  Result<Json> set_log_level(const Request& request, const Progress& progress);

  Result<Json> outcome(const Result<core::SwapReport>& report, const Progress& progress) const;
  Result<core::ComponentConfig> read_component(const std::string& name, const std::string& plugin) const;
  Status is_component(const std::string& name) const;
  Result<core::BrokerConfig> read_whole(const std::string& file);
  std::string file_of(const Request& request) const;

  core::Broker& broker_;
  const core::TypeLookup find_type_;
  core::Log& log_;
  core::Metrics& metrics_;
  const std::string file_;    ///< The configuration, as an absolute path.
  std::string applied_file_;  ///< The one that was applied last; by whoever holds changing_.
  const std::string socket_;
  const int waker_;
  const core::Catalog& catalog_;
  const SafeMode safe_mode_;
  const std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
  mutable std::mutex files_mutex_;
  std::vector<std::filesystem::path> files_;  ///< Of `file_`; guarded by files_mutex_.
  std::mutex changing_;                       ///< Held while something changes.
};

}  // namespace omnibroker::tools
