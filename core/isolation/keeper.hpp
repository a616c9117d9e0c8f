#pragma once

#include "isolation/child_process.hpp"
#include "isolation/conversation.hpp"
#include "isolation/frames.hpp"
#include "isolation/restart_backoff.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>
#include <omnibroker/host.hpp>
#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// Everything about an isolated component that does not change.
struct IsolationPlan {
  const omnibroker_component_type* type = nullptr;
  std::filesystem::path library;                                 ///< The staged copy that `type` lies in.
  std::vector<std::string> roles;                                ///< Every role that there is.
  std::chrono::nanoseconds patience = std::chrono::seconds(10);  ///< With a message that is being handled.
  /// Decides a call that was put off; from any thread.
  std::function<omnibroker_status(std::uint64_t token, LateDecision decision)> complete;
  ComponentProgram program;
};

/// Looks after the process of one isolated component: starts it, takes it through its lifecycle, carries messages and
/// answers, and when it ends ends what it had not answered and starts it again (RestartBackoff).
///
/// One thread does all that waits: workers only append to a buffer and wake it. What comes from the process is not
/// trusted: what is no frame, or a frame at the wrong time, is a reason to kill it.
///
/// Lifecycle: `step` in the order of the lifecycle; a first Configure starts thread and process. The process is started
/// again only once it has served. The destructor ends both at once.
/// Threads: `step` from one at a time; the rest from any.
class Keeper {
 public:
  /// `host` outlives this.
  Keeper(const IsolationPlan& plan, const omnibroker_host& host);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  struct StepResult {
    std::int64_t value = OMNIBROKER_UNAVAILABLE;  ///< What the component's function answered.
    std::string text;
  };
  /// Has the component do a step, and waits for it: as long as its deadline says, or until the process has ended.
  /// `before` for Reconfigure; `config` for that and Configure.
  StepResult step(StepKind kind, const omnibroker_config* config = nullptr, const omnibroker_config* before = nullptr);

  /// How long `export_state` waits for messages that are on their way.
  static constexpr std::chrono::milliseconds kForWhatIsOnItsWay{1'000};

  /// Asks for what the component knows, or gives it that, behind all messages that were handed over before; to be
  /// called when none comes from workers. The state, or the reason, is in `text`. Unavailable: the process is away.
  /// Exhausted: too much is on its way to be waited for. An export that is late costs the process only if it does not
  /// end at all: what it knows is nowhere else.
  StepResult export_state();
  StepResult import_state(std::string_view state);

  /// Hands a message over; false: too much is on its way. Where the process is away the call ends at once, by
  /// `complete`, behind those before it. `message.id` does not matter.
  bool handle(std::uint64_t token, MessageToHandle message);
  /// The same for what a bridge gets. What cannot be handed over is counted, and lost.
  void deliver(const omnibroker_payload& payload);
  void reply(const omnibroker_reply& reply);

  Health health() const;

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::seconds kTick{1};
  static constexpr std::size_t kMostCalls = 4'096;
  static constexpr std::size_t kMostBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMostMetrics = 1'000;

  /// Something that was handed over and is not answered.
  struct Call {
    std::uint64_t token = 0;  ///< 0: nobody waits for it.
    std::size_t bytes = 0;
    bool put_off = false;
    Clock::time_point put_off_at{};
  };
  using Calls = std::map<std::uint64_t, Call>;

  struct StepRequest {
    StepKind kind;
    std::string frame;
    std::string configuration;  ///< The frame of Configure that it comes to.
  };

  struct Metric {
    omnibroker_metric* metric = nullptr;
    std::int64_t sum = 0;  ///< What the process that lives has added.
  };

  StepResult ask(StepKind kind, std::string frame, std::string configuration);
  template <class Write>
  void hand_over(std::size_t size, Write write_frame);
  void wake();

  void run();
  void live_with_process();
  void wait_for_something();
  Clock::time_point next_deadline();
  static std::chrono::milliseconds deadline_of(StepKind step);
  bool start_process();  ///< False: `reason_` says why not.
  void restart();
  void begin_step(StepKind kind, const std::string& frame);
  void begin_wanted_step();
  void judge_deadlines();
  void write_out();
  void read_in();
  void tick();
  void lose_process(const std::string& why, std::chrono::milliseconds patience);
  void let_go();
  void count_lost_metrics();
  void fail(const Calls& calls);
  Calls take_calls();
  void serve();
  void stop_serving();

  // keeper_frames.cpp: what the process says. False: that is no such frame.
  bool take(const FrameInput::Frame& frame);
  bool take_step_done(FrameReader frame);
  bool take_handled(std::string_view body);
  bool take_put_off(FrameReader frame);
  bool take_taken(FrameReader frame);
  bool take_line(FrameReader frame);
  bool take_added(FrameReader frame);
  bool take_question(FrameReader frame);
  bool take_health(FrameReader frame);
  void step_is_done(StepResult result);
  std::optional<Call> finish(std::uint64_t id);

  template <class Table>
  const Table* table(const char* id) const {
    return static_cast<const Table*>(host_.table(&host_, id));
  }
  omnibroker_metric* counter(const char* name, const char* doc) const;
  void add(omnibroker_metric* metric, std::int64_t amount) const;
  void log(omnibroker_log_level level, std::string_view sentence, std::initializer_list<Field> fields) const;
  std::uint64_t log_level() const;

  const IsolationPlan plan_;
  const omnibroker_host& host_;
  const std::string failure_code_;
  const omnibroker_host_metrics_v1* const metrics_table_;
  omnibroker_metric* const deaths_;
  omnibroker_metric* const running_;
  omnibroker_metric* const failed_;
  omnibroker_metric* const refused_;
  const int waker_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<StepRequest> request_;  // guarded by mutex_, like all to the next line
  std::optional<StepResult> result_;
  bool serving_ = false;
  bool ending_ = false;
  bool woken_ = false;
  std::string outgoing_;
  Calls calls_;
  std::size_t bytes_ = 0;       // of calls_
  std::size_t at_work_ = 0;     // of calls_, not put off
  Clock::time_point progress_;  // since when the one at work has been so
  std::uint64_t last_call_ = 0;
  Health health_;

  // The thread's own.
  std::unique_ptr<ChildProcess> process_;
  FrameInput input_;
  std::string writing_;
  std::size_t written_ = 0;
  bool has_ended_ = false;     // the process, when it was last looked at
  std::string configuration_;  // the frame of Configure, for a restart
  std::string configuration_to_be_;
  std::optional<StepKind> stepping_;
  bool step_is_asked_for_ = false;  // by `step`, not by a restart
  Clock::time_point step_until_;
  std::optional<StepKind> reached_;  // by the process
  std::optional<StepKind> goal_;     // of a restart
  bool gives_up_ = false;            // it is not started again
  std::string reason_;               // why it has ended before it served
  RestartBackoff backoff_;
  Clock::time_point served_since_;
  Clock::time_point restart_at_;
  Clock::time_point next_tick_;
  std::uint64_t told_level_ = 0;
  std::map<std::string, Metric> counters_;
  std::map<std::string, Metric> gauges_;

  std::thread thread_;
};

}  // namespace omnibroker::core
