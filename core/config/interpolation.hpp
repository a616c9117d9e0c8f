#pragma once

#include "config/document.hpp"
#include "config/findings.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// What a file may become by replacement; a value of the environment can be longer than the file that names it.
inline constexpr std::size_t kMaxInterpolatedBytes = 1024 * 1024;

/// Replaces `${NAME}` and `${NAME:-default}` (the default where NAME is unknown or empty); `$${` writes `${`. A dollar
/// sign anywhere else is itself. What is put in is not looked through again.
Result<std::string> interpolate(std::string_view text, const Environment& environment);

/// The same in every scalar of a tree, and never in keys: what a file means cannot be changed by its environment, only
/// its values can.
void interpolate(const Place& place, Node& node, const Environment& environment, Findings& findings);

}  // namespace omnibroker::core
