#pragma once

#include <cstddef>

/// How many times this process has asked for memory with `new`, in whatever library. Threads: any.
std::size_t allocations();
