#include "broker/broker.hpp"

#include "plugin/catalog.hpp"
#include "plugin/component.hpp"
#include "plugin/loader_lane.hpp"
#include "runtime/host_tables.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace omnibroker::core {
namespace {

using Clock = std::chrono::steady_clock;

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

ComponentRecord& record_of(Component& component) { return *static_cast<ComponentRecord*>(component.host().owner); }

/// What a thread may still use that is inside a component and does not come out.
struct LeftBehind {
  std::unique_ptr<HostTables> tables;
  std::unique_ptr<Shared> shared;
  std::deque<ComponentRecord> records;
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

/// Everything that a running broker is made of, in the order in which it is built; taken down the other way round.
struct Broker::Running {
  Running(BrokerConfig broker_config, Catalog& plugins, Log& process_log, Metrics& process_metrics)
      : config(std::move(broker_config)), catalog(plugins), log(process_log), metrics(process_metrics) {}
  ~Running();

  const BrokerConfig config;
  Catalog& catalog;
  Log& log;
  Metrics& metrics;
  LoaderLane lane;
  std::unique_ptr<HostTables> tables;
  std::unique_ptr<Shared> shared;  // before the components: their host functions look into it until they are destroyed
  std::deque<ComponentRecord> records;
  std::vector<std::unique_ptr<Component>> components;   // in the order of starting
  std::vector<std::unique_ptr<Component>> left_behind;  // a thread of the pool is inside: never called again
  std::vector<Listening> listening;
  bool serving = false;
  std::set<std::string> optional;  // components that are not required
  std::set<std::string> left_out;  // of these, those that would not start
  std::string failed_to_start;     // of these, the one that build_once gave up at

  Status build();
  Status build_once();
  void take_down();
  Status open_listeners();
  void serve();
  std::size_t stop(Clock::time_point until);
  Status drain(Component& component, Clock::time_point until);
  void leave_behind_the_busy(Clock::time_point until);
  bool has_ended_its_work(Component& component, Clock::time_point until);
  /// In the reverse order of their start; a step that fails is in the log.
  template <class Step>
  void each_started(Step step);

  /// Creates, configures and prepares. Null where the component is not required and cannot: that is in the log.
  Result<Component*> make(const ComponentConfig& wanted);
  Status add_endpoints();
  Status add_bridges();
  Status add_reply();
  Status add_notices();
  Result<std::vector<Route>> make_routes();
};

Result<Component*> Broker::Running::make(const ComponentConfig& wanted) {
  const auto refused = [&](const Error& error) -> Result<Component*> {
    if (wanted.required) return Error{error.code, wanted.name + ": " + error.message};
    log.warn("A component that is not required was left out", {{"name", wanted.name}, {"reason", error.message}});
    return static_cast<Component*>(nullptr);
  };
  if (left_out.contains(wanted.name)) return static_cast<Component*>(nullptr);
  auto found = catalog.find(wanted.plugin);
  if (!found) return refused(found.error());
  auto component = Component::create(*found->type, wanted.name, *tables, lane, Deadlines{}, &records.emplace_back());
  if (!component) return refused(component.error());
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
    auto component = make(wanted.component);
    if (!component) return component.error();
    if (*component == nullptr) continue;
    auto endpoint = std::make_unique<Endpoint>();
    endpoint->name = wanted.component.name;
    endpoint->plugin = wanted.component.plugin;
    endpoint->path = wanted.path;
    endpoint->index = shared->endpoints.size();
    endpoint->component = *component;
    endpoint->self = (*component)->self();
    endpoint->table = (*component)->table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT);
    for (const auto& listener : shared->listeners) {
      if (listener->name == wanted.listener) listener->endpoints.push_back(endpoint.get());
    }
    shared->endpoints.push_back(std::move(endpoint));
  }
  for (auto& listener : shared->listeners) {
    std::stable_sort(listener->endpoints.begin(), listener->endpoints.end(),
                     [](const Endpoint* a, const Endpoint* b) { return a->path.size() > b->path.size(); });
  }
  return {};
}

Status Broker::Running::add_bridges() {
  for (const auto& wanted : config.bridges) {
    auto component = make(wanted.component);
    if (!component) return component.error();
    if (*component == nullptr) continue;
    records.back().bridge = static_cast<int>(shared->bridges.size());
    shared->bridges.push_back({*component, (*component)->self(),
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
  shared->reply = {(*component)->self(), table};
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
  shared->notices = {(*component)->self(), table};
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
    for (const auto& step : wanted.filters) {
      auto filter = make(step);
      if (!filter) return filter.error();
      if (*filter == nullptr) continue;
      route.filters.push_back({(*filter)->self(), (*filter)->table<omnibroker_filter_v1>(OMNIBROKER_FILTER)});
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
  static_cast<void>(stop(Clock::now()));
  while (!components.empty()) components.pop_back();
  if (!left_behind.empty() || lane.stuck() > 0) {
    keep_for_ever({std::move(tables), std::move(shared), std::move(records), std::exchange(left_behind, {})});
  }
  shared.reset();
  records.clear();
}

Status Broker::Running::build_once() {
  // Components look at limits, log and metrics from `create` on; the routes come later, when handlers exist.
  shared = std::make_unique<Shared>(config.limits, log, metrics, roles_of(config));
  tables = std::make_unique<HostTables>();
  add_host_tables(*tables);
  tables->context = shared.get();

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
      for (const auto* endpoint : listener->endpoints)
        entry.mounts.push_back({endpoint->name, endpoint->plugin, endpoint->path});
      listening.push_back(std::move(entry));
    }
  }
  shared->workers.front()->post([this](Worker& worker) {
    for (auto& listener : shared->listeners) worker.watch(*listener);
  });
}

std::size_t Broker::Running::stop(Clock::time_point until) {
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

const std::vector<Broker::Listening>& Broker::listening() const { return running_->listening; }

std::size_t Broker::stop(std::chrono::milliseconds deadline) { return running_->stop(Clock::now() + deadline); }

bool Broker::has_left_behind() const { return !running_->left_behind.empty() || running_->lane.stuck() > 0; }

}  // namespace omnibroker::core
