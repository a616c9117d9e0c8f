#include "plugin/component.hpp"

#include "containment/mapped_libraries.hpp"
#include "plugin/loader_lane.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include <omnibroker/version.hpp>

namespace omnibroker::core {

/// What one call into a plugin came to. Owned by the call too, which may outlive whoever waits for it.
struct StepAnswer {
  std::int64_t value = OMNIBROKER_INTERNAL;
  void* self = nullptr;
  std::string text;
  bool threw = false;
};

namespace {

std::string spelled(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s" : std::to_string(time.count()) + " ms";
}

/// The first words of every reason: `transports.realtime: plugin websocket: prepare`.
std::string where(const std::string& component, const omnibroker_component_type& type, const char* step) {
  return component + ": plugin " + type.name + ": " + step;
}

/// What the plugin code may still use whose thread was given up: it is kept for as long as the process runs.
void keep_for_ever(std::shared_ptr<ComponentHost> host, std::shared_ptr<StandIn> stand_in, void* self) {
  struct Kept {
    std::shared_ptr<ComponentHost> host;
    std::shared_ptr<StandIn> stand_in;
    void* self;
  };
  static auto& mutex = *new std::mutex;
  static auto& kept = *new std::deque<Kept>;
  const std::lock_guard lock(mutex);
  kept.push_back({std::move(host), std::move(stand_in), self});
}

const void* find_table(const omnibroker_host* host, const char* id) {
  return id == nullptr ? nullptr : ComponentHost::of(host).tables->find(id);
}

/// Calls into a plugin on the lane. Nothing when the deadline passed first.
///
/// `call(answer, sink)` must own what it refers to, but for what lives as long as the process. Exceptions do not cross
/// a C boundary; one that a plugin in C++ lets out all the same is caught here, as the last chance.
template <class Function>
std::shared_ptr<const StepAnswer> call_plugin(LoaderLane& lane, const CallPlace* place, Call what,
                                              std::chrono::milliseconds deadline, Function call) {
  const auto answer = std::make_shared<StepAnswer>();
  const bool in_time = lane.run(
      [answer, place, what, call = std::move(call)] {
        const StringSink sink(answer->text);
        try {
          const CallMark mark(place, what);
          answer->value = call(*answer, sink.get());
        } catch (const std::exception& caught) {
          answer->threw = true;
          answer->text = caught.what();
        } catch (...) {
          answer->threw = true;
          answer->text = "not a std::exception";
        }
      },
      deadline);
  return in_time ? answer : nullptr;
}

/// Why a step did not succeed, as a sentence.
std::string failure(const std::string& where, const StepAnswer& answer) {
  if (answer.threw) return where + " let an exception out: " + answer.text;
  if (answer.text.empty()) return where + " failed without a reason (status " + std::to_string(answer.value) + ")";
  return where + " failed: " + answer.text;
}

std::string overrun(const std::string& where, std::chrono::milliseconds deadline) {
  return where + " did not return within " + spelled(deadline) + "; its thread is given up, and the component with it";
}

ErrorCode code_of(const StepAnswer& answer) {
  const bool known = answer.value >= OMNIBROKER_INVALID_ARGUMENT && answer.value <= OMNIBROKER_INTERNAL;
  return known && !answer.threw ? static_cast<ErrorCode>(answer.value) : ErrorCode::Internal;
}

/// Takes what a component exports. Owned by the call, too.
struct StateSink {
  std::string bytes;
  bool overflowed = false;
  omnibroker_sink sink{this, [](void* self, const void* data, std::size_t size) {
                         auto& state = *static_cast<StateSink*>(self);
                         state.overflowed = state.overflowed || size > kLargestState - state.bytes.size();
                         if (!state.overflowed) state.bytes.append(static_cast<const char*>(data), size);
                       }};
};

Status check_needs(const omnibroker_component_type& type, const std::string& name, const HostTables& tables) {
  for (std::size_t i = 0; type.needs != nullptr && i < type.need_count; ++i) {
    if (tables.find(type.needs[i]) != nullptr) continue;
    return Error{ErrorCode::Unsupported, where(name, type, "create") + " failed: it needs the host table \"" +
                                             type.needs[i] + "\", which this broker does not have"};
  }
  return {};
}

}  // namespace

Component::Component(const omnibroker_component_type& type, std::string name, const HostTables& tables,
                     LoaderLane& lane, const Deadlines& deadlines, std::shared_ptr<StandIn> stand_in)
    : type_(type),
      stand_in_(std::move(stand_in)),
      host_(std::make_shared<ComponentHost>()),
      lane_(lane),
      deadlines_(deadlines) {
  host_->name = std::move(name);
  host_->tables = &tables;
  host_->place = &new_place(host_->name, type.name, plugin_at(&type));
  host_->raw = {sizeof(omnibroker_host), OMNIBROKER_ABI_MAJOR, OMNIBROKER_ABI_MINOR,
                OMNIBROKER_SDK_VERSION,  text(host_->name),    find_table};
}

Result<std::unique_ptr<Component>> Component::create(const omnibroker_component_type& type, std::string name,
                                                     const HostTables& tables, LoaderLane& lane,
                                                     const Deadlines& deadlines, void* owner,
                                                     std::shared_ptr<StandIn> stand_in) {
  if (auto status = check_needs(type, name, tables); !status) return status.error();
  std::unique_ptr<Component> component(
      new Component(type, std::move(name), tables, lane, deadlines, std::move(stand_in)));
  component->host_->owner = owner;

  const auto answer = call_plugin(lane, component->host_->place, Call::Create, deadlines.create,
                                  [host = component->host_, stand_in = component->stand_in_, type = &type](
                                      StepAnswer& out, const omnibroker_sink* error) {
                                    return stand_in ? stand_in->create(&host->raw, &out.self, error)
                                                    : type->create(&host->raw, &out.self, error);
                                  });
  if (auto status = component->judge("create", deadlines.create, answer.get()); !status) return status.error();
  component->self_ = answer->self;
  component->created_ = true;
  return component;
}

Component::~Component() {
  if (!created_ || state_ == State::Stuck) return;
  const auto answer = call_plugin(
      lane_, host_->place, Call::Destroy, deadlines_.destroy,
      [host = host_, stand_in = stand_in_, type = &type_, self = self_](StepAnswer&, const omnibroker_sink*) {
        stand_in ? stand_in->destroy(self) : type->destroy(self);
        return OMNIBROKER_OK;
      });
  if (answer == nullptr) keep_for_ever(host_, stand_in_, self_);
}

Status Component::judge(const char* step, std::chrono::milliseconds deadline, const StepAnswer* answer) {
  const auto at = where(name(), type_, step);
  if (answer == nullptr) {
    keep_for_ever(host_, stand_in_, self_);
    fail(State::Stuck, overrun(at, deadline));
    return Error{ErrorCode::Unavailable, reason_};
  }
  if (answer->threw || answer->value != OMNIBROKER_OK) {
    fail(State::Failed, failure(at, *answer));
    return Error{code_of(*answer), reason_};
  }
  return {};
}

void Component::fail(State state, std::string reason) {
  reason_ = std::move(reason);  // before the state, which tells other threads that it can be read
  state_ = state;
}

template <class Function>
Status Component::step(Call what, std::chrono::milliseconds deadline, std::initializer_list<State> from, State to,
                       Function call) {
  const auto* step = name_of(what);
  const auto state = state_.load();
  if (std::find(from.begin(), from.end(), state) == from.end()) {
    return Error{ErrorCode::Conflict,
                 where(name(), type_, step) + " cannot follow: it is " + std::string(to_string(state))};
  }
  const auto answer = call_plugin(
      lane_, host_->place, what, deadline,
      [host = host_, lifecycle = table<omnibroker_lifecycle_v1>(OMNIBROKER_LIFECYCLE), self = self_,
       call = std::move(call)](StepAnswer&, const omnibroker_sink* error) { return call(*lifecycle, self, error); });
  auto status = judge(step, deadline, answer.get());
  if (status) state_ = to;
  return status;
}

Status Component::configure(const ConfigValues& values) {
  auto status = step(Call::Configure, deadlines_.configure, {State::Created}, State::Configured,
                     [values](const omnibroker_lifecycle_v1& table, void* self, const omnibroker_sink* error) {
                       return table.configure == nullptr ? OMNIBROKER_OK : table.configure(self, values.raw(), error);
                     });
  if (status) values_ = values;
  return status;
}

Status Component::prepare() {
  return step(Call::Prepare, deadlines_.prepare, {State::Configured}, State::Prepared,
              [](const omnibroker_lifecycle_v1& table, void* self, const omnibroker_sink* error) {
                return table.prepare == nullptr ? OMNIBROKER_OK : table.prepare(self, error);
              });
}

Status Component::start() {
  return step(Call::Start, deadlines_.start, {State::Prepared}, State::Started,
              [](const omnibroker_lifecycle_v1& table, void* self, const omnibroker_sink* error) {
                return table.start == nullptr ? OMNIBROKER_OK : table.start(self, error);
              });
}

Status Component::drain() {
  return step(Call::Drain, deadlines_.drain, {State::Started}, State::Draining,
              [](const omnibroker_lifecycle_v1& table, void* self, const omnibroker_sink* error) {
                return table.drain == nullptr ? OMNIBROKER_OK : table.drain(self, error);
              });
}

Status Component::stop() {
  // Also one that was prepared and never started, because another component failed: it holds what `prepare` took.
  return step(Call::Stop, deadlines_.stop, {State::Prepared, State::Started, State::Draining}, State::Stopped,
              [](const omnibroker_lifecycle_v1& table, void* self, const omnibroker_sink* error) {
                return table.stop == nullptr ? OMNIBROKER_OK : table.stop(self, error);
              });
}

omnibroker_reconfigured Component::reconfigure(const ConfigValues& after, std::string& error) {
  const auto at = where(name(), type_, "reconfigure");
  if (state_ != State::Prepared && state_ != State::Started) {
    error = at + " cannot follow: it is " + std::string(to_string(state_));
    return OMNIBROKER_REJECTED;
  }
  const auto* lifecycle = table<omnibroker_lifecycle_v1>(OMNIBROKER_LIFECYCLE);
  if (lifecycle->reconfigure == nullptr) {
    error = name() + ": plugin " + type_.name + " takes no changed options while it runs";
    return OMNIBROKER_NEEDS_REPLACE;
  }
  const auto answer = call_plugin(
      lane_, host_->place, Call::Reconfigure, deadlines_.reconfigure,
      [host = host_, lifecycle, self = self_, before = values_, after](StepAnswer&, const omnibroker_sink* sink) {
        return lifecycle->reconfigure(self, before.raw(), after.raw(), sink);
      });
  if (answer == nullptr) {
    error = judge("reconfigure", deadlines_.reconfigure, nullptr).error().message;
    return OMNIBROKER_REJECTED;
  }
  if (answer->value == OMNIBROKER_APPLIED && !answer->threw) {
    values_ = after;
    return OMNIBROKER_APPLIED;
  }
  if (answer->value == OMNIBROKER_NEEDS_REPLACE && !answer->threw) {
    error = answer->text.empty() ? at + ": the change needs a new generation" : at + ": " + answer->text;
    return OMNIBROKER_NEEDS_REPLACE;
  }
  error = failure(at, *answer);
  return OMNIBROKER_REJECTED;
}

Result<std::string> Component::export_state() {
  const auto* table = this->table<omnibroker_state_v1>(OMNIBROKER_STATE);
  const auto at = where(name(), type_, "state_export");
  if (table == nullptr) return Error{ErrorCode::Unsupported, at + " failed: it keeps no state"};
  if (state_ == State::Stuck) return Error{ErrorCode::Conflict, reason_};
  const auto state = std::make_shared<StateSink>();
  const auto answer =
      call_plugin(lane_, host_->place, Call::StateExport, deadlines_.state_export,
                  [host = host_, table, self = self_, state](StepAnswer&, const omnibroker_sink* error) {
                    return table->state_export(self, &state->sink, error);
                  });
  if (auto status = judge_state("state_export", deadlines_.state_export, answer.get()); !status) return status.error();
  if (!state->overflowed) return std::move(state->bytes);
  return Error{ErrorCode::ResourceExhausted, at + " wrote more than " + std::to_string(kLargestState >> 20) + " MiB"};
}

Status Component::import_state(std::string state) {
  const auto* table = this->table<omnibroker_state_v1>(OMNIBROKER_STATE);
  const auto at = where(name(), type_, "state_import");
  if (table == nullptr) return Error{ErrorCode::Unsupported, at + " failed: it takes no state"};
  if (state_ == State::Stuck) return Error{ErrorCode::Conflict, reason_};
  const auto answer =
      call_plugin(lane_, host_->place, Call::StateImport, deadlines_.state_import,
                  [host = host_, table, self = self_, state = std::make_shared<const std::string>(std::move(state))](
                      StepAnswer&, const omnibroker_sink* error) {
                    return table->state_import(self, {state->data(), state->size()}, error);
                  });
  return judge_state("state_import", deadlines_.state_import, answer.get());
}

/// As `judge`; but one that answers an error has changed nothing, and goes on.
Status Component::judge_state(const char* step, std::chrono::milliseconds deadline, const StepAnswer* answer) {
  if (answer == nullptr) return judge(step, deadline, nullptr);
  if (!answer->threw && answer->value == OMNIBROKER_OK) return {};
  return Error{code_of(*answer), failure(where(name(), type_, step), *answer)};
}

Health Component::health() const {
  const auto state = state_.load();
  if (state == State::Failed || state == State::Stuck) return {OMNIBROKER_FAILED, reason_};
  const auto* lifecycle = table<omnibroker_lifecycle_v1>(OMNIBROKER_LIFECYCLE);
  // Before `configure` there is nobody to ask: the C++ layer makes the component then.
  if (state == State::Created || lifecycle->health == nullptr) return {};
  Health health;
  const StringSink detail(health.detail);
  try {
    const CallMark mark(host_->place, Call::Health);
    health.state = lifecycle->health(self_, detail.get());
  } catch (...) {
    health = {OMNIBROKER_FAILED, where(name(), type_, "health") + " let an exception out"};
  }
  return health;
}

std::string_view to_string(Component::State state) {
  switch (state) {
    case Component::State::Created: return "created";
    case Component::State::Configured: return "configured";
    case Component::State::Prepared: return "prepared";
    case Component::State::Started: return "started";
    case Component::State::Draining: return "draining";
    case Component::State::Stopped: return "stopped";
    case Component::State::Failed: return "failed";
    case Component::State::Stuck: return "stuck";
  }
  return "unknown";
}

}  // namespace omnibroker::core
