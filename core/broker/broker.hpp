#pragma once

#include "broker/plan.hpp"
#include "config/broker_config.hpp"
#include "runtime/session_info.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

class Catalog;
class Departure;
class Log;
class Metrics;

/// One generation of a component, for people.
struct GenerationInfo {
  enum class State {
    Current,   ///< Takes what comes.
    Canary,    ///< Takes a share of what comes, to be seen how it does.
    Previous,  ///< Replaced, and ready to take everything back until the rollback window has passed.
    Draining,  ///< Replaced, and still serves connections that cannot move.
  };
  std::string name;  ///< `transports.realtime`, `handlers.coordinate_update`
  unsigned number = 0;
  std::string plugin;   ///< As the configuration or the command gives it.
  std::string version;  ///< The plugin's own.
  std::string hash;     ///< SHA-256 of the library, hex.
  State state = State::Current;
  std::size_t connections = 0;
  std::chrono::seconds age{0};
  bool draining = false;  ///< Current, but drained: what comes is refused.
};
std::string_view to_string(GenerationInfo::State state);

/// A share of the new connections goes to the new generation at first, and it has to do as well as the present one.
struct Canary {
  double percent = 10;  ///< Of the new connections: from 0.1 to 100.
  std::chrono::milliseconds lasting{60'000};
};

/// What was counted meanwhile. A failure: the transport does not take a connection, or ends it without having sent
/// everything, or a message on it is answered by an error.
struct CanaryReport {
  std::uint64_t opened = 0;  ///< Connections, and requests, of the new generation.
  std::uint64_t failed = 0;
  std::uint64_t present_opened = 0;
  std::uint64_t present_failed = 0;

  /// More failures than chance explains: at least three, and more than one in a hundred above twice the present one's.
  bool is_worse() const;
};

/// What a component that keeps something gave to the one that takes its place.
struct CarriedState {
  std::optional<std::size_t> bytes;         ///< Nothing: it was not carried.
  std::string refusal;                      ///< Why not.
  std::chrono::nanoseconds stood_still{0};  ///< All workers, meanwhile.
};

/// What a swap or a rollback has come to.
struct SwapReport {
  std::string name;
  unsigned from = 0;
  unsigned to = 0;
  std::size_t moved = 0;    ///< Connections that the new generation has taken.
  std::size_t staying = 0;  ///< Connections that the old one keeps until they close.
  std::string refusal;      ///< Why the first of those was refused, where one was.
  std::chrono::nanoseconds took{0};
  std::chrono::nanoseconds freeze_p50{0};  ///< How long a connection stood still.
  std::chrono::nanoseconds freeze_p99{0};
  std::chrono::nanoseconds freeze_max{0};
  std::optional<CanaryReport> canary;
  std::optional<CarriedState> state;  ///< Nothing: the old one keeps nothing.
};

/// What a change of the configuration has come to.
struct ApplyReport {
  Plan done;
  std::vector<SwapReport> swaps;  ///< Of each component that got a new generation.
};

/// What a drain has come to.
struct DrainReport {
  std::string name;  ///< `transports.realtime`; empty: the whole broker.
  std::chrono::milliseconds over{0};
  std::size_t told = 0;     ///< Connections that were told to go.
  std::size_t staying = 0;  ///< Connections that are still served; one is cut `limits.stop_timeout` after it was told.
};

/// A running broker, made of its configuration: loads and starts every component, opens the listeners, and serves until
/// it is stopped.
///
/// Lifecycle: `start` comes back when everything is listening, or with all reasons why not, having undone what it had
/// done. `stop` ends it; the destructor stops at once.
/// Threads: `start` and `stop` from one thread; the rest from any, one operation at a time.
class Broker {
 public:
  static Result<std::unique_ptr<Broker>> start(BrokerConfig config, Catalog& catalog, Log& log, Metrics& metrics);
  ~Broker();

  /// The addresses that are served, as one would connect to them: `127.0.0.1:8000`, `[::1]:8000`, `unix:/run/x.sock`.
  struct Listening {
    std::string listener;
    std::string address;
    bool tls = false;
    struct Mount {
      std::string component;  ///< `transports.realtime`
      std::string plugin;     ///< `websocket`
      std::string path;       ///< `/ws`
    };
    std::vector<Mount> mounts;
  };
  std::vector<Listening> listening() const;
  /// What it runs with now.
  BrokerConfig config() const;

  /// Called now and then while connections move, or are told to go: so many of so many have.
  using Progress = std::function<void(std::size_t moved, std::size_t of)>;

  /// Puts a new generation of a component in the place of the present one: makes it beside the old one, sends it what
  /// comes from then on, and moves the live connections of a transport. Comes back when they have moved, or will not
  /// soon.
  ///
  /// `wanted`: its name says which; checked options, as in a configuration. Conflict: it is what runs already. Any
  /// other error: nothing has changed, and the old generation serves on. With `canary`, that of a transport or service
  /// comes only once its time is over; Conflict, where the new generation was worse: everybody is back then.
  Result<SwapReport> swap(const ComponentConfig& wanted, const Progress& progress = {},
                          const std::optional<Canary>& canary = {});
  /// Gives everything back to the previous generation. NotFound: there is none any more.
  Result<SwapReport> rollback(std::string_view name, const Progress& progress = {});
  /// By name, the current one of each first.
  std::vector<GenerationInfo> generations() const;

  /// What it would take to come to this configuration: checked, with its component types looked up.
  Plan plan(const BrokerConfig& next) const;
  /// Comes to this configuration as one transaction: everything new is made, configured, prepared and started before
  /// the first running thing is touched. Any error: nothing has changed. Conflict: it asks for what only a restart can
  /// change.
  Result<ApplyReport> apply(BrokerConfig next, const Progress& progress = {});

  /// Takes a transport or service out of use, or with an empty name the whole broker: from now on nothing new comes,
  /// and in `over`, one after the other, every client is told to go, as at a stop. A transport refuses requests; the
  /// whole broker does not listen. It is so until `undo_drain`, whatever is swapped or applied meanwhile.
  ///
  /// A drain of the same that still tells clients is taken over. NotFound, Unsupported: there is no such name, or it
  /// has no connections. Conflict: it is drained, and everybody has been told.
  Result<std::shared_ptr<Departure>> begin_drain(std::string_view name, std::chrono::milliseconds over);
  /// Comes back when all have been told and have gone, or have had a few seconds to go. Beside it, anything else may be
  /// done. Conflict: it was undone, or another drain tells the rest.
  Result<DrainReport> await_drain(Departure& departure, const Progress& progress = {});
  /// Who has been told to go stays told. Conflict: it is not drained. Any error: nothing has changed; the error names
  /// an address at which the broker cannot listen.
  Status undo_drain(std::string_view name);
  /// Whether the whole broker is drained.
  bool is_draining() const;

  std::vector<SessionInfo> sessions() const;
  /// Ends a client's connection, or its session where it has none. False: there is no such client.
  bool disconnect(std::string_view client_id);

  /// A stop is to follow: an operation that waits for time to pass comes back.
  void announce_stop();
  /// Stops accepting, tells every client that the broker goes away, sends what is queued, waits for clients to leave,
  /// and stops every component; what has not ended within `deadline` is cut. Answers how many connections had to be
  /// cut.
  std::size_t stop(std::chrono::milliseconds deadline);

  /// After `stop`: a thread is still inside a component, which is therefore left as it is for ever. What such a thread
  /// may come back to, the log and the metrics among it, must not be destroyed either: the process should end by
  /// `_exit`.
  bool has_left_behind() const;

  struct Running;

 private:
  explicit Broker(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

/// Makes, configures and prepares a component of its own, and destroys it: whether it could be started, without any
/// traffic. For a process that may crash.
Status try_component(const BrokerConfig& config, const ComponentConfig& wanted, Catalog& catalog, Log& log);

}  // namespace omnibroker::core
