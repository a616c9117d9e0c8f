#pragma once

#include <cstdint>

namespace omnibroker::core {

/// Where the direct answer to a submitted message goes.
struct ReplyTo {
  unsigned worker = 0;
  std::uint64_t connection = 0;
  std::uint32_t exchange = 0;     ///< Of that connection: a later one has not asked.
  std::uint64_t correlation = 0;  ///< 0: to the session's own stream, and the rest does not matter.
};

}  // namespace omnibroker::core
