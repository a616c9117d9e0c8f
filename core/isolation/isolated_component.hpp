#pragma once

#include "isolation/keeper.hpp"
#include "plugin/component.hpp"

#include <memory>
#include <string_view>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// A handler or bridge that runs in a process of its own, as the rest of the core sees it: a component like any other,
/// whose decisions come later. It never blocks a worker.
///
/// Lifecycle: that of a component; the process ends with `destroy` at the latest. Threads: as the tables say.
class IsolatedComponent final : public StandIn {
 public:
  explicit IsolatedComponent(IsolationPlan plan);
  ~IsolatedComponent() override;

  omnibroker_status create(const omnibroker_host* host, void** self, const omnibroker_sink* error) override;
  void destroy(void* self) override;
  const void* table(std::string_view id) const override;

  /// What the broker gives each step: what the component has, and what is needed to start and to end its process.
  static Deadlines deadlines();

 private:
  static IsolatedComponent& of(void* self) { return *static_cast<IsolatedComponent*>(self); }
  static const omnibroker_lifecycle_v1 kLifecycle;
  static const omnibroker_state_v1 kState;

  omnibroker_status step(StepKind kind, const omnibroker_sink* error, const omnibroker_config* config = nullptr);
  omnibroker_action handle(omnibroker_call* call, const omnibroker_message* message);

  const IsolationPlan plan_;
  omnibroker_handler_v1 handler_{};
  omnibroker_bridge_v1 bridge_{};
  const omnibroker_host_message_v1* messages_ = nullptr;
  const omnibroker_host_call_v1* calls_ = nullptr;
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace omnibroker::core
