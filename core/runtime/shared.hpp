#pragma once

#include "config/broker_config.hpp"
#include "net/request_head.hpp"
#include "routing/route_table.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/fanout.hpp"
#include "runtime/pipeline.hpp"
#include "runtime/reply_to.hpp"
#include "runtime/wake_ups.hpp"
#include "session/directory.hpp"
#include "session/position.hpp"
#include "telemetry/metrics.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class Log;
class Worker;

/// What the broker counts about itself.
struct Counters {
  explicit Counters(Metrics& metrics);

  MetricValue& connections;  ///< Open now.
  MetricValue& accepted;
  MetricValue& refused_total;    ///< Over `max_connections`.
  MetricValue& refused_address;  ///< Over `max_connections_per_address`.
  MetricValue& refused_heads;    ///< 400, 404, 408, 414, 431 and their like.
  MetricValue& sessions;
  MetricValue& messages;  ///< Handed to the router.
  MetricValue& messages_refused;
  MetricValue& messages_over_rate;
  MetricValue& deliveries;       ///< Messages appended to an audience.
  MetricValue& conflated;        ///< Messages that a slow client did not get, because a newer one took their place.
  MetricValue& dropped_oldest;   ///< Messages that a slow client did not get.
  MetricValue& answers_dropped;  ///< Answers to a session without a connection.
  MetricValue& closed_slow;
  MetricValue& closed_unregistered;
  MetricValue& closed_idle;
  MetricValue& closed_answers;  ///< The client did not read its answers.
  MetricValue& congested;       ///< Turns in which a worker waited for another one.
  MetricValue& latest_evicted;
  MetricValue& bytes_in;
  MetricValue& bytes_out;
};

/// What the runtime keeps about one component, behind `ComponentHost::owner`.
///
/// Threads: any.
class ComponentRecord {
 public:
  int bridge = -1;  ///< Index of its port where it is a bridge; set before traffic.

  /// Work that the executor table does for it, queued or running: it is not stopped while there is any. False once it
  /// is closed; then the work must not be done.
  bool begin_work();
  void end_work(std::size_t pieces = 1);
  /// From here on no work begins.
  void close();
  bool is_closed() const;
  bool wait_until_idle(std::chrono::steady_clock::time_point until);
  std::size_t work() const;

  /// It has asked for a limit. What it asks for before it has started it goes by for as long as it lives.
  void reads_limit(std::string_view name);
  void has_started();
  std::vector<std::string> limits_read() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t work_ = 0;                  // guarded by mutex_
  bool closed_ = false;                   // guarded by mutex_
  bool started_ = false;                  // guarded by mutex_
  std::vector<std::string> limits_read_;  // guarded by mutex_
};

/// How many connections each address has.
/// Threads: any.
class AddressCounts {
 public:
  bool add(const Peer& peer, std::uint32_t most);
  void remove(const std::array<std::uint8_t, 16>& key);

 private:
  std::mutex mutex_;
  std::map<std::array<std::uint8_t, 16>, std::uint32_t> counts_;
};

/// What the steps of a route asked for the sender. It takes effect when the message is accepted or consumed.
struct Asked {
  int role = -1;  ///< To be registered with.
  std::vector<Fanout::Change> changes;
};

/// A call whose decision was put off.
struct DeferredCall {
  omnibroker_session session = 0;
  std::shared_ptr<const Pipeline> pipeline;  ///< That the route is of.
  const Route* route = nullptr;
  std::string payload;
  std::string latest_key;
  Position position;
  std::string type;
  bool acknowledge = false;
  std::vector<std::string> answers;
  Asked asked;
  ReplyTo reply_to;
  std::chrono::steady_clock::time_point deadline{};
};

/// What was decided about a deferred call. A handler in a process of its own asks for the last three with its decision,
/// because only then does it know of the message.
struct LateDecision {
  omnibroker_action action = OMNIBROKER_REFUSE;
  std::string code;
  std::string message;
  std::string payload;
  bool acknowledge = false;
  std::vector<std::string> answers{};
  std::string role{};  ///< To be registered with; empty: none.
};

/// Calls that wait for their decision. It may come before the handler that deferred the call has returned: then it
/// waits for the call.
///
/// Threads: any.
class DeferredCalls {
 public:
  static constexpr std::size_t kMost = 10'000;
  /// 0 when there are too many.
  std::uint64_t reserve(omnibroker_session session);
  struct Decided {
    DeferredCall call;
    LateDecision decision;
  };
  /// The handler has returned: what the call is about. Answers it again where it is decided already.
  std::optional<Decided> fill(std::uint64_t token, DeferredCall call);
  void discard(std::uint64_t token);
  enum class Taken { Unknown, Later, Now };
  /// Decides a call, once. Now: `call` is set, and out of the table. Later: `fill` will answer it.
  Taken decide(std::uint64_t token, LateDecision& decision, DeferredCall& call);
  std::vector<DeferredCall> take_overdue(unsigned worker, std::chrono::steady_clock::time_point now);
  /// Whether a call waits that this component, a handler or filter, has taken part in.
  bool uses(const void* self) const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  struct Waiting {
    DeferredCall call;
    std::optional<LateDecision> decision;  // came early
  };
  std::unordered_map<std::uint64_t, Waiting> calls_;  // without a route: reserved, the handler is still at work
};

struct Shared;

/// Decides a deferred call, once: what follows from it is done by its session's worker. NOT_FOUND: it is decided
/// already, or its deadline has passed. Threads: any.
omnibroker_status decide_call(Shared& shared, std::uint64_t token, LateDecision decision);

/// The executor table's timers. They run on the first worker.
/// Threads: any.
class HostTimers {
 public:
  static constexpr std::size_t kMost = 65'536;
  struct Entry {
    ComponentRecord* record = nullptr;
    void (*work)(void*) = nullptr;
    void* context = nullptr;
    const CallPlace* place = nullptr;  ///< For the mark of the call.
  };
  std::uint64_t add(Entry entry);
  /// Takes a timer out, to run it or to forget it, and counts it as work of its component from then on.
  std::optional<Entry> take(std::uint64_t id);
  /// Forgets every timer of a component.
  void forget(const ComponentRecord& record);

 private:
  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, Entry> entries_;
};

/// What bridges have published and no worker has handled yet.
/// Threads: any.
class Publications {
 public:
  static constexpr std::size_t kMost = 65'536;
  static constexpr std::size_t kMostBytes = 64 * 1024 * 1024;
  /// False: one more must wait.
  bool add(std::size_t bytes);
  void remove(std::size_t bytes);

 private:
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> bytes_{0};
};

/// Everything that all workers look at. Built before the first worker starts; what changes later guards itself.
///
/// Threads: any.
struct Shared {
  /// `first`: with its roles and limits, which components ask for; its routes follow with the next one.
  Shared(std::shared_ptr<const Pipeline> first, Log& process_log, Metrics& process_metrics);
  ~Shared();

  /// The newest. Workers use their own, which may be an older one for a moment.
  std::shared_ptr<const Pipeline> pipeline() const;
  void set_pipeline(std::shared_ptr<const Pipeline> next);
  /// What components are told when they ask: of the newest pipeline, or of one that is being made.
  LimitsConfig limits() const;
  void set_limits(LimitsConfig next);

  Log& log;
  Metrics& metrics;
  Counters counters;
  SessionDirectory sessions;
  AddressCounts addresses;
  DeferredCalls deferred;
  HostTimers timers;
  Publications published;
  WakeUps wake_ups;
  BlockingPool pool;

  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::unique_ptr<Worker>> workers;

  std::atomic<std::uint64_t> last_connection{0};
  std::atomic<bool> stopping{false};

  /// Waits until no connection is open. False when `until` comes first.
  bool wait_until_empty(std::chrono::steady_clock::time_point until);
  void connection_opened();
  void connection_closed();
  std::size_t open_connections() const { return open_.load(); }
  /// Has the component of this connection look after it, if it is there and can be woken.
  void wake(std::uint64_t connection);

 private:
  std::atomic<std::size_t> open_{0};
  mutable std::mutex pipeline_mutex_;
  std::shared_ptr<const Pipeline> pipeline_;  // guarded by pipeline_mutex_
  LimitsConfig limits_;                       // guarded by pipeline_mutex_
  std::mutex mutex_;
  std::condition_variable empty_;
};

}  // namespace omnibroker::core
