#include "isolation/isolated_component.hpp"

#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

constexpr std::string_view kTooMany =
    "The message was not handled: too many messages wait for the component that handles them";

}  // namespace

const omnibroker_lifecycle_v1 IsolatedComponent::kLifecycle{
    sizeof(omnibroker_lifecycle_v1),
    [](void* self, const omnibroker_config* config, const omnibroker_sink* error) {
      return of(self).step(StepKind::Configure, error, config);
    },
    [](void* self, const omnibroker_sink* error) { return of(self).step(StepKind::Prepare, error); },
    [](void* self, const omnibroker_sink* error) { return of(self).step(StepKind::Start, error); },
    [](void* self, const omnibroker_config* before, const omnibroker_config* after, const omnibroker_sink* error) {
      const auto result = of(self).keeper_->step(StepKind::Reconfigure, after, before);
      Sink(error).append(result.text);
      const bool known = result.value == OMNIBROKER_APPLIED || result.value == OMNIBROKER_NEEDS_REPLACE;
      return known ? static_cast<omnibroker_reconfigured>(result.value) : omnibroker_reconfigured{OMNIBROKER_REJECTED};
    },
    [](void* self, const omnibroker_sink* error) { return of(self).step(StepKind::Drain, error); },
    [](void* self, const omnibroker_sink* error) { return of(self).step(StepKind::Stop, error); },
    [](void* self, const omnibroker_sink* detail) {
      const auto health = of(self).keeper_->health();
      Sink(detail).append(health.detail);
      return health.state;
    },
};

const omnibroker_state_v1 IsolatedComponent::kState{
    sizeof(omnibroker_state_v1),
    [](void* self, const omnibroker_sink* out, const omnibroker_sink* error) {
      const auto result = of(self).keeper_->export_state();
      Sink(result.value == OMNIBROKER_OK ? out : error).append(result.text);
      return static_cast<omnibroker_status>(result.value);
    },
    [](void* self, omnibroker_text state, const omnibroker_sink* error) {
      const auto result = of(self).keeper_->import_state(view(state));
      Sink(error).append(result.text);
      return static_cast<omnibroker_status>(result.value);
    },
};

IsolatedComponent::IsolatedComponent(IsolationPlan plan) : plan_(std::move(plan)) {
  const auto* handler = static_cast<const omnibroker_handler_v1*>(plan_.type->table(OMNIBROKER_HANDLER));
  handler_ = {sizeof(omnibroker_handler_v1),
              [](void* self, omnibroker_call* call, const omnibroker_message* message) {
                return of(self).handle(call, message);
              },
              handler == nullptr ? nullptr : handler->failure_code, handler == nullptr ? nullptr : handler->noun};
  bridge_ = {sizeof(omnibroker_bridge_v1),
             [](void* self, const omnibroker_payload* payload) { of(self).keeper_->deliver(*payload); },
             [](void* self, const omnibroker_reply* reply) { of(self).keeper_->reply(*reply); }};
}

IsolatedComponent::~IsolatedComponent() = default;

Deadlines IsolatedComponent::deadlines() {
  constexpr std::chrono::seconds kMore{15};
  constexpr std::chrono::seconds kToAndFro{1};
  Deadlines all;
  all.configure += all.create + 2 * kMore;
  for (auto* deadline : {&all.prepare, &all.start, &all.reconfigure, &all.drain, &all.stop, &all.destroy}) {
    *deadline += kMore;
  }
  all.state_export += Keeper::kForWhatIsOnItsWay + kToAndFro;
  all.state_import += kToAndFro;
  return all;
}

omnibroker_status IsolatedComponent::create(const omnibroker_host* host, void** self, const omnibroker_sink*) {
  messages_ = static_cast<const omnibroker_host_message_v1*>(host->table(host, OMNIBROKER_HOST_MESSAGE));
  calls_ = static_cast<const omnibroker_host_call_v1*>(host->table(host, OMNIBROKER_HOST_CALL));
  keeper_ = std::make_unique<Keeper>(plan_, *host);
  *self = this;
  return OMNIBROKER_OK;
}

void IsolatedComponent::destroy(void*) {
  static_cast<void>(keeper_->step(StepKind::Destroy));
  keeper_.reset();
}

const void* IsolatedComponent::table(std::string_view id) const {
  if (id == OMNIBROKER_LIFECYCLE) return &kLifecycle;
  if (id == OMNIBROKER_HANDLER && plan_.type->kind == OMNIBROKER_KIND_HANDLER) return &handler_;
  if (id == OMNIBROKER_BRIDGE && plan_.type->kind == OMNIBROKER_KIND_BRIDGE) return &bridge_;
  if (id == OMNIBROKER_STATE && plan_.type->table(OMNIBROKER_STATE) != nullptr) return &kState;
  return nullptr;
}

omnibroker_status IsolatedComponent::step(StepKind kind, const omnibroker_sink* error,
                                          const omnibroker_config* config) {
  const auto result = keeper_->step(kind, config);
  Sink(error).append(result.text);
  return static_cast<omnibroker_status>(result.value);
}

omnibroker_action IsolatedComponent::handle(omnibroker_call* call, const omnibroker_message* message) {
  const auto token = calls_->defer(call);
  MessageToHandle whole;
  whole.receivers = calls_->receivers(call);
  whole.sender = messages_->sender(message);
  whole.client_id = view(messages_->client_id(message));
  whole.role = view(messages_->role(message));
  whole.payload = view(messages_->payload(message));
  if (token != 0 && keeper_->handle(token, whole)) return OMNIBROKER_PENDING;
  const std::string_view code = handler_.failure_code == nullptr ? "INTERNAL_ERROR" : handler_.failure_code;
  calls_->refuse(call, text(code), text(kTooMany));
  return OMNIBROKER_REFUSE;
}

}  // namespace omnibroker::core
