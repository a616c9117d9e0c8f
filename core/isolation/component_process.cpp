#include "isolation/component_process.hpp"

#include "isolation/child_calls.hpp"
#include "isolation/child_host.hpp"
#include "isolation/child_link.hpp"
#include "isolation/conversation.hpp"
#include "plugin/library.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

constexpr int kBrokerIsGone = 0;
constexpr int kNotUnderstood = 70;
constexpr int kStillAtWork = 71;
constexpr std::chrono::seconds kTick{1};
constexpr std::chrono::milliseconds kWorkMayTake{4'500};  // behind `drain`, which has 10 s
constexpr std::chrono::milliseconds kLastWork{500};       // that began meanwhile

/// The component in this process, and the steps of its life.
///
/// Threads: the steps from one, `handle` and its like from another one.
class IsolatedLife {
 public:
  explicit IsolatedLife(ChildHost& host) : host_(host) {}

  /// Does the step, tells the broker what it came to. True: it was the last one.
  bool step(const std::string& body);
  void health();
  void handle(const IncomingMessage& message) { calls_->handle(message); }
  void deliver(const std::string& body);
  void reply(const std::string& body);
  /// Work that does not end keeps the process from leaving in order.
  bool is_idle() { return host_.record().work() == 0; }

 private:
  std::int64_t take_step(StepKind kind, FrameReader& frame, const omnibroker_sink* error);
  std::int64_t carry_state(StepKind kind, FrameReader& frame, std::string& out, const omnibroker_sink* error);
  omnibroker_status configure(const ConfigValues& values, const omnibroker_sink* error);
  omnibroker_status find_type(const omnibroker_sink* error);
  omnibroker_status stop(const omnibroker_sink* error);
  void taken(std::uint64_t id);

  template <class Table>
  const Table* table(const char* id) const {
    return static_cast<const Table*>(type_->table(id));
  }

  ChildHost& host_;
  const omnibroker_component_type* type_ = nullptr;
  const omnibroker_lifecycle_v1* lifecycle_ = nullptr;
  const omnibroker_bridge_v1* bridge_ = nullptr;
  void* self_ = nullptr;
  bool created_ = false;
  std::unique_ptr<ChildCalls> calls_;
};

bool IsolatedLife::step(const std::string& body) {
  FrameReader frame(body);
  const auto kind = static_cast<StepKind>(frame.number());
  std::string reason, state;
  std::int64_t value = OMNIBROKER_INTERNAL;
  try {
    value = is_about_state(kind) ? carry_state(kind, frame, state, StringSink(reason).get())
                                 : take_step(kind, frame, StringSink(reason).get());
  } catch (const std::exception& caught) {
    reason = std::string("it let an exception out: ") + caught.what();
  } catch (...) {
    reason = "it let an exception out: not a std::exception";
  }
  std::string frames;
  host_.write_metrics(frames);
  FrameWriter(frames, FrameKind::StepDone)
      .integer(value)
      .text(kind == StepKind::StateExport && value == OMNIBROKER_OK ? state : reason);
  host_.link().send(frames);
  return kind == StepKind::Destroy;
}

std::int64_t IsolatedLife::take_step(StepKind kind, FrameReader& frame, const omnibroker_sink* error) {
  const auto optional = [&](auto function) { return function == nullptr ? OMNIBROKER_OK : function(self_, error); };
  switch (kind) {
    case StepKind::Configure: return configure(take_config(frame), error);
    case StepKind::Prepare: return optional(lifecycle_->prepare);
    case StepKind::Start: return optional(lifecycle_->start);
    case StepKind::Reconfigure: {
      if (lifecycle_->reconfigure == nullptr) return OMNIBROKER_NEEDS_REPLACE;
      const auto before = take_config(frame);
      const auto after = take_config(frame);
      return lifecycle_->reconfigure(self_, before.raw(), after.raw(), error);
    }
    case StepKind::Drain: {
      const auto status = optional(lifecycle_->drain);
      host_.worker().forget_timers();
      static_cast<void>(host_.record().wait_until_idle(std::chrono::steady_clock::now() + kWorkMayTake));
      return status;
    }
    case StepKind::Stop: return stop(error);
    case StepKind::Destroy:
      host_.worker().stop();
      if (created_ && is_idle()) type_->destroy(self_);
      return OMNIBROKER_OK;
    default: return OMNIBROKER_INVALID_ARGUMENT;
  }
}

std::int64_t IsolatedLife::carry_state(StepKind kind, FrameReader& frame, std::string& out,
                                       const omnibroker_sink* error) {
  const auto* offered = table<omnibroker_state_v1>(OMNIBROKER_STATE);
  if (offered == nullptr) return OMNIBROKER_UNSUPPORTED;
  if (kind == StepKind::StateExport) {
    const auto status = offered->state_export(self_, StringSink(out).get(), error);
    if (status != OMNIBROKER_OK || out.size() <= kLargestState) return status;
    Sink(error).append("it wrote more than " + std::to_string(kLargestState >> 20) + " MiB");
    return OMNIBROKER_RESOURCE_EXHAUSTED;
  }
  return offered->state_import(self_, text(frame.text()), error);
}

omnibroker_status IsolatedLife::find_type(const omnibroker_sink* error) {
  const auto library = open_library(host_.hello().library);
  if (!library) {
    Sink(error).append("its library cannot be loaded again: " + library.error().message);
    return static_cast<omnibroker_status>(library.error().code);
  }
  const auto* plugin = library.value().entry();
  for (std::size_t i = 0; plugin != nullptr && i < plugin->component_count; ++i) {
    if (plugin->components[i]->name == host_.hello().type) type_ = plugin->components[i];
  }
  if (type_ == nullptr) {
    Sink(error).append("its library has no component type " + host_.hello().type + " any more");
    return OMNIBROKER_NOT_FOUND;
  }
  for (std::size_t i = 0; type_->needs != nullptr && i < type_->need_count; ++i) {
    if (host_.lends(type_->needs[i])) continue;
    Sink(error).append(std::string("it needs the host table \"") + type_->needs[i] +
                       "\", which an isolated component does not get");
    return OMNIBROKER_UNSUPPORTED;
  }
  return OMNIBROKER_OK;
}

omnibroker_status IsolatedLife::configure(const ConfigValues& values, const omnibroker_sink* error) {
  if (const auto status = find_type(error); status != OMNIBROKER_OK) return status;
  if (const auto status = type_->create(host_.raw(), &self_, error); status != OMNIBROKER_OK) return status;
  created_ = true;
  lifecycle_ = table<omnibroker_lifecycle_v1>(OMNIBROKER_LIFECYCLE);
  bridge_ = table<omnibroker_bridge_v1>(OMNIBROKER_BRIDGE);
  if (lifecycle_->configure != nullptr) {
    const auto status = lifecycle_->configure(self_, values.raw(), error);
    if (status != OMNIBROKER_OK) return status;
  }
  if (const auto missing = host_.missing(); !missing.empty()) {
    Sink(error).append("it asks for the host table \"" + missing + "\", which an isolated component does not get");
    return OMNIBROKER_UNSUPPORTED;
  }
  const auto* handler = table<omnibroker_handler_v1>(OMNIBROKER_HANDLER);
  if (type_->kind == OMNIBROKER_KIND_HANDLER && handler != nullptr) {
    calls_ = std::make_unique<ChildCalls>(host_, *handler, self_);
    host_.calls() = calls_.get();
  }
  return OMNIBROKER_OK;
}

omnibroker_status IsolatedLife::stop(const omnibroker_sink* error) {
  host_.worker().stop();  // traffic has ended; one that hangs in it is ended by the broker
  auto& record = host_.record();
  record.close();
  if (!record.wait_until_idle(std::chrono::steady_clock::now() + kLastWork)) {
    record.end_work(host_.pool().discard(&record));
    if (!is_idle()) {
      Sink(error).append("its work did not end in time");
      return OMNIBROKER_UNAVAILABLE;
    }
  }
  return lifecycle_->stop == nullptr ? OMNIBROKER_OK : lifecycle_->stop(self_, error);
}

void IsolatedLife::health() {
  std::uint64_t state = OMNIBROKER_HEALTHY;
  std::string detail;
  if (lifecycle_ != nullptr && lifecycle_->health != nullptr) {
    try {
      state = lifecycle_->health(self_, StringSink(detail).get());
    } catch (...) {
      state = OMNIBROKER_FAILED;
      detail = "health let an exception out";
    }
  }
  std::string frames;
  host_.write_metrics(frames);
  FrameWriter(frames, FrameKind::Health).number(state).text(detail);
  host_.link().send(frames);
}

void IsolatedLife::deliver(const std::string& body) {
  FrameReader frame(body);
  const auto id = frame.number();
  const auto encoding = static_cast<omnibroker_encoding>(frame.number());
  const omnibroker_payload payload{sizeof(omnibroker_payload), encoding, text(frame.text())};
  bridge_->deliver(self_, &payload);
  taken(id);
}

void IsolatedLife::reply(const std::string& body) {
  FrameReader frame(body);
  const auto id = frame.number();
  omnibroker_reply reply{};
  reply.struct_size = sizeof reply;
  reply.refused = static_cast<std::uint32_t>(frame.number());
  reply.code = text(frame.text());
  const auto encoding = static_cast<omnibroker_encoding>(frame.number());
  reply.payload = {sizeof(omnibroker_payload), encoding, text(frame.text())};
  if (bridge_->reply != nullptr) bridge_->reply(self_, &reply);
  taken(id);
}

void IsolatedLife::taken(std::uint64_t id) {
  std::string frames;
  host_.write_metrics(frames);
  FrameWriter(frames, FrameKind::Taken).number(id);
  host_.link().send(frames);
}

/// Reads what the broker says, and has the right thread do it. Runs no code of the plugin itself, so that the process
/// can always end with the broker.
class ProcessOfComponent {
 public:
  explicit ProcessOfComponent(int socket) : socket_(socket), link_(socket) {}

  int run();

 private:
  /// False: the broker has said all.
  bool read_more();
  void take(const FrameInput::Frame& frame);
  void take_step(std::string body);

  const int socket_;
  ChildLink link_;
  FrameInput input_;
  std::unique_ptr<ChildHost> host_;
  std::unique_ptr<IsolatedLife> life_;
  std::unique_ptr<ChildWorker> steps_;
  std::atomic<bool> leaving_{false};
};

int ProcessOfComponent::run() {
  while (read_more()) {
    while (true) {
      const auto frame = input_.next();
      if (!frame) _exit(kNotUnderstood);
      if (!frame.value()) break;
      take(*frame.value());
    }
  }
  if (!leaving_) _exit(kBrokerIsGone);
  steps_->stop();
  if (!life_->is_idle()) _exit(kStillAtWork);
  return 0;
}

bool ProcessOfComponent::read_more() {
  std::array<char, 64 * 1024> part;
  while (true) {
    pollfd readable{socket_, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::chrono::milliseconds(kTick).count()));
    if (ready == 0 && host_) {
      std::string frames;
      host_->write_metrics(frames);  // of work that takes long
      if (!frames.empty()) link_.send_if_idle(frames);
    }
    if (ready <= 0) continue;
    const auto count = ::recv(socket_, part.data(), part.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    input_.append({part.data(), static_cast<std::size_t>(count)});
    return true;
  }
}

void ProcessOfComponent::take(const FrameInput::Frame& frame) {
  const bool is_first = frame.kind == FrameKind::Hello;
  if (is_first == (host_ != nullptr)) _exit(kNotUnderstood);
  switch (frame.kind) {
    case FrameKind::Hello: {
      Introduction hello;
      if (!read(frame.body, hello)) _exit(kNotUnderstood);
      host_ = std::make_unique<ChildHost>(link_, std::move(hello));
      life_ = std::make_unique<IsolatedLife>(*host_);
      steps_ = std::make_unique<ChildWorker>();
      return;
    }
    case FrameKind::Step: return take_step(std::string(frame.body));
    case FrameKind::Handle: {
      MessageToHandle message;
      if (!read(frame.body, message)) _exit(kNotUnderstood);
      return host_->worker().post([this, copy = IncomingMessage(message)] { life_->handle(copy); });
    }
    case FrameKind::Deliver:
      return host_->worker().post([this, body = std::string(frame.body)] { life_->deliver(body); });
    case FrameKind::Reply: return host_->worker().post([this, body = std::string(frame.body)] { life_->reply(body); });
    case FrameKind::Told:
      if (!host_->told(FrameReader(frame.body))) _exit(kNotUnderstood);
      return;
    case FrameKind::LogLevel: host_->log_level() = FrameReader(frame.body).number(); return;
    case FrameKind::AskHealth: return steps_->post([this] { life_->health(); });
    default: _exit(kNotUnderstood);
  }
}

void ProcessOfComponent::take_step(std::string body) {
  if (is_about_state(step_kind(body))) {  // by the thread of the messages, behind them
    return host_->worker().post([this, body = std::move(body)] { static_cast<void>(life_->step(body)); });
  }
  steps_->post([this, body = std::move(body)] {
    if (!life_->step(body)) return;
    leaving_ = true;
    ::shutdown(socket_, SHUT_RD);  // the thread that reads leaves
  });
}

}  // namespace

int run_component_process(int socket) {
  // A broker that is killed takes this process along. It may have ended before the kernel was asked: then the socket
  // says so. What ends the broker in order (a service manager signals all processes) is the broker's to pass on.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  return ProcessOfComponent(socket).run();
}

}  // namespace omnibroker::core
