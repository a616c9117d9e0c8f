#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {

/// `text` with control characters, and bytes that are not UTF-8, escaped.
std::string in_one_line(std::string_view text);

/// `text` in double quotes as an error shows it: in one line, cut at 60 bytes.
std::string shown(std::string_view text);

/// The one of `names` that `name` was probably meant to be, or empty. Near is an edit distance (insert, delete,
/// replace, swap of neighbours) of at most a third of the length, and at most 3; case is forgiven.
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);

/// ` (did you mean "x"?)`, or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string_view>& names);

/// `a|b|c` in its parts; none for null.
std::vector<std::string_view> alternatives(const char* choices);

/// `a, b or c`
std::string listing(const std::vector<std::string_view>& names);

}  // namespace omnibroker::core
