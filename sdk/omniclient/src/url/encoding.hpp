#pragma once

#include <string>
#include <string_view>

/// How parts are written in a URL.
namespace omniclient {

/// Any part behind the authority; `more` are the characters that it may have beside those of a path's segment.
std::string encoded_part(std::string_view part, std::string_view more);

/// What is already encoded, written in the one way: upper case, nothing encoded that need not be.
std::string canonical(std::string_view text, std::string_view more);

}  // namespace omniclient
