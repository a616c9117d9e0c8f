#include "broker/broker.hpp"

#include "broker/running.hpp"
#include "config/components.hpp"
#include "isolation/isolated_component.hpp"
#include "runtime/host_tables.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace omnibroker::core {
namespace {

/// What work gets that a component has begun when the time to stop is over already.
constexpr auto kLeastPatience = std::chrono::seconds(1);

std::vector<RouteTable::Role> roles_of(const BrokerConfig& config) {
  std::vector<RouteTable::Role> roles;
  for (const auto& role : config.roles) roles.push_back({role.name, role.title});
  return roles;
}

unsigned worker_count(unsigned configured) {
  const auto wanted = configured != 0 ? configured : std::max(1u, std::thread::hardware_concurrency());
  return std::min(wanted, 1u << kWorkerBits);
}

/// What a thread may still use that is inside a component and does not come out.
struct LeftBehind {
  std::unique_ptr<HostTables> tables;
  std::unique_ptr<Shared> shared;
  std::list<ComponentRecord> records;
  std::vector<std::unique_ptr<Component>> components;
};

/// Keeps it for as long as the process runs. No thread is waited for then, and none finds anything gone.
void keep_for_ever(LeftBehind left) {
  static auto& mutex = *new std::mutex;
  static auto& kept = *new std::deque<LeftBehind>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(left));
}

}  // namespace

Result<Component*> Broker::Running::make(const ComponentConfig& wanted, const BrokerConfig& whole) {
  const auto refused = [&](const Error& error) -> Result<Component*> {
    const bool is_named = error.message.starts_with(wanted.name + ": ");  // by the component itself
    if (wanted.required) return Error{error.code, (is_named ? "" : wanted.name + ": ") + error.message};
    log.warn("A component that is not required was left out", {{"name", wanted.name}, {"reason", error.message}});
    return static_cast<Component*>(nullptr);
  };
  if (left_out.contains(wanted.name)) return static_cast<Component*>(nullptr);
  const auto* type = wanted.type;  // the file behind the name may have changed since
  if (type == nullptr) {
    const auto found = catalog.find(wanted.plugin);
    if (!found) return refused(found.error());
    type = found.value().type;
  }
  const bool isolated = wanted.isolation == Isolation::Process;
  auto component =
      Component::create(*type, wanted.name, *tables, lane, isolated ? IsolatedComponent::deadlines() : Deadlines{},
                        &records.emplace_back(), isolated ? stand_in(*type, whole) : nullptr);
  if (!component) {
    if (component.error().code != ErrorCode::Unavailable) records.pop_back();  // else its thread may look at it still
    return refused(component.error());
  }
  auto& made = **component;
  components.push_back(std::move(*component));
  if (!wanted.required) optional.insert(wanted.name);
  auto status = made.configure(wanted.values);
  if (status) status = made.prepare();
  if (!status) return refused(status.error());
  return &made;
}

/// For a component that runs in a process of its own.
std::shared_ptr<StandIn> Broker::Running::stand_in(const omnibroker_component_type& type, const BrokerConfig& whole) {
  IsolationPlan plan;
  plan.type = &type;
  plan.library = catalog.origin(type).staged;
  for (const auto& role : whole.roles) plan.roles.push_back(role.name);
  plan.patience = whole.limits.isolation_timeout;
  plan.complete = [shared = shared.get()](std::uint64_t token, LateDecision decision) {
    return decide_call(*shared, token, std::move(decision));
  };
  return std::make_shared<IsolatedComponent>(std::move(plan));
}

Seat* Broker::Running::find_seat(std::string_view name) const {
  const auto found = std::find_if(seats.begin(), seats.end(), [&](const auto& seat) { return seat->name == name; });
  return found == seats.end() ? nullptr : found->get();
}

Seat& Broker::Running::seat_for(std::string_view name) {
  if (auto* seat = find_seat(name)) return *seat;
  auto made = std::make_unique<Seat>();
  made->name = name;
  const std::lock_guard lock(view);
  return *seats.emplace_back(std::move(made));
}

const Generation* Broker::Running::current(std::string_view name) const {
  const auto* seat = find_seat(name);
  return seat == nullptr ? nullptr : seat->current;
}

/// What brings messages comes behind what handles them.
Status Broker::Running::fill_seats() {
  auto wanted = components_of(config);
  std::stable_partition(wanted.begin(), wanted.end(), [](const auto* component) {
    return component->kind == OMNIBROKER_KIND_HANDLER || component->kind == OMNIBROKER_KIND_FILTER;
  });
  for (const auto* one : wanted) {
    auto made = make_generation(*one, config);
    if (!made) return made.error();
    if (*made == nullptr) continue;  // messages of a route without its handler are of an unknown type
    auto& seat = seat_for(one->name);
    seat.current = &add_generation(seat, std::move(*made));
  }
  return {};
}

Generation& Broker::Running::add_generation(Seat& seat, std::unique_ptr<Generation> made) {
  made->number = ++seat.last_number;
  if (made->endpoint != nullptr) made->endpoint->generation = made->number;
  made->component->place().generation = made->number;
  const std::lock_guard lock(view);
  return *seat.generations.emplace_back(std::move(made));
}

/// Whether a component can do what the place that it is named in is for.
Status Broker::Running::check_use(const Component& component, const ComponentConfig& wanted) {
  const auto needs = [&](const char* table, const char* what) -> Status {
    if (component.type().table(table) != nullptr) return {};
    return Error{ErrorCode::InvalidArgument, wanted.name + ": " + wanted.plugin + what};
  };
  switch (wanted.kind) {
    case OMNIBROKER_KIND_FILTER: return needs(OMNIBROKER_FILTER, " filters no messages");
    case OMNIBROKER_KIND_BRIDGE: return needs(OMNIBROKER_BRIDGE, " is no bridge");
    case OMNIBROKER_KIND_TRANSPORT:
    case OMNIBROKER_KIND_SERVICE: return needs(OMNIBROKER_TRANSPORT, " takes no requests");
    default: break;
  }
  if (wanted.name == "reply") return needs(OMNIBROKER_REPLY, " does not write replies");
  if (wanted.name == "notices") return needs(OMNIBROKER_NOTICES, " does not write notices");
  return needs(OMNIBROKER_HANDLER, " handles no messages");
}

/// Created, configured and prepared, as a part of `whole`. Null where the component is not required and cannot.
Result<std::unique_ptr<Generation>> Broker::Running::make_generation(const ComponentConfig& wanted,
                                                                     const BrokerConfig& whole) {
  auto component = make(wanted, whole);
  if (!component) return component.error();
  if (*component == nullptr) return std::unique_ptr<Generation>();
  if (auto status = check_use(**component, wanted); !status) return status.error();
  auto made = std::make_unique<Generation>();
  made->config = wanted;
  made->config.type = &(*component)->type();
  made->origin = catalog.origin((*component)->type());
  made->component = *component;
  made->limits = whole.limits;
  for (const auto& role : whole.roles) made->roles.push_back(role.name);
  std::sort(made->roles.begin(), made->roles.end());
  if (wanted.kind == OMNIBROKER_KIND_BRIDGE) {
    auto found = std::find(bridges.begin(), bridges.end(), wanted.name);
    record_of(**component).bridge = static_cast<int>(found - bridges.begin());
    if (found == bridges.end()) bridges.push_back(wanted.name);
  }
  if (wanted.kind != OMNIBROKER_KIND_TRANSPORT && wanted.kind != OMNIBROKER_KIND_SERVICE) return made;
  auto& endpoint = *(made->endpoint = std::make_unique<Endpoint>());
  endpoint.name = wanted.name;
  endpoint.plugin = wanted.plugin;
  endpoint.path = find_endpoint(whole, wanted.name)->path;
  endpoint.component = *component;
  endpoint.place = &(*component)->place();
  endpoint.self = (*component)->self();
  endpoint.table = (*component)->table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT);
  endpoint.handover = (*component)->table<omnibroker_session_handover_v1>(OMNIBROKER_SESSION_HANDOVER);
  return made;
}

void Broker::Running::watch_calls() {
  watchdog.reset();
  watchdog = std::make_unique<Watchdog>(log, metrics, config.limits.call_deadline);
}

Status Broker::Running::build() {
  watch_calls();
  // A component that is not required may fail as late as in its start. By then routes and audiences know of it, so
  // everything is built again without it, which leaves nothing half there.
  while (true) {
    auto status = build_once();
    if (status || failed_to_start.empty()) return status;
    log.warn("A component that is not required was left out",
             {{"name", failed_to_start}, {"reason", status.error().message}});
    left_out.insert(std::exchange(failed_to_start, {}));
    take_down();
  }
}

void Broker::Running::take_down() {
  static_cast<void>(stop(std::chrono::milliseconds(0)));
  while (!components.empty()) components.pop_back();
  seats.clear();
  bridges.clear();
  if (!left_behind.empty() || lane.stuck() > 0) {
    keep_for_ever({std::move(tables), std::move(shared), std::move(records), std::exchange(left_behind, {})});
  }
  shared.reset();
  records.clear();
}

/// Components look at limits, log and metrics from `create` on; the routes come later, when handlers exist.
void Broker::Running::prepare_shared() {
  shared = std::make_unique<Shared>(std::make_shared<const Pipeline>(roles_of(config), config.limits), log, metrics);
  tables = std::make_unique<HostTables>();
  add_host_tables(*tables);
  tables->context = shared.get();
}

Status Broker::Running::build_once() {
  prepare_shared();
  if (auto status = fill_seats(); !status) return status;
  if (auto status = open_listeners(); !status) return status;
  mount_all();
  auto pipeline = compose(config);
  if (!pipeline) return pipeline.error();
  shared->set_pipeline(std::move(*pipeline));
  for (unsigned i = 0; i < worker_count(config.workers); ++i) {
    shared->workers.push_back(std::make_unique<Worker>(i, *shared));
  }
  for (auto& worker : shared->workers) worker->start();
  serving = true;
  for (auto& component : components) {
    if (component->state() != Component::State::Prepared) continue;
    auto status = component->start();
    record_of(*component).has_started();
    if (status) continue;
    if (optional.contains(component->name())) failed_to_start = component->name();
    return Error{status.error().code, component->name() + ": " + status.error().message};
  }
  return {};
}

void Broker::Running::serve() {
  list_listening();
  static_cast<void>(ask_workers([this](Worker& worker) {
    if (worker.index() != 0) return 0;
    for (auto& listener : shared->listeners) worker.watch(*listener);
    return 0;
  }));
  housekeeping.start([this] { retire_what_is_over(); });
}

std::size_t Broker::Running::stop(std::chrono::milliseconds patience_of_all) {
  housekeeping.stop();
  const std::lock_guard lock(operations);
  const auto until = Clock::now() + patience_of_all;  // from here: what had to be ended first has had time of its own
  std::size_t cut = 0;
  if (!shared) return cut;
  if (serving) {
    {
      const std::lock_guard nobody_asks(lifetime);
      serving = false;
    }
    shared->stopping = true;
    shared->workers.front()->post([](Worker& worker) { worker.stop_accepting(); });
    for (auto& worker : shared->workers) worker->post([](Worker& w) { w.shut_down_connections(); });
    if (!shared->wait_until_empty(until)) {
      cut = shared->open_connections();
      for (auto& worker : shared->workers) worker->post([](Worker& w) { w.cut_connections(); });
      static_cast<void>(shared->wait_until_empty(Clock::now() + std::chrono::seconds(1)));
    }
  }
  const auto patience = std::max(until, Clock::now() + kLeastPatience);
  each_of({Component::State::Started}, [&](Component& component) { return drain(component, patience); });
  for (auto& worker : shared->workers) worker->stop();  // from here on nothing calls a component but its lifecycle
  leave_behind_the_busy(patience);
  each_of({Component::State::Prepared, Component::State::Started, Component::State::Draining},
          [](Component& component) { return component.stop(); });
  return cut;
}

template <class Step>
void Broker::Running::each_of(std::initializer_list<Component::State> states, Step step) {
  for (auto at = components.rbegin(); at != components.rend(); ++at) {
    auto& component = **at;
    if (std::find(states.begin(), states.end(), component.state()) == states.end()) continue;
    if (auto status = step(component); !status) {
      log.warn("A component did not stop cleanly", {{"name", component.name()}, {"reason", status.error().message}});
    }
  }
}

Status Broker::Running::drain(Component& component, Clock::time_point until) {
  auto status = component.drain();
  auto& record = record_of(component);
  shared->timers.forget(record);
  static_cast<void>(record.wait_until_idle(until));  // while workers still carry out what the work decides
  return status;
}

void Broker::Running::leave_behind_the_busy(Clock::time_point until) {
  for (auto& component : components) {
    if (!has_ended_its_work(*component, until)) left_behind.push_back(std::move(component));
  }
  std::erase(components, nullptr);
}

bool Broker::Running::has_ended_its_work(Component& component, Clock::time_point until) {
  auto& record = record_of(component);
  record.close();
  const bool idle = record.wait_until_idle(until);
  shared->timers.forget(record);  // what work that was under way has begun; from here on it can begin none
  if (idle) return true;
  const auto discarded = shared->pool.discard(&record);
  record.end_work(discarded);
  const auto running = record.work();
  if (running == 0) {
    log.warn("Work of a component was discarded, it had not begun in time",
             {{"name", component.name()}, {"discarded", discarded}});
    return true;
  }
  log.warn("A component is left behind, neither stopped nor destroyed: its work did not end in time",
           {{"name", component.name()}, {"running", running}, {"discarded", discarded}});
  return false;
}

Broker::Running::~Running() {
  end_waits();
  take_down();
}

Broker::Broker(std::unique_ptr<Running> running) : running_(std::move(running)) {}
Broker::~Broker() = default;

Result<std::unique_ptr<Broker>> Broker::start(BrokerConfig config, Catalog& catalog, Log& log, Metrics& metrics) {
  auto running = std::make_unique<Running>(std::move(config), catalog, log, metrics);
  if (auto status = running->build(); !status) return status.error();
  running->serve();
  return std::unique_ptr<Broker>(new Broker(std::move(running)));
}

Status try_component(const BrokerConfig& config, const ComponentConfig& wanted, Catalog& catalog, Log& log) {
  Metrics metrics;
  Broker::Running running(config, catalog, log, metrics);
  running.prepare_shared();
  auto required = wanted;
  required.required = true;
  const auto made = running.make(required, config);
  return made ? Status() : Status(made.error());
}

std::vector<Broker::Listening> Broker::listening() const {
  const std::lock_guard lock(running_->view);
  return running_->listening;
}
BrokerConfig Broker::config() const {
  const std::lock_guard lock(running_->view);
  return running_->config;
}

void Broker::announce_stop() { running_->end_waits(); }
std::size_t Broker::stop(std::chrono::milliseconds deadline) {
  running_->end_waits();
  return running_->stop(deadline);
}

bool Broker::has_left_behind() const { return !running_->left_behind.empty() || running_->lane.stuck() > 0; }

}  // namespace omnibroker::core
