#include "broker/broker.hpp"

#include "broker/running.hpp"
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

Result<Component*> Broker::Running::make(const ComponentConfig& wanted) {
  const auto refused = [&](const Error& error) -> Result<Component*> {
    if (wanted.required) return Error{error.code, wanted.name + ": " + error.message};
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
  auto component = Component::create(*type, wanted.name, *tables, lane, Deadlines{}, &records.emplace_back());
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

Status Broker::Running::add_endpoints() {
  for (const auto& wanted : config.endpoints) {
    auto where = std::make_unique<Mounted>();
    where->name = wanted.component.name;
    auto made = make_generation(*where, wanted.component);
    if (!made) return made.error();
    if (*made == nullptr) continue;
    auto mount = std::make_unique<Mount>();
    mount->path = (*made)->endpoint->path = wanted.path;
    mount->current = (*made)->endpoint.get();
    where->mount = mount.get();
    where->current = made->get();
    where->generations.push_back(std::move(*made));
    mounted.push_back(std::move(where));
    for (const auto& listener : shared->listeners) {
      if (listener->name == wanted.listener) listener->mounts.push_back(std::move(mount));
    }
  }
  for (auto& listener : shared->listeners) {
    std::stable_sort(listener->mounts.begin(), listener->mounts.end(),
                     [](const auto& a, const auto& b) { return a->path.size() > b->path.size(); });
  }
  return {};
}

/// Created, configured and prepared. Null where the component is not required and cannot.
Result<std::unique_ptr<Generation>> Broker::Running::make_generation(Mounted& where, const ComponentConfig& wanted) {
  auto component = make(wanted);
  if (!component) return component.error();
  if (*component == nullptr) return std::unique_ptr<Generation>();
  auto made = std::make_unique<Generation>();
  made->config = wanted;
  made->origin = catalog.origin((*component)->type());
  made->component = *component;
  auto& endpoint = *(made->endpoint = std::make_unique<Endpoint>());
  endpoint.name = wanted.name;
  endpoint.plugin = wanted.plugin;
  endpoint.path = where.mount == nullptr ? "" : where.mount->path;
  endpoint.generation = ++where.last_number;
  endpoint.component = *component;
  endpoint.place = &(*component)->place();
  endpoint.place->generation = endpoint.generation;
  endpoint.self = (*component)->self();
  endpoint.table = (*component)->table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT);
  endpoint.handover = (*component)->table<omnibroker_session_handover_v1>(OMNIBROKER_SESSION_HANDOVER);
  return made;
}

Status Broker::Running::add_bridges() {
  for (const auto& wanted : config.bridges) {
    auto component = make(wanted.component);
    if (!component) return component.error();
    if (*component == nullptr) continue;
    records.back().bridge = static_cast<int>(shared->bridges.size());
    shared->bridges.push_back({*component, &(*component)->place(), (*component)->self(),
                               (*component)->table<omnibroker_bridge_v1>(OMNIBROKER_BRIDGE),
                               static_cast<std::size_t>(shared->routes.role(wanted.role))});
  }
  return {};
}

Status Broker::Running::add_reply() {
  auto component = make(config.reply);
  if (!component) return component.error();
  const auto* table = *component == nullptr ? nullptr : (*component)->table<omnibroker_reply_v1>(OMNIBROKER_REPLY);
  if (table == nullptr)
    return Error{ErrorCode::InvalidArgument, "reply: " + config.reply.plugin + " does not write replies"};
  shared->reply = {(*component)->self(), table, &(*component)->place()};
  return {};
}

Status Broker::Running::add_notices() {
  if (config.notices.plugin.empty()) return {};
  auto component = make(config.notices);
  if (!component) return component.error();
  if (*component == nullptr) return {};
  const auto* table = (*component)->table<omnibroker_notices_v1>(OMNIBROKER_NOTICES);
  if (table == nullptr)
    return Error{ErrorCode::InvalidArgument, "notices: " + config.notices.plugin + " does not write notices"};
  shared->notices = {(*component)->self(), table, &(*component)->place()};
  return {};
}

Result<std::vector<Route>> Broker::Running::make_routes() {
  std::vector<Route> routes;
  const auto roles = roles_of(config);
  for (const auto& wanted : config.routes) {
    auto handler = make(wanted.handler);
    if (!handler) return handler.error();
    if (*handler == nullptr) continue;  // its messages are of an unknown type then
    const auto* table = (*handler)->table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);
    if (table == nullptr) {
      return Error{ErrorCode::InvalidArgument,
                   wanted.handler.name + ": " + wanted.handler.plugin + " handles no messages"};
    }
    auto route = RouteTable::make_route(wanted, routes.size(), roles, *table);
    route.handler = (*handler)->self();
    route.handler_place = &(*handler)->place();
    for (const auto& step : wanted.filters) {
      auto filter = make(step);
      if (!filter) return filter.error();
      if (*filter == nullptr) continue;
      route.filters.push_back(
          {(*filter)->self(), (*filter)->table<omnibroker_filter_v1>(OMNIBROKER_FILTER), &(*filter)->place()});
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

Status Broker::Running::build() {
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
  mounted.clear();
  if (!left_behind.empty() || lane.stuck() > 0) {
    keep_for_ever({std::move(tables), std::move(shared), std::move(records), std::exchange(left_behind, {})});
  }
  shared.reset();
  records.clear();
}

/// Components look at limits, log and metrics from `create` on; the routes come later, when handlers exist.
void Broker::Running::prepare_shared() {
  shared = std::make_unique<Shared>(config.limits, log, metrics, roles_of(config));
  tables = std::make_unique<HostTables>();
  add_host_tables(*tables);
  tables->context = shared.get();
}

Status Broker::Running::build_once() {
  prepare_shared();
  auto routes = make_routes();
  if (!routes) return routes.error();
  shared->routes.set_routes(std::move(*routes));
  if (auto status = add_reply(); !status) return status;
  if (auto status = add_notices(); !status) return status;
  if (auto status = open_listeners(); !status) return status;
  if (auto status = add_endpoints(); !status) return status;
  if (auto status = add_bridges(); !status) return status;
  for (unsigned i = 0; i < worker_count(config.workers); ++i) {
    shared->workers.push_back(std::make_unique<Worker>(i, *shared));
  }
  for (auto& worker : shared->workers) worker->start();
  serving = true;
  for (auto& component : components) {
    if (component->state() != Component::State::Prepared) continue;
    auto status = component->start();
    if (status) continue;
    if (optional.contains(component->name())) failed_to_start = component->name();
    return Error{status.error().code, component->name() + ": " + status.error().message};
  }
  return {};
}

Status Broker::Running::open_listeners() {
  for (const auto& wanted : config.listeners) {
    auto listener = std::make_unique<Listener>();
    listener->name = wanted.name;
    if (!wanted.tls.certificate.empty()) {
      try {
        listener->tls = std::make_unique<TlsContext>(wanted.tls.certificate, wanted.tls.key);
      } catch (const std::exception& error) {
        return Error{ErrorCode::InvalidArgument,
                     "listeners." + wanted.name + ": The TLS files cannot be used: " + error.what()};
      }
    }
    auto sockets = ListeningSocket::open(wanted.address, static_cast<int>(wanted.backlog));
    if (!sockets) return sockets.error();
    listener->sockets = std::move(*sockets);
    shared->listeners.push_back(std::move(listener));
  }
  return {};
}

void Broker::Running::serve() {
  for (const auto& listener : shared->listeners) {
    for (const auto& socket : listener->sockets) {
      Listening entry{listener->name, socket->name(), listener->tls != nullptr, {}};
      for (const auto& mount : listener->mounts) {
        const auto& endpoint = *mount->current.load();
        entry.mounts.push_back({endpoint.name, endpoint.plugin, endpoint.path});
      }
      listening.push_back(std::move(entry));
    }
  }
  shared->workers.front()->post([this](Worker& worker) {
    for (auto& listener : shared->listeners) worker.watch(*listener);
  });
  housekeeping.start([this] { retire_what_is_over(); });
}

std::size_t Broker::Running::stop(std::chrono::milliseconds patience_of_all) {
  housekeeping.stop();
  const std::lock_guard lock(operations);
  const auto until = Clock::now() + patience_of_all;  // from here: what had to be ended first has had time of its own
  std::size_t cut = 0;
  if (!shared) return cut;
  if (serving) {
    serving = false;
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
  each_started([&](Component& component) { return drain(component, patience); });
  for (auto& worker : shared->workers) worker->stop();  // from here on nothing calls a component but its lifecycle
  leave_behind_the_busy(patience);
  each_started([](Component& component) { return component.stop(); });
  return cut;
}

template <class Step>
void Broker::Running::each_started(Step step) {
  for (auto at = components.rbegin(); at != components.rend(); ++at) {
    auto& component = **at;
    if (component.state() != Component::State::Started && component.state() != Component::State::Draining) continue;
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
  if (record.wait_until_idle(until)) return true;
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

Broker::Running::~Running() { take_down(); }

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
  const auto made = running.make(required);
  return made ? Status() : Status(made.error());
}

const std::vector<Broker::Listening>& Broker::listening() const { return running_->listening; }

std::size_t Broker::stop(std::chrono::milliseconds deadline) { return running_->stop(deadline); }

bool Broker::has_left_behind() const { return !running_->left_behind.empty() || running_->lane.stuck() > 0; }

}  // namespace omnibroker::core
