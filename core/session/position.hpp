#pragma once

#include <array>
#include <cstdint>

namespace omnibroker::core {

/// Where the object of a message is: the numbers in the route's `position` fields, as many of them as the message has,
/// from the first on.
struct Position {
  std::array<double, 3> at{};
  std::uint32_t dimensions = 0;
};

}  // namespace omnibroker::core
