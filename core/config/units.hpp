#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/config.hpp>

namespace omnibroker::core {

/// Decimal digits with an optional minus. No sign `+`, no leading zero, no other base, nothing around it: what looks
/// like an octal number to one reader and a decimal one to another is not a number here.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// As JSON writes numbers (RFC 8259, section 6), within a double's range.
std::optional<double> parse_number(std::string_view text);

/// A whole number and one of ns us ms s m h d; `0` and `off` are zero.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// A whole number and one of B KiB MiB GiB kB MB GB; `0` is zero.
std::optional<ByteSize> parse_size(std::string_view text);

/// What was probably meant by something that is not a duration or a size: "30" is "30s", "64kib" is "64KiB". Empty
/// where nothing is near.
std::string near_duration(std::string_view text);
std::string near_size(std::string_view text);

/// The shortest text that reads back as the same number.
std::string number_text(double value);

/// What the JSON Schema says about both.
inline constexpr const char* kDurationPattern = "^(off|0|(0|[1-9][0-9]*)(ns|us|ms|s|m|h|d))$";
inline constexpr const char* kSizePattern = "^(0|(0|[1-9][0-9]*)(B|KiB|MiB|GiB|kB|MB|GB))$";

}  // namespace omnibroker::core
