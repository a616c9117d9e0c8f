#pragma once

#include <string>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker {

/// How a component is doing, with one sentence where it is not well.
struct Health {
  omnibroker_health state = OMNIBROKER_HEALTHY;
  std::string detail;
};

/// One configured, running instance of something a plugin makes: what all kinds have in common.
///
/// Lifecycle: constructed with its host and its configuration (no I/O), then `prepare`, `start`, traffic, `drain`,
/// `stop`, destroyed. After a step that fails only the destructor follows. Each step has a deadline of the host.
/// Threads: these functions come from one thread of the host, one at a time; `health` from any.
class Component {
 public:
  Component() = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;
  virtual ~Component() = default;

  /// Acquires what is not shared: opens files, connects outward. No client traffic yet.
  virtual Status prepare() { return {}; }
  /// Traffic may arrive, also before this returns.
  virtual Status start() { return {}; }
  /// Finish what was begun, take nothing new.
  virtual Status drain() { return {}; }
  /// Let go of everything that `prepare` and `start` took. No traffic any more.
  virtual Status stop() { return {}; }
  virtual Health health() { return {}; }
};

}  // namespace omnibroker
