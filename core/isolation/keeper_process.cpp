// The process of an isolated component: its start, the steps of its life, its end.

#include "isolation/keeper.hpp"
#include "plugin/component.hpp"

#include <utility>

namespace omnibroker::core {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kToStartAProcess{15};

bool is_an_end(StepKind step) { return step == StepKind::Drain || step == StepKind::Stop || step == StepKind::Destroy; }

}  // namespace

milliseconds Keeper::deadline_of(StepKind step) {
  const Deadlines usual;
  switch (step) {
    case StepKind::Configure: return usual.create + usual.configure + kToStartAProcess;
    case StepKind::Prepare: return usual.prepare;
    case StepKind::Start: return usual.start;
    case StepKind::Reconfigure: return usual.reconfigure;
    case StepKind::Drain: return usual.drain;
    case StepKind::Stop: return usual.stop;
    case StepKind::Destroy: return usual.destroy;
    case StepKind::StateExport: return usual.state_export;
    case StepKind::StateImport: return usual.state_import;
  }
  return usual.start;
}

/// Takes what `step` asks for, unless a step is under way.
void Keeper::begin_wanted_step() {
  if (stepping_ && (step_is_asked_for_ || is_about_state(*stepping_))) return;
  std::optional<StepRequest> request;
  {
    const std::lock_guard lock(mutex_);
    request = std::exchange(request_, std::nullopt);
  }
  if (!request) return;
  const auto kind = request->kind;
  step_is_asked_for_ = true;
  if (is_an_end(kind)) gives_up_ = true;
  configuration_to_be_ = std::move(request->configuration);
  if (kind == StepKind::Configure) {
    configuration_ = configuration_to_be_;
    if (!start_process()) return step_is_done({OMNIBROKER_UNAVAILABLE, reason_});
  }
  const bool is_away = !process_ || (goal_ && reached_ < goal_);
  if (!is_away) return begin_step(kind, request->frame);
  if (is_an_end(kind)) {
    let_go();
    return step_is_done({OMNIBROKER_OK, {}});
  }
  if (kind == StepKind::Reconfigure) {
    return step_is_done({OMNIBROKER_REJECTED, "Its process has ended, and is being started again"});
  }
  step_is_done({OMNIBROKER_UNAVAILABLE, reason_});
}

void Keeper::begin_step(StepKind kind, const std::string& frame) {
  stepping_ = kind;
  step_until_ = Clock::now() + deadline_of(kind);
  if (is_about_state(kind)) {  // behind what workers have handed over
    const std::lock_guard lock(mutex_);
    writing_ += std::exchange(outgoing_, {});
  }
  writing_ += frame;
}

bool Keeper::start_process() {
  auto started = ChildProcess::start(plan_.program, std::string(view(host_.component)));
  if (!started) {
    reason_ = started.error().message;
    return false;
  }
  process_ = std::move(*started);
  input_ = {};
  writing_.clear();
  written_ = 0;
  stepping_.reset();
  reached_.reset();
  next_tick_ = Clock::now() + kTick;
  told_level_ = log_level();
  write(writing_,
        Introduction{std::string(view(host_.component)), plan_.type->name, plan_.library, told_level_, plan_.roles});
  return true;
}

void Keeper::restart() {
  step_is_asked_for_ = false;
  if (start_process()) return begin_step(StepKind::Configure, configuration_);
  const auto wait = backoff_.next({});
  restart_at_ = Clock::now() + wait;
  log(OMNIBROKER_LOG_ERROR, reason_, {{"restart_ms", wait.count()}});
}

/// The process has ended, or is ended now. `why`: what the broker has against it; empty: it ended by itself.
void Keeper::lose_process(const std::string& why, milliseconds patience) {
  const auto pid = process_->pid();
  const auto how = process_->end(patience);
  process_.reset();
  if (goal_) add(deaths_, 1);  // before anybody can see that it is gone
  bool served = false;
  Calls lost;
  const auto sentence = why.empty() ? "Its process has ended: " + how : why;
  {
    const std::lock_guard lock(mutex_);
    served = std::exchange(serving_, false);
    lost = std::exchange(calls_, {});
    bytes_ = at_work_ = 0;
    changed_.notify_all();
    outgoing_.clear();
    health_ = {OMNIBROKER_FAILED, sentence};
  }
  writing_.clear();
  written_ = 0;
  if (served) add(running_, -1);
  count_lost_metrics();
  reason_ = sentence;
  const bool asked = stepping_ && step_is_asked_for_;
  const bool worth_a_retry = !(stepping_ && is_about_state(*stepping_));
  stepping_.reset();
  if (goal_) {
    const auto wait = backoff_.next(served ? Clock::now() - served_since_ : Clock::duration::zero());
    restart_at_ = Clock::now() + wait;
    log(OMNIBROKER_LOG_ERROR, "The process of an isolated component has ended",
        {{"pid", pid},
         {"how", how},
         {"reason", why.empty() ? "unexpected" : why},
         {"failed_messages", lost.size()},
         {"restart_ms", gives_up_ ? -1 : wait.count()}});
  }
  fail(lost);
  if (asked) step_is_done({worth_a_retry ? OMNIBROKER_UNAVAILABLE : OMNIBROKER_INTERNAL, sentence});
}

/// Of a process that is not needed any more, whatever it does.
void Keeper::let_go() {
  stepping_.reset();
  process_.reset();
  count_lost_metrics();
}

/// What the process has added to gauges is not there any more.
void Keeper::count_lost_metrics() {
  for (const auto& [name, gauge] : gauges_) {
    if (gauge.sum != 0) add(gauge.metric, -gauge.sum);
  }
  gauges_.clear();
  counters_.clear();
}

/// It has taken its last step, or a step has failed: `step` comes back.
void Keeper::step_is_done(StepResult result) {
  step_is_asked_for_ = false;
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
  }
  changed_.notify_all();
}

}  // namespace omnibroker::core
