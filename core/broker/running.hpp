#pragma once

#include "broker/broker.hpp"
#include "containment/watchdog.hpp"
#include "plugin/catalog.hpp"
#include "plugin/component.hpp"
#include "plugin/loader_lane.hpp"
#include "runtime/departure.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/handover.hpp"
#include "runtime/shared.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace omnibroker::core {

using Clock = std::chrono::steady_clock;

/// One generation of a component.
struct Generation {
  ComponentConfig config;
  unsigned number = 0;
  Catalog::Origin origin;
  Component* component = nullptr;
  std::unique_ptr<Endpoint> endpoint;      ///< Of a transport or service; null for others.
  Clock::time_point since = Clock::now();  ///< Made.
  Clock::time_point replaced{};            ///< Not the current one since then.
  Clock::time_point retiring{};            ///< Drained, and waiting for the end of its work since then.
  LimitsConfig limits;                     ///< That it was made with.
  std::vector<std::string> roles;          ///< The same, sorted.

  std::size_t connections() const { return endpoint == nullptr ? 0 : endpoint->exchanges.load(); }
};

/// One name of the configuration that a component stands for, `transports.realtime` or `handlers.coordinate_update`,
/// and the component's generations, the newest last.
struct Seat {
  std::string name;
  std::shared_ptr<Mount> mount;  ///< Of a transport or service.
  Listener* listener = nullptr;  ///< That it is mounted on.
  bool drained = false;          ///< Its mount refuses requests, also after a swap or a change of its path.
  unsigned last_number = 0;
  std::vector<std::unique_ptr<Generation>> generations;
  Generation* current = nullptr;                     ///< Null: no configuration has this name any more.
  Generation* previous = nullptr;                    ///< What a rollback goes back to; null: nothing.
  std::vector<std::shared_ptr<Handover>> handovers;  ///< That may still go on.
};

inline ComponentRecord& record_of(Component& component) {
  return *static_cast<ComponentRecord*>(component.host().owner);
}

/// A thread that looks, now and then, at what has become superfluous.
class Housekeeping {
 public:
  ~Housekeeping() { stop(); }
  template <class Look>
  void start(Look look);
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;  // guarded by mutex_
  std::thread thread_;
};

class StandStill;
class StateTransfer;

/// Everything that a running broker is made of, in the order in which it is built; taken down the other way round.
struct Broker::Running {
  Running(BrokerConfig broker_config, Catalog& plugins, Log& process_log, Metrics& process_metrics)
      : config(std::move(broker_config)), catalog(plugins), log(process_log), metrics(process_metrics) {}
  ~Running();

  BrokerConfig config;  ///< What runs. Changed with `operations` and `view` held.
  Catalog& catalog;
  Log& log;
  Metrics& metrics;
  LoaderLane lane;
  std::unique_ptr<Watchdog> watchdog;  // before what it watches
  std::unique_ptr<HostTables> tables;
  std::unique_ptr<Shared> shared;  // before the components: their host functions look into it until they are destroyed
  std::list<ComponentRecord> records;
  std::vector<std::unique_ptr<Component>> components;   // in the order of starting
  std::vector<std::unique_ptr<Component>> left_behind;  // a thread of the pool is inside: never called again
  std::vector<Listening> listening;
  bool serving = false;
  bool drained = false;  ///< As a whole: nothing listens. Changed with `operations` and `view` held.
  std::map<std::string, std::shared_ptr<Departure>, std::less<>> departures;  // the last of each; with `operations`
  std::set<std::string> optional;                                             // components that are not required
  std::set<std::string> left_out;                                             // of these, those that would not start
  std::string failed_to_start;  // of these, the one that build_once gave up at
  std::vector<std::unique_ptr<Seat>> seats;
  std::vector<std::string> bridges;  // by their index in every pipeline
  std::mutex operations;             // one change at a time; before any other lock
  std::mutex view;                   // for those who only look: `config`, `seats` and `listening` change with it held
  std::shared_mutex lifetime;        // held while workers are asked; exclusively when they stop to answer
  std::mutex ending_mutex;
  std::condition_variable ending_changed;
  std::atomic<bool> ending{false};  // set with ending_mutex held
  Housekeeping housekeeping;

  Status build();
  Status build_once();
  void watch_calls();
  void prepare_shared();
  void take_down();
  static Result<std::shared_ptr<TlsContext>> open_tls(const ListenerConfig& wanted);
  /// Without sockets while the broker is drained.
  /// `bind`: with its sockets, unless the broker is drained.
  Result<std::unique_ptr<Listener>> open_listener(const ListenerConfig& wanted, bool bind) const;
  Status open_listeners();
  void serve();
  std::size_t stop(std::chrono::milliseconds patience);
  Status drain(Component& component, Clock::time_point until);
  void leave_behind_the_busy(Clock::time_point until);
  bool has_ended_its_work(Component& component, Clock::time_point until);
  /// Of those in one of these states, in the reverse order of their start; a step that fails is in the log.
  template <class Step>
  void each_of(std::initializer_list<Component::State> states, Step step);

  /// Creates, configures and prepares. Null where the component is not required and cannot: that is in the log.
  Result<Component*> make(const ComponentConfig& wanted, const BrokerConfig& whole);
  /// The first generation of everything that the configuration names.
  Status fill_seats();
  static Status check_use(const Component& component, const ComponentConfig& wanted);
  Result<std::unique_ptr<Generation>> make_generation(const ComponentConfig& wanted, const BrokerConfig& whole);
  Generation& add_generation(Seat& seat, std::unique_ptr<Generation> made);
  Listener* find_listener(std::string_view name) const;
  /// Every current transport and service at its path, by one new table of each listener.
  void mount_all();
  void set_table(Listener& listener, std::unique_ptr<const ListenerTable> next);
  /// What messages go through, as `config` says it, with the current generation of each component.
  Result<std::shared_ptr<const Pipeline>> compose(const BrokerConfig& wanted);
  std::vector<Route> routes_after(const std::vector<Route>& before, const BrokerConfig& wanted,
                                  const std::vector<RouteTable::Role>& roles) const;
  BridgePort bridge_port(const std::string& name, const BrokerConfig& wanted, const RouteTable& routes) const;
  void list_listening();

  Seat* find_seat(std::string_view name) const;
  Seat& seat_for(std::string_view name);
  const Generation* current(std::string_view name) const;
  std::shared_ptr<StandIn> stand_in(const omnibroker_component_type& type, const BrokerConfig& whole);

  // While it runs; generations.cpp
  Result<SwapReport> swap(const ComponentConfig& wanted, const Broker::Progress& progress,
                          const std::optional<Canary>& canary);
  Status try_canary(Seat& seat, Generation& next, const Canary& canary, CanaryReport& report);
  /// What waits for time to pass comes back.
  void end_waits();
  Result<SwapReport> rollback(std::string_view name, const Broker::Progress& progress);
  std::vector<SessionInfo> sessions();
  bool disconnect(std::string_view client_id);
  static Status start_new(Generation& made);
  /// Who is current, what is previous, and what the configuration says of it.
  void take_over(Seat& seat, Generation& next);
  /// All workers turn to what messages go through now. `still`: they stand still meanwhile; null: they do not.
  void turn_pipeline(std::shared_ptr<const Pipeline> next, StandStill* still);
  SwapReport turn_to(Seat& seat, Generation& next, StateTransfer& state, const Broker::Progress& progress);
  void move_connections(Seat& seat, SwapReport& report, const Broker::Progress& progress);
  void retire_what_is_over();
  bool retire(Seat& seat, Generation& generation);
  bool is_used(const Generation& generation);
  std::vector<GenerationInfo> generations();

  // Out of use and back; drain.cpp
  Result<std::shared_ptr<Departure>> begin_drain(std::string_view name, std::chrono::milliseconds over);
  Result<DrainReport> await_drain(Departure& departure, const Broker::Progress& progress);
  Status undo_drain(std::string_view name);
  Result<Seat*> seat_to_drain(std::string_view name) const;
  void take_out_of_use(Seat* seat);
  std::shared_ptr<Departure> tell_all_in(std::string_view name, std::chrono::milliseconds over);
  void end_departure(std::string_view name, Departure::End how);
  std::size_t open_connections(std::string_view name);
  Status listen_again();

  // A change of the configuration as a whole; apply.cpp
  struct Prepared;
  Plan plan(const BrokerConfig& next);
  Result<ApplyReport> apply(BrokerConfig next, const Broker::Progress& progress);
  /// Makes everything new. In `plan`, what turns out to need a new generation is so.
  Status prepare(Plan& plan, const BrokerConfig& next, Prepared& prepared);
  Status prepare_listeners(const Plan& plan, const BrokerConfig& next, Prepared& prepared);
  Status make_for(const ComponentConfig& wanted, const BrokerConfig& next, Prepared& prepared);
  void undo(Prepared& prepared);
  void commit(BrokerConfig next, Prepared& prepared, ApplyReport& report, const Broker::Progress& progress);
  Listener* giver_of(const ListenerConfig& wanted, const BrokerConfig& next) const;
  void open_prepared(Prepared& prepared);
  std::vector<Seat*> vacate_gone();
  void move_replaced(ApplyReport& report, const Broker::Progress& progress);
  void send_away(Seat& seat);
  void close_gone();
  void watch(Listener& listener);
  void unwatch(Listener& listener);
  void discard_last_component();
  /// Drains, stops and destroys it, each as far as it must be. The status is of the first two.
  Status end(std::unique_ptr<Component> component, Clock::time_point until);
  void destroy(std::unique_ptr<Component> component, Clock::time_point until);
  std::chrono::seconds rollback_window() const;
  std::size_t ask_workers(const std::function<std::size_t(Worker&)>& question);
};

template <class Look>
void Housekeeping::start(Look look) {
  ending_ = false;
  thread_ = std::thread([this, look] {
    register_this_thread();
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::milliseconds(250), [&] { return ending_; })) {
      lock.unlock();
      look();
      lock.lock();
    }
  });
}

inline void Housekeeping::stop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace omnibroker::core
