#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

namespace omnibroker::core {

/// The one thread on which the lifecycle of plugins is run, with a deadline for each step.
///
/// A step that overruns cannot be ended from outside: the lane gives its thread up (it stays inside the plugin, detached)
/// and goes on with a new one, and says so.
///
/// Lifecycle: destroying the lane waits for the step that is running in time, never for one that overran. While `stuck()`
/// is not 0, a thread may still be inside plugin code: the process must then leave by `_exit` once it has cleaned up, since
/// `exit` would destroy statics under that thread.
/// Threads: any; steps run one at a time, in the order they were asked for.
class LoaderLane {
 public:
  LoaderLane();
  ~LoaderLane();

  /// Runs `step` and waits for it. False when the deadline passed first; then `step` may still be running, so what it
  /// refers to must be owned by it.
  bool run(std::function<void()> step, std::chrono::milliseconds deadline);

  /// How many threads are lost inside steps that overran.
  std::size_t stuck() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace omnibroker::core
