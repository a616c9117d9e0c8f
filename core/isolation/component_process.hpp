#pragma once

namespace omnibroker::core {

/// What a process does that was started for an isolated component: the component's whole life, as the broker at the
/// other end of `socket` says. Comes back when the component has been destroyed, and answers the exit status.
///
/// It ends at once, by `_exit`, when the broker is gone, whatever the component does.
int run_component_process(int socket);

}  // namespace omnibroker::core
