#pragma once

#include <chrono>
#include <cstdint>

#include <omnibroker/result.hpp>

namespace omnibroker::load {

/// What a process has used, as the kernel says in /proc.
struct ProcessUsage {
  std::chrono::nanoseconds cpu{0};  ///< User and system time of all its threads since it began.
  std::uint64_t memory_kib = 0;     ///< Its share of the memory that it uses (PSS).
};

/// NotFound: there is no such process, or its figures may not be read.
Result<ProcessUsage> usage_of(std::int64_t pid);

/// The processor time of this process since it began.
std::chrono::nanoseconds own_cpu();

/// Makes room for `count` open files, and a few more. ResourceExhausted: the limit, and how many are needed.
Status allow_files(std::uint64_t count);

}  // namespace omnibroker::load
