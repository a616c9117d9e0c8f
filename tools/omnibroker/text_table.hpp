#pragma once

#include "terminal.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace omnibroker::tools {

/// So many digits of a SHA-256 tell files apart for people.
inline constexpr std::size_t kShortHash = 12;

/// Columns as wide as what stands in them; the first row is the heading. What comes from peers is made printable.
std::string text_table(const std::vector<std::vector<std::string>>& rows, const Paint& paint);

/// `4s`, `12m 5s`, `3h 20m`, `2d 4h`: how long something has been there, as people say it.
std::string span_text(std::chrono::seconds span);

}  // namespace omnibroker::tools
