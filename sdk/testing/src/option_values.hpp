#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>
#include <omnibroker/testing/component_under_test.hpp>

namespace omnibroker::testing::detail {

/// The configuration of a component as it crosses the boundary, made of texts as one would write them in YAML.
///
/// Lifecycle: `raw()` is valid as long as this object, which does not move.
class OptionValues {
 public:
  OptionValues() = default;
  OptionValues(const OptionValues&) = delete;
  OptionValues& operator=(const OptionValues&) = delete;

  /// Checks what the broker checks: unknown and missing options, types, bounds, choices.
  Status fill(const omnibroker_component_type& type, const Options& options);
  const omnibroker_config* raw() const { return &raw_; }

 private:
  struct Held {
    omnibroker_value value{};
    std::string text;
    std::vector<std::string> items;
    std::vector<omnibroker_text> views;
  };

  static Status read(const omnibroker_option& option, std::string_view written, Held& held);

  std::deque<Held> held_;
  std::vector<const omnibroker_value*> pointers_;
  omnibroker_config raw_{};
};

}  // namespace omnibroker::testing::detail
