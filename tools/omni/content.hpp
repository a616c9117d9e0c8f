#pragma once

#include <optional>
#include <string>

namespace omni {

/// All of standard input; nothing where it cannot be read.
std::optional<std::string> read_input();

/// What a command was given as content: a word itself, or standard input for `-`.
std::optional<std::string> content_argument(const std::string& word);

}  // namespace omni
