#pragma once

#include <algorithm>
#include <string_view>

namespace omnibroker::plugins::websocket {

/// Whether this is a token of HTTP (RFC 9110, 5.6.2), as names of sub-protocols are.
inline bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

}  // namespace omnibroker::plugins::websocket
