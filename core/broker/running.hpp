#pragma once

#include "broker/broker.hpp"
#include "plugin/catalog.hpp"
#include "plugin/component.hpp"
#include "plugin/loader_lane.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/handover.hpp"
#include "runtime/shared.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace omnibroker::core {

using Clock = std::chrono::steady_clock;

/// One generation of a transport or service.
struct Generation {
  ComponentConfig config;
  Catalog::Origin origin;
  Component* component = nullptr;
  std::unique_ptr<Endpoint> endpoint;
  Clock::time_point since = Clock::now();  ///< Made.
  Clock::time_point replaced{};            ///< Not the current one since then.
};

/// One name under `transports` or `services`, and its generations, the newest last.
struct Mounted {
  std::string name;
  Mount* mount = nullptr;
  unsigned last_number = 0;
  std::vector<std::unique_ptr<Generation>> generations;
  Generation* current = nullptr;
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
  std::list<ComponentRecord> records;
  std::vector<std::unique_ptr<Component>> components;   // in the order of starting
  std::vector<std::unique_ptr<Component>> left_behind;  // a thread of the pool is inside: never called again
  std::vector<Listening> listening;
  bool serving = false;
  std::set<std::string> optional;  // components that are not required
  std::set<std::string> left_out;  // of these, those that would not start
  std::string failed_to_start;     // of these, the one that build_once gave up at
  std::vector<std::unique_ptr<Mounted>> mounted;
  std::mutex operations;  // one change at a time; before any other lock
  Housekeeping housekeeping;

  Status build();
  Status build_once();
  void prepare_shared();
  void take_down();
  Status open_listeners();
  void serve();
  std::size_t stop(std::chrono::milliseconds patience);
  Status drain(Component& component, Clock::time_point until);
  void leave_behind_the_busy(Clock::time_point until);
  bool has_ended_its_work(Component& component, Clock::time_point until);
  /// In the reverse order of their start; a step that fails is in the log.
  template <class Step>
  void each_started(Step step);

  /// Creates, configures and prepares. Null where the component is not required and cannot: that is in the log.
  Result<Component*> make(const ComponentConfig& wanted);
  Status add_endpoints();
  Result<std::unique_ptr<Generation>> make_generation(Mounted& where, const ComponentConfig& wanted);
  Status add_bridges();
  Status add_reply();
  Status add_notices();
  Result<std::vector<Route>> make_routes();

  // While it runs; generations.cpp
  Result<SwapReport> swap(const ComponentConfig& wanted, const Broker::Progress& progress);
  Result<SwapReport> rollback(std::string_view name, const Broker::Progress& progress);
  std::vector<SessionInfo> sessions();
  bool disconnect(std::string_view client_id);
  SwapReport turn_to(Mounted& where, Generation& next, const Broker::Progress& progress);
  void retire_what_is_over();
  void retire(Generation& generation);
  bool is_used(const Generation& generation);
  std::vector<GenerationInfo> generations();
  void discard_last_component();
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
