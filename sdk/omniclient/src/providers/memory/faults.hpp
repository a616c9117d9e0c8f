#pragma once

#include "OmniClient.h"

#include <chrono>

/// What goes wrong in the memory provider, for tests. Threads: everything from every thread.
namespace omniclient::memory {

struct Faults {
  std::chrono::milliseconds delay{0};  ///< Before every answer.
  int fail_at = 0;                     ///< The n-th operation from now fails; 0: none.
  OmniClientResult fail_with = eOmniClientResult_Error;
  int busy = 0;                ///< So many operations from now fail in a way that passes.
  int busy_every = 0;          ///< Every n-th operation from now fails in a way that passes; 0: none.
  int lose_connection_at = 0;  ///< The n-th operation from now loses its connection instead of being done.
  bool refuse_connections = false;
};

void set_faults(const Faults& faults);

/// For the provider: what happens to the next operation. Counts down.
struct Fate {
  std::chrono::milliseconds delay{0};
  OmniClientResult result = eOmniClientResult_Ok;
  bool busy = false;
  bool lose_connection = false;
  bool refuse_connection = false;
};
Fate next_fate();

}  // namespace omniclient::memory
