#include "isolation/keeper.hpp"

#include "plugin/component.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace omnibroker::core {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kToEnd{1};     // what a process gets that has closed its end of the socket
constexpr std::chrono::seconds kDecided{35};  // a call that was put off has been answered by the runtime by then
constexpr const char* kNotHandled =
    "The message was not handled: the component that handles it has ended unexpectedly and is being restarted";

std::string failure_code_of(const omnibroker_component_type& type) {
  const auto* handler = static_cast<const omnibroker_handler_v1*>(type.table(OMNIBROKER_HANDLER));
  return handler != nullptr && handler->failure_code != nullptr ? handler->failure_code : "INTERNAL_ERROR";
}

int make_waker() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return descriptor;
}

std::string seconds(std::chrono::nanoseconds time) {
  const auto ms = std::chrono::duration_cast<milliseconds>(time).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

Keeper::Keeper(const IsolationPlan& plan, const omnibroker_host& host)
    : plan_(plan),
      host_(host),
      failure_code_(failure_code_of(*plan.type)),
      metrics_table_(table<omnibroker_host_metrics_v1>(OMNIBROKER_HOST_METRICS)),
      deaths_(counter("isolated_process_deaths_total", "Times that an isolated component's process has ended.")),
      running_(metrics_table_->gauge(&host_, "isolated_process_running",
                                     "Whether an isolated component's process serves: 1 or 0.")),
      failed_(counter("isolated_messages_failed_total",
                      "Messages that an isolated component did not answer because its process had ended.")),
      refused_(counter("isolated_messages_refused_total",
                       "Messages for which an isolated component had no room, because too many were on their way.")),
      waker_(make_waker()) {}

Keeper::~Keeper() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
  ::close(waker_);
}

Keeper::StepResult Keeper::step(StepKind kind, const omnibroker_config* config, const omnibroker_config* before) {
  if (!thread_.joinable()) {
    if (kind != StepKind::Configure) return {OMNIBROKER_OK, {}};  // there never was a process
    thread_ = std::thread([this] { run(); });
  }
  return ask(kind, step_frame(kind, config, before), step_frame(StepKind::Configure, config));
}

Keeper::StepResult Keeper::ask(StepKind kind, std::string frame, std::string configuration) {
  {
    const std::lock_guard lock(mutex_);
    request_ = {kind, std::move(frame), std::move(configuration)};
    result_.reset();
  }
  wake();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return result_.has_value(); });
  return *std::exchange(result_, std::nullopt);
}

Keeper::StepResult Keeper::export_state() {
  {
    std::unique_lock lock(mutex_);
    const bool idle = changed_.wait_for(lock, kForWhatIsOnItsWay, [&] { return at_work_ == 0; });
    if (!idle) {
      return {OMNIBROKER_RESOURCE_EXHAUSTED, "messages are still on their way through it: " + std::to_string(at_work_)};
    }
  }
  return ask(StepKind::StateExport, state_frame(StepKind::StateExport), {});
}

Keeper::StepResult Keeper::import_state(std::string_view state) {
  return ask(StepKind::StateImport, state_frame(StepKind::StateImport, state), {});
}

bool Keeper::handle(std::uint64_t token, MessageToHandle message) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    const auto size = message.payload.size();
    const bool full = calls_.size() >= kMostCalls || bytes_ + size > kMostBytes;
    if (ending_ || (full && !calls_.empty())) {
      add(refused_, 1);
      return false;
    }
    message.id = ++last_call_;
    if (at_work_++ == 0) progress_ = Clock::now();
    calls_.emplace(message.id, Call{token, size});
    bytes_ += size;
    if (serving_) write(outgoing_, message);  // otherwise the thread ends it, in its turn
    wakes = !std::exchange(woken_, true);
  }
  if (wakes) wake();
  return true;
}

void Keeper::deliver(const omnibroker_payload& payload) {
  hand_over(payload.bytes.size, [&](std::uint64_t id) {
    FrameWriter(outgoing_, FrameKind::Deliver).number(id).number(payload.encoding).text(view(payload.bytes));
  });
}

void Keeper::reply(const omnibroker_reply& reply) {
  hand_over(reply.payload.bytes.size, [&](std::uint64_t id) {
    FrameWriter(outgoing_, FrameKind::Reply)
        .number(id)
        .number(reply.refused)
        .text(view(reply.code))
        .number(reply.payload.encoding)
        .text(view(reply.payload.bytes));
  });
}

template <class Write>
void Keeper::hand_over(std::size_t size, Write write_frame) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    const bool full = calls_.size() >= kMostCalls || bytes_ + size > kMostBytes;
    if (ending_ || !serving_ || (full && !calls_.empty())) {
      add(serving_ ? refused_ : failed_, 1);
      return;
    }
    const auto id = ++last_call_;
    if (at_work_++ == 0) progress_ = Clock::now();
    calls_.emplace(id, Call{0, size});
    bytes_ += size;
    write_frame(id);
    wakes = !std::exchange(woken_, true);
  }
  if (wakes) wake();
}

Health Keeper::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void Keeper::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(waker_, &one, sizeof one));  // full means that it is awake
}

void Keeper::run() {
  while (true) {
    bool serving = false;
    {
      const std::lock_guard lock(mutex_);
      woken_ = false;  // what is asked from here on wakes it again
      if (ending_) break;
      serving = serving_;
    }
    if (!serving) fail(take_calls());
    begin_wanted_step();
    if (process_) {
      live_with_process();
    } else if (goal_ && !gives_up_ && Clock::now() >= restart_at_) {
      restart();
    } else {
      wait_for_something();
    }
  }
  process_.reset();
  fail(take_calls());
}

void Keeper::live_with_process() {
  write_out();
  wait_for_something();
  read_in();
  if (process_) judge_deadlines();
  if (process_ && Clock::now() >= next_tick_) tick();
}

Keeper::Clock::time_point Keeper::next_deadline() {
  auto next = Clock::now() + std::chrono::hours(1);
  if (process_) next = next_tick_;
  if (process_ && stepping_) next = std::min(next, step_until_);
  if (!process_ && goal_ && !gives_up_) next = std::min(next, restart_at_);
  const std::lock_guard lock(mutex_);
  if (process_ && at_work_ > 0) next = std::min(next, progress_ + plan_.patience);
  return next;
}

void Keeper::wait_for_something() {
  const auto left = std::chrono::ceil<milliseconds>(next_deadline() - Clock::now()).count();
  const int socket = process_ ? process_->socket() : -1;
  const auto wanted = static_cast<short>(written_ < writing_.size() ? POLLIN | POLLOUT : POLLIN);
  std::array<pollfd, 3> watched{pollfd{waker_, POLLIN, 0}, pollfd{socket, wanted, 0},
                                pollfd{process_ ? process_->ended_descriptor() : -1, POLLIN, 0}};
  static_cast<void>(::poll(watched.data(), watched.size(), static_cast<int>(std::max<std::int64_t>(left, 0))));
  has_ended_ = watched[2].revents != 0;
  std::uint64_t count = 0;
  static_cast<void>(!::read(waker_, &count, sizeof count));
}

void Keeper::write_out() {
  while (true) {
    if (written_ == writing_.size()) {
      writing_.clear();
      written_ = 0;
      const std::lock_guard lock(mutex_);
      writing_.swap(outgoing_);
    }
    if (writing_.empty()) return;
    const auto count =
        ::send(process_->socket(), writing_.data() + written_, writing_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // no room yet; or its end, which reading finds
    written_ += static_cast<std::size_t>(count);
  }
}

/// Everything that it has said, also before its end: what it has answered counts.
void Keeper::read_in() {
  std::array<char, 64 * 1024> part;
  for (int turn = 0; turn < 16; ++turn) {
    const auto count = ::recv(process_->socket(), part.data(), part.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (has_ended_) lose_process("", milliseconds(0));
      return;
    }
    if (count <= 0) return lose_process("", kToEnd);
    input_.append({part.data(), static_cast<std::size_t>(count)});
    while (true) {
      const auto frame = input_.next();
      if (!frame) return lose_process("It sent " + frame.error().message, milliseconds(0));
      if (!frame.value()) break;
      if (!take(*frame.value())) {
        const auto kind = static_cast<unsigned>(frame.value()->kind);
        return lose_process("It sent a frame that it may not send, of kind " + std::to_string(kind), milliseconds(0));
      }
      if (!process_) return;
    }
  }
}

void Keeper::judge_deadlines() {
  const auto now = Clock::now();
  if (stepping_ && now >= step_until_) {
    if (*stepping_ == StepKind::StateExport && step_is_asked_for_) {  // what it knows is nowhere else
      step_until_ = now + plan_.patience;
      return step_is_done({OMNIBROKER_INTERNAL, "it did not return within " + seconds(deadline_of(*stepping_))});
    }
    return lose_process(std::string(to_string(*stepping_)) + " did not return within " +
                            seconds(deadline_of(*stepping_)) + ", so its process was ended",
                        milliseconds(0));
  }
  bool hangs = false;
  {
    const std::lock_guard lock(mutex_);
    hangs = serving_ && at_work_ > 0 && now >= progress_ + plan_.patience;
  }
  if (hangs) {
    lose_process("It did not come back from a message within " + seconds(plan_.patience) + ", so its process was ended",
                 milliseconds(0));
  }
}

/// Once a second.
void Keeper::tick() {
  const auto now = Clock::now();
  next_tick_ = now + kTick;
  if (const auto level = log_level(); level != told_level_) {
    told_level_ = level;
    FrameWriter(writing_, FrameKind::LogLevel).number(level);
  }
  if (!stepping_) FrameWriter(writing_, FrameKind::AskHealth);
  const std::lock_guard lock(mutex_);
  std::erase_if(calls_, [&](const auto& one) {
    const auto& call = one.second;
    const bool over = call.put_off && now - call.put_off_at >= kDecided;
    if (over) bytes_ -= call.bytes;
    return over;
  });
}

void Keeper::fail(const Calls& calls) {
  for (const auto& [id, call] : calls) {
    add(failed_, 1);
    if (call.token == 0) continue;
    LateDecision decision;
    decision.code = failure_code_;
    decision.message = kNotHandled;
    static_cast<void>(plan_.complete(call.token, std::move(decision)));
  }
}

Keeper::Calls Keeper::take_calls() {
  const std::lock_guard lock(mutex_);
  bytes_ = at_work_ = 0;
  return std::exchange(calls_, {});
}

/// From here on messages go to the process.
void Keeper::serve() {
  Calls early;
  {
    const std::lock_guard lock(mutex_);
    early = std::exchange(calls_, {});  // they came while it was away
    bytes_ = at_work_ = 0;
    serving_ = true;
    health_ = {};
  }
  fail(early);
  served_since_ = Clock::now();
  add(running_, 1);
  log(OMNIBROKER_LOG_INFO, "The process of an isolated component serves", {{"pid", process_->pid()}});
}

void Keeper::stop_serving() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(serving_, false)) return;
  }
  add(running_, -1);
  fail(take_calls());
}

omnibroker_metric* Keeper::counter(const char* name, const char* doc) const {
  return metrics_table_->counter(&host_, name, doc);
}

void Keeper::add(omnibroker_metric* metric, std::int64_t amount) const { metrics_table_->add(metric, amount); }

void Keeper::log(omnibroker_log_level level, std::string_view sentence, std::initializer_list<Field> fields) const {
  std::vector<omnibroker_field> crossing;
  for (const auto& field : fields) crossing.push_back({text(field.key), text(field.value)});
  const auto* log = table<omnibroker_host_log_v1>(OMNIBROKER_HOST_LOG);
  log->write(&host_, level, text(sentence), crossing.data(), crossing.size());
}

/// The least level that is written.
std::uint64_t Keeper::log_level() const {
  const auto* log = table<omnibroker_host_log_v1>(OMNIBROKER_HOST_LOG);
  std::uint64_t level = OMNIBROKER_LOG_DEBUG;
  while (level < OMNIBROKER_LOG_ERROR && log->enabled(&host_, static_cast<omnibroker_log_level>(level)) == 0) ++level;
  return level;
}

}  // namespace omnibroker::core
