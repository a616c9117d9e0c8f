#pragma once

#include "config/document.hpp"
#include "config/loader.hpp"

#include <string>
#include <vector>

namespace omnibroker::core {

/// The mark as it goes out of the configuration engine.
SourcePosition position_of(const Mark& mark);

/// `gateway.yaml:3:5`
std::string to_string(const Mark& mark);

/// Collects everything that is wrong with a configuration, so that one run names it all.
class Findings {
 public:
  void error(const Mark& mark, std::string path, std::string problem);
  void warning(const Mark& mark, std::string path, std::string problem);

  bool has_errors() const { return !errors_.empty(); }

  /// Sorted by file in the order of reading, then by line and column; each mistake once.
  std::vector<ConfigError> errors() const { return sorted(errors_); }
  std::vector<ConfigError> warnings() const { return sorted(warnings_); }

 private:
  struct Finding {
    Mark mark;
    std::string path;
    std::string problem;
  };
  static std::vector<ConfigError> sorted(std::vector<Finding> findings);

  std::vector<Finding> errors_;
  std::vector<Finding> warnings_;
};

}  // namespace omnibroker::core
