#pragma once

#include "config/broker_config.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
class Catalog;
class Log;
}  // namespace omnibroker::core

namespace omnibroker::tools {

/// What is left out of a broker because its libraries have crashed again and again. A value.
struct SafeMode {
  struct LeftOut {
    std::string component;  ///< `handlers.coordinate_update`
    std::string plugin;     ///< Of the library that has crashed; for a route that goes with its filter, the filter's.
    std::string sha256;
    std::size_t crashes = 0;
  };
  std::filesystem::path folder;  ///< Of the reports; empty: there is none.
  std::vector<LeftOut> left_out;

  bool is_on() const { return !left_out.empty(); }
};

/// Takes the components out of `config` that are made by such a library, required or not, by the reports in `folder`.
///
/// Fails closed: a route goes with a filter that it requires, since its messages would pass unfiltered otherwise.
/// Unavailable: `reply` would have to go, without which nobody could be answered.
Result<SafeMode> apply_safe_mode(core::BrokerConfig& config, const core::Catalog& catalog,
                                 const std::filesystem::path& folder);

/// One warning for each library.
void warn_of(const SafeMode& safe_mode, core::Log& log);

}  // namespace omnibroker::tools
