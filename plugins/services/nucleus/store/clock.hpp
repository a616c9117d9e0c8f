#pragma once

#include "options.hpp"

#include <cstdint>

namespace omnibroker::nucleus::store {

inline Time time_now(const Options& options) {
  return options.clock ? options.clock()
                       : std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now());
}

/// Time as the database keeps it: nanoseconds since 1970.
inline std::int64_t ticks(Time time) { return time.time_since_epoch().count(); }
inline Time time_of(std::int64_t ticks) { return Time(std::chrono::nanoseconds(ticks)); }

}  // namespace omnibroker::nucleus::store
