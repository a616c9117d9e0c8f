#include "providers/memory/faults.hpp"

#include <mutex>

namespace omniclient::memory {
namespace {

std::mutex mutex;
Faults current;
int asked = 0;  ///< Since they were set.

bool counts_down(int& number) { return number > 0 && --number == 0; }

}  // namespace

void set_faults(const Faults& faults) {
  std::lock_guard lock(mutex);
  current = faults;
  asked = 0;
}

Fate next_fate() {
  std::lock_guard lock(mutex);
  Fate fate;
  fate.delay = current.delay;
  fate.refuse_connection = current.refuse_connections;
  fate.lose_connection = counts_down(current.lose_connection_at);
  if (current.busy > 0) {
    --current.busy;
    fate.busy = true;
  }
  if (current.busy_every > 0 && ++asked % current.busy_every == 0) fate.busy = true;
  if (counts_down(current.fail_at)) fate.result = current.fail_with;
  return fate;
}

}  // namespace omniclient::memory
