#pragma once

#include "manual.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// What stood behind a subcommand's name. A value.
class Arguments {
 public:
  bool has(std::string_view option) const { return values_.find(option) != values_.end(); }

  /// The value of an option (the last one, where it was given more than once), or `fallback` where it was not given.
  std::string text(std::string_view option, std::string_view fallback) const;
  /// The same as a number; InvalidArgument where it is none, or lies outside.
  Result<double> number(std::string_view option, double fallback, double least, double most) const;
  Result<std::uint64_t> count(std::string_view option, std::uint64_t fallback, std::uint64_t least,
                              std::uint64_t most) const;

  /// Every value of an option that may be given more than once.
  std::vector<std::string> all(std::string_view option) const;

  /// What is no option, in order.
  const std::vector<std::string>& words() const { return words_; }

 private:
  friend Result<Arguments> parse_arguments(const Manual& manual, const std::vector<std::string>& given);

  const std::string* last(std::string_view option) const;

  std::multimap<std::string, std::string, std::less<>> values_;
  std::vector<std::string> words_;
};

/// Reads `given` by a subcommand's manual; `--help` is known everywhere. InvalidArgument: one sentence about what is
/// wrong, with the nearest name where one is near.
Result<Arguments> parse_arguments(const Manual& manual, const std::vector<std::string>& given);

}  // namespace omnibroker::tools
