#pragma once

#include <chrono>
#include <cstdint>

namespace omnibroker::load {

/// The clock of a run: nanoseconds since it began.
class RunClock {
 public:
  std::uint64_t now() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun_).count());
  }

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace omnibroker::load
