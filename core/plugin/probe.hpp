#pragma once

#include <chrono>
#include <functional>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// Runs `look` in a forked child and answers what it answered: nothing, or why not.
///
/// Loading a library runs its code, and code that crashes or hangs on loading must cost one child, not the broker. The
/// child prints nowhere, dumps no core, and does not outlive the deadline. A crash, a hang and a call of `exit` are
/// refusals that name the signal, the time or the exit status.
///
/// `look` may take no lock that another thread of this process may hold, and starts no thread.
/// Threads: any.
Status probe_in_child(const std::function<Status()>& look, std::chrono::milliseconds deadline);

}  // namespace omnibroker::core
