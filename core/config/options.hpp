#pragma once

#include "config/document.hpp"
#include "config/findings.hpp"
#include "config/loader.hpp"
#include "config/values.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// The options of one component type or of one section of the broker: what is read, written, described and checked
/// alike.
using Options = std::span<const omnibroker_option* const>;

/// What reading a value needs beside the value.
struct ReadContext {
  const Environment& environment;
  Findings& findings;
  std::vector<std::filesystem::path> files = {};  ///< That values were read from.
};

/// The value of one option, in the shape of its type (abi.h says which member is used).
struct OptionValue {
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<std::string> items;
};

/// Checks the value that stands at `place` and converts it; nothing where it is wrong, and then it has been reported. A
/// secret is fetched from its file or variable, and never shown.
std::optional<OptionValue> read_option(const omnibroker_option& option, const Place& place, ReadContext& context);

/// What the option has where the file does not give it. Fails for a default that is not of the option's own type.
Result<OptionValue> default_of(const omnibroker_option& option);

/// Reads every option from the map at `place`; a missing one has its default, or is reported if it is required. Keys
/// that are no options are not looked at. A wrong value has been reported, and counts as its default.
ConfigValues read_options(Options options, const Place& place, ReadContext& context);

/// Reports every key of the map at `place` that is not in `known`, with the nearest one that is.
void refuse_unknown_keys(const Place& place, const std::vector<std::string_view>& known, Findings& findings);

/// "a duration from 1ms to 1m": what an option takes.
std::string type_text(const omnibroker_option& option);

/// "a duration in ms, s, m, h or d from 1ms to 1m": the same with the units, for whoever got it wrong.
std::string expectation(const omnibroker_option& option);

/// The value as one would write it in YAML; *** for a secret.
std::string yaml_of(const omnibroker_option& option, const omnibroker_value& value);

/// Whether a file may give the option as `yaml`. A default may be what no file can write: no choice at all, or a
/// duration below the least.
bool can_be_written(const omnibroker_option& option, const std::string& yaml);
std::string yaml_of(const omnibroker_option& option, const OptionValue& value);

/// For an INTEGER, `choices` is one word that stands for 0: `workers: auto`, `messages_per_second: off`. Empty: none.
std::string_view word_for_zero(const omnibroker_option& option);

inline bool has(const omnibroker_option& option, std::uint32_t flag) { return (option.flags & flag) != 0; }

}  // namespace omnibroker::core
