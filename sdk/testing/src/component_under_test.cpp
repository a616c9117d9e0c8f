#include "message.hpp"
#include "option_values.hpp"
#include "state.hpp"

#include <cstring>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::testing {

struct ComponentUnderTest::State {
  /// How far the lifecycle has come.
  enum class Stage { None, Created, Configured, Started, Drained, Stopped, Failed };

  FakeHost& host;
  const omnibroker_component_type* type = nullptr;
  std::string type_name;
  Options options;
  std::unique_ptr<detail::OptionValues> values;
  const omnibroker_lifecycle_v1* lifecycle = nullptr;
  void* self = nullptr;
  Stage stage = Stage::None;

  using Step = omnibroker_status (*)(void*, const omnibroker_sink*);
  Status run(Step step, Stage reached) {
    std::string reason;
    const detail::Turn turn;
    const auto status = step == nullptr ? OMNIBROKER_OK : step(self, StringSink(reason).get());
    stage = status == OMNIBROKER_OK ? reached : Stage::Failed;
    if (status == OMNIBROKER_OK) return {};
    if (reason.empty()) host.state_->violation("a step of the lifecycle failed without a reason");
    return Error{static_cast<ErrorCode>(status), reason};
  }
};

ComponentUnderTest::ComponentUnderTest(FakeHost& host, const omnibroker_plugin& plugin, std::string_view type,
                                       Options options)
    : state_(new State{host, nullptr, std::string(type), std::move(options), nullptr, nullptr, nullptr,
                       State::Stage::None}) {
  for (std::size_t i = 0; i < plugin.component_count; ++i) {
    if (type == plugin.components[i]->name) state_->type = plugin.components[i];
  }
}

ComponentUnderTest::~ComponentUnderTest() {
  if (state_->self == nullptr) return;
  for (auto* connection : state_->host.state_->connection_states) {
    if (connection->component == this) connection->end(detail::Ending::Close);
  }
  if (state_->stage == State::Stage::Started) static_cast<void>(drain());
  if (state_->stage == State::Stage::Drained) static_cast<void>(stop());
  state_->type->destroy(state_->self);
}

Status ComponentUnderTest::bring_up() {
  if (auto status = create(); !status) return status;
  if (auto status = configure(); !status) return status;
  if (auto status = prepare(); !status) return status;
  return start();
}

Status ComponentUnderTest::create() {
  if (state_->type == nullptr) {
    return Error{ErrorCode::NotFound, "the plugin has no component type " + state_->type_name};
  }
  const auto& type = *state_->type;
  for (std::size_t i = 0; i < type.need_count; ++i) {
    if (state_->host.raw()->table(state_->host.raw(), type.needs[i]) == nullptr) {
      return Error{ErrorCode::Unsupported, std::string("the host lacks ") + type.needs[i]};
    }
  }
  std::string reason;
  const auto status = type.create(state_->host.raw(), &state_->self, StringSink(reason).get());
  if (status != OMNIBROKER_OK) {
    state_->self = nullptr;
    return Error{static_cast<ErrorCode>(status), reason};
  }
  state_->lifecycle = table<omnibroker_lifecycle_v1>(OMNIBROKER_LIFECYCLE);
  state_->stage = State::Stage::Created;
  return {};
}

Status ComponentUnderTest::configure() {
  auto values = std::make_unique<detail::OptionValues>();
  if (auto status = values->fill(*state_->type, state_->options); !status) return status;
  std::string reason;
  const auto status = state_->lifecycle->configure(state_->self, values->raw(), StringSink(reason).get());
  state_->values = std::move(values);
  if (status != OMNIBROKER_OK) return Error{static_cast<ErrorCode>(status), reason};
  state_->stage = State::Stage::Configured;
  return {};
}

Status ComponentUnderTest::prepare() { return state_->run(state_->lifecycle->prepare, State::Stage::Configured); }
Status ComponentUnderTest::start() { return state_->run(state_->lifecycle->start, State::Stage::Started); }
Status ComponentUnderTest::drain() { return state_->run(state_->lifecycle->drain, State::Stage::Drained); }
Status ComponentUnderTest::stop() { return state_->run(state_->lifecycle->stop, State::Stage::Stopped); }

omnibroker_reconfigured ComponentUnderTest::reconfigure(const Options& options, std::string* error) {
  auto after = std::make_unique<detail::OptionValues>();
  if (auto status = after->fill(*state_->type, options); !status) {
    if (error != nullptr) *error = status.error().message;
    return OMNIBROKER_REJECTED;
  }
  if (state_->lifecycle->reconfigure == nullptr) return OMNIBROKER_NEEDS_REPLACE;
  std::string reason;
  const auto answer =
      state_->lifecycle->reconfigure(state_->self, state_->values->raw(), after->raw(), StringSink(reason).get());
  if (answer == OMNIBROKER_APPLIED) {
    state_->options = options;
    state_->values = std::move(after);
  } else if (answer == OMNIBROKER_REJECTED && reason.empty()) {
    state_->host.state_->violation("reconfigure rejected without a reason");
  }
  if (error != nullptr) *error = reason;
  return answer;
}

Health ComponentUnderTest::health() const {
  Health health;
  if (state_->lifecycle->health == nullptr) return health;
  health.state = state_->lifecycle->health(state_->self, StringSink(health.detail).get());
  return health;
}

Result<std::string> ComponentUnderTest::export_state() {
  const auto* offered = table<omnibroker_state_v1>(OMNIBROKER_STATE);
  if (offered == nullptr) return Error{ErrorCode::Unsupported, "the component keeps no state"};
  std::string state, reason;
  const detail::Turn turn;
  const auto status = offered->state_export(state_->self, StringSink(state).get(), StringSink(reason).get());
  if (status == OMNIBROKER_OK) return state;
  if (reason.empty()) state_->host.state_->violation("state_export failed without a reason");
  return Error{static_cast<ErrorCode>(status), reason};
}

Status ComponentUnderTest::import_state(std::string_view state) {
  const auto* offered = table<omnibroker_state_v1>(OMNIBROKER_STATE);
  if (offered == nullptr) return Error{ErrorCode::Unsupported, "the component keeps no state"};
  const std::string copy(state);  // a sanitizer sees who keeps a pointer into it
  std::string reason;
  const detail::Turn turn;
  const auto status = offered->state_import(state_->self, text(copy), StringSink(reason).get());
  if (status == OMNIBROKER_OK) return {};
  if (reason.empty()) state_->host.state_->violation("state_import failed without a reason");
  return Error{static_cast<ErrorCode>(status), reason};
}

namespace {

/// The message, or nothing, noted as the test's mistake.
std::optional<detail::ParsedMessage> routed(detail::HostState& host, std::string_view json, const FakeCall& call) {
  auto message = detail::ParsedMessage::parse(json, call);
  if (!message) host.violation("the test passed a message that the router lets nobody see: " + std::string(json));
  return message;
}

}  // namespace

omnibroker_action ComponentUnderTest::handle(std::string_view json, FakeCall& call) {
  auto message = routed(*state_->host.state_, json, call);
  const auto* handler = table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);
  if (!message || handler == nullptr) return OMNIBROKER_REFUSE;
  const detail::Turn turn;
  return handler->handle(state_->self, reinterpret_cast<omnibroker_call*>(&call), message->raw());
}

omnibroker_action ComponentUnderTest::filter(std::string_view json, FakeCall& call) {
  auto message = routed(*state_->host.state_, json, call);
  const auto* filter = table<omnibroker_filter_v1>(OMNIBROKER_FILTER);
  if (!message || filter == nullptr) return OMNIBROKER_REFUSE;
  const detail::Turn turn;
  return filter->filter(state_->self, reinterpret_cast<omnibroker_call*>(&call), message->raw());
}

std::string ComponentUnderTest::ack(std::string_view original_type) const {
  std::string out;
  table<omnibroker_reply_v1>(OMNIBROKER_REPLY)->ack(state_->self, text(original_type), StringSink(out).get());
  return out;
}

std::string ComponentUnderTest::error(std::string_view code, std::string_view message) const {
  std::string out;
  table<omnibroker_reply_v1>(OMNIBROKER_REPLY)->error(state_->self, text(code), text(message), StringSink(out).get());
  return out;
}

std::string ComponentUnderTest::welcome(std::string_view client_id) const {
  std::string out;
  table<omnibroker_notices_v1>(OMNIBROKER_NOTICES)->welcome(state_->self, text(client_id), StringSink(out).get());
  return out;
}

std::string ComponentUnderTest::status(const omnibroker_notice& notice) const {
  std::string out;
  table<omnibroker_notices_v1>(OMNIBROKER_NOTICES)->status(state_->self, &notice, StringSink(out).get());
  return out;
}

std::string ComponentUnderTest::encode(std::string_view payload, omnibroker_encoding encoding,
                                       std::uint32_t variant) const {
  std::string out;
  const omnibroker_payload crossing{sizeof(omnibroker_payload), encoding, text(payload)};
  const auto* transport = table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT);
  if (variant == 0) {
    transport->encode(state_->self, &crossing, StringSink(out).get());
  } else {
    transport->encode_variant(state_->self, variant, &crossing, StringSink(out).get());
  }
  return out;
}

void ComponentUnderTest::deliver(std::string_view payload) {
  const omnibroker_payload crossing{sizeof(omnibroker_payload), OMNIBROKER_TEXT_PAYLOAD, text(payload)};
  table<omnibroker_bridge_v1>(OMNIBROKER_BRIDGE)->deliver(state_->self, &crossing);
}

const omnibroker_component_type& ComponentUnderTest::type() const { return *state_->type; }
void* ComponentUnderTest::self() const { return state_->self; }
FakeHost& ComponentUnderTest::host() const { return state_->host; }
const void* ComponentUnderTest::find_table(const char* id) const {
  return state_->type == nullptr ? nullptr : state_->type->table(id);
}

}  // namespace omnibroker::testing
