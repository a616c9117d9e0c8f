#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace omnibroker::core {

/// When and where a message was accepted. All workers compare two messages of one key in the same way, in whatever
/// order they reach them. Equal stamps: accepted in one turn of one worker, whose order everybody gets.
struct Stamp {
  std::chrono::steady_clock::time_point time{};
  std::uint32_t worker = 0;

  auto operator<=>(const Stamp&) const = default;
};

}  // namespace omnibroker::core
