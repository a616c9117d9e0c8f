#pragma once

#include "config/values.hpp"
#include "containment/call_marks.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>
#include <omnibroker/result.hpp>

namespace omnibroker::core {

class LoaderLane;
struct StepAnswer;

/// The host's tables by id, as components look them up. Filled once, before the first component is created.
class HostTables {
 public:
  void add(const char* id, const void* table) { tables_[id] = table; }
  const void* find(std::string_view id) const {
    const auto found = tables_.find(id);
    return found == tables_.end() ? nullptr : found->second;
  }

  void* context = nullptr;  ///< What table functions find again through `ComponentHost::of(host).tables->context`.

 private:
  std::map<std::string, const void*, std::less<>> tables_;
};

/// The host object that one component is given; `raw` comes first, so that a host function finds the component again.
struct ComponentHost {
  omnibroker_host raw{};
  const HostTables* tables = nullptr;
  std::string name;
  void* owner = nullptr;             ///< The runtime's own record of this component.
  const CallPlace* place = nullptr;  ///< What marks of calls into it refer to; never null once it is created.

  static const ComponentHost& of(const omnibroker_host* host) { return *reinterpret_cast<const ComponentHost*>(host); }
};

/// What is called in the place of a component type's functions, where its components do not run in this process. The
/// rest of the core does not know the difference.
///
/// Lifecycle: outlives its component, and for ever if that gets stuck.
class StandIn {
 public:
  virtual ~StandIn() = default;
  /// As the functions of omnibroker_component_type, which say more.
  virtual omnibroker_status create(const omnibroker_host* host, void** self, const omnibroker_sink* error) = 0;
  virtual void destroy(void* self) = 0;
  virtual const void* table(std::string_view id) const = 0;
};

/// Bytes of what a component gives to its successor, at most.
inline constexpr std::size_t kLargestState = 64 * 1024 * 1024;

/// How long each step of a lifecycle may take (plugin-guide.md has the table).
struct Deadlines {
  std::chrono::milliseconds create{1'000};
  std::chrono::milliseconds configure{5'000};
  std::chrono::milliseconds prepare{30'000};
  std::chrono::milliseconds start{5'000};
  std::chrono::milliseconds reconfigure{5'000};
  std::chrono::milliseconds state_export{1'000};  // everybody waits
  std::chrono::milliseconds state_import{1'000};
  std::chrono::milliseconds drain{10'000};
  std::chrono::milliseconds stop{5'000};
  std::chrono::milliseconds destroy{1'000};
};

/// One configured, running instance of something a plugin makes.
///
/// Every step runs on the loader lane, with a deadline. A step that fails or overruns leaves the component `Failed`,
/// with the reason in a sentence that names plugin and step; one that overran is never called again, nor destroyed: its
/// thread may still be inside (`Stuck`).
///
/// Lifecycle: create, configure, prepare, start, drain, stop; the destructor runs `destroy`, unless it is stuck.
/// Threads: the steps from one thread at a time; `self` and `table` from any.
class Component {
 public:
  enum class State { Created, Configured, Prepared, Started, Draining, Stopped, Failed, Stuck };

  /// Makes an instance. `type` lives as long as the process (libraries stay mapped); `tables` and `lane` outlive the
  /// component, and for ever if it gets stuck. `owner` becomes ComponentHost::owner before the plugin is called.
  /// `stand_in`: called in the place of the type's own functions; null: nobody.
  ///
  /// Unsupported: a host table that the type needs is not among `tables`. Unavailable: `create` did not return in time.
  static Result<std::unique_ptr<Component>> create(const omnibroker_component_type& type, std::string name,
                                                   const HostTables& tables, LoaderLane& lane,
                                                   const Deadlines& deadlines, void* owner = nullptr,
                                                   std::shared_ptr<StandIn> stand_in = nullptr);
  ~Component();

  /// The steps. Conflict: not in this order, and nothing was called. `stop` may follow `prepare`, `start` or `drain`.
  Status configure(const ConfigValues& values);
  Status prepare();
  Status start();
  Status drain();
  Status stop();

  /// What the component answered; the reason is in `error` unless it was applied.
  omnibroker_reconfigured reconfigure(const ConfigValues& after, std::string& error);
  /// What it knows, for its successor. Unsupported: it offers no `omnibroker.state/1`. An error leaves it as it is, but
  /// for one that overran: that is Stuck.
  Result<std::string> export_state();
  /// Unsupported: it takes no state. Any error: it has taken nothing.
  Status import_state(std::string state);
  Health health() const;

  const std::string& name() const { return host_->name; }
  const omnibroker_component_type& type() const { return type_; }
  State state() const { return state_; }
  const std::string& reason() const { return reason_; }  ///< Why it is Failed or Stuck; look at `state` first.
  void* self() const { return self_; }
  ComponentHost& host() { return *host_; }
  const CallPlace& place() const { return *host_->place; }

  /// What it offers under this id, or nullptr.
  template <class Table>
  const Table* table(const char* id) const {
    return static_cast<const Table*>(stand_in_ ? stand_in_->table(id) : type_.table(id));
  }

 private:
  Component(const omnibroker_component_type& type, std::string name, const HostTables& tables, LoaderLane& lane,
            const Deadlines& deadlines, std::shared_ptr<StandIn> stand_in);

  template <class Function>
  Status step(Call what, std::chrono::milliseconds deadline, std::initializer_list<State> from, State to,
              Function call);
  Status judge(const char* step, std::chrono::milliseconds deadline, const StepAnswer* answer);
  Status judge_state(const char* step, std::chrono::milliseconds deadline, const StepAnswer* answer);
  void fail(State state, std::string reason);

  const omnibroker_component_type& type_;
  const std::shared_ptr<StandIn> stand_in_;
  std::shared_ptr<ComponentHost> host_;  // shared with the call that is under way, which may never return
  LoaderLane& lane_;
  Deadlines deadlines_;
  ConfigValues values_;
  void* self_ = nullptr;
  bool created_ = false;
  std::atomic<State> state_{State::Created};
  std::string reason_;
};

/// `Started` as "started".
std::string_view to_string(Component::State state);

}  // namespace omnibroker::core
