#include "broker/broker.hpp"
#include "command.hpp"
#include "components.hpp"
#include "configuration.hpp"
#include "containment/call_marks.hpp"
#include "containment/crash_handler.hpp"
#include "containment/crash_reports.hpp"
#include "control_server.hpp"
#include "control_socket.hpp"
#include "crash_folder.hpp"
#include "file_watch.hpp"
#include "installation.hpp"
#include "safe_mode.hpp"
#include "stop_signals.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"
#include "terminal.hpp"
#include "welcome.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unistd.h>

#include <omnibroker/version.hpp>

namespace omnibroker::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// What one past its deadline gets before the process is ended from outside: stopping components has deadlines of its
/// own.
constexpr auto kGrace = std::chrono::seconds(20);

/// Null: there is none. One that the configuration gives must be there; where the broker chooses by itself, being
/// without one is no reason not to serve.
Result<std::unique_ptr<ControlSocket>> open_control(const core::ControlConfig& config, core::Log& log) {
  if (config.is_path()) return ControlSocket::open(config.socket);
  if (config.socket == "off") return std::unique_ptr<ControlSocket>();
  auto opened = ControlSocket::open_own();
  if (opened) return opened;
  log.warn("There is no control socket, so commands cannot reach this broker", {{"reason", opened.error().message}});
  return std::unique_ptr<ControlSocket>();
}

int could_not_start(const Error& error, core::Log& log, core::LogOutput output) {
  std::size_t begin = 0;
  while (begin < error.message.size()) {  // one reason per line
    const auto end = std::min(error.message.find('\n', begin), error.message.size());
    const auto sentence = "Could not start: " + error.message.substr(begin, end - begin);
    if (end > begin) log.error(sentence);
    // Whoever typed the command looks at the terminal, not into a log file.
    if (end > begin && output != core::LogOutput::Console) std::fprintf(stderr, "omnibroker: %s\n", sentence.c_str());
    begin = end + 1;
  }
  return kCouldNotStart;
}

/// One broker from its start to its end, on a thread of its own, so that the main thread is free to hear signals in
/// every phase: also while a component takes its time to start or to stop.
///
/// Threads: `serve` runs on the broker's thread; `ask_to_stop` from any.
class Service {
 public:
  /// `control`: null for a broker that takes no commands.
  Service(core::LoadedConfig loaded, SafeMode safe_mode, core::Catalog& catalog, core::TypeLookup find_type,
          const ControlSocket* control, core::Log& log)
      : config_(std::move(loaded.config)),
        files_(std::move(loaded.files)),
        safe_mode_(std::move(safe_mode)),
        catalog_(catalog),
        find_type_(std::move(find_type)),
        control_(control),
        log_(log) {}

  /// Starts, serves until it is asked to stop, stops. Answers the exit code.
  int serve(Clock::time_point begun) {
    core::register_this_thread();
    const auto workers = config_.workers != 0 ? config_.workers : std::max(1u, std::thread::hardware_concurrency());
    const auto components = components_of(config_).size();
    core::Metrics metrics;
    auto started = core::Broker::start(config_, catalog_, log_, metrics);
    if (!started) return could_not_start(started.error(), log_, config_.log.output);
    auto broker = std::move(started).value();
    Control control(*this, *broker, metrics);

    for (const auto& one : broker->listening()) {
      log_.info("Listening", {{"listener", one.listener}, {"address", one.address}});
    }
    if (safe_mode_.is_on()) log_.warn("It runs in safe mode", {{"left_out", safe_mode_.left_out.size()}});
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    log_.info("Serving", {{"workers", workers},
                          {"components", components},
                          {"version", OMNIBROKER_SDK_VERSION},
                          {"start_ms", took.count()}});
    std::fputs(welcome_text(broker->listening()).c_str(), stdout);
    std::fflush(stdout);

    carry_out_requests(control);
    broker->announce_stop();
    control.end();
    stop(*broker, broker->config().limits);
    if (broker->has_left_behind()) {  // its threads may still use what leaving in order would destroy
      broker.reset();
      std::fflush(nullptr);
      _exit(kDone);
    }
    return kDone;
  }

  void ask_to_stop() {
    const std::lock_guard lock(mutex_);
    stop_asked_ = true;
    asked_.notify_all();
  }

  /// To read the configuration again and apply it. While the broker starts or stops, it does not.
  void ask_to_reload() {
    const std::lock_guard lock(mutex_);
    reload_asked_ = true;
    asked_.notify_all();
  }

 private:
  /// What takes commands while the broker serves.
  class Control {
   public:
    Control(Service& service, core::Broker& broker, core::Metrics& metrics)
        : socket_(service.control_),
          log_(service.log_),
          operations_(broker, service.config_.file, service.files_, service.find_type_, service.log_, metrics,
                      socket_ == nullptr ? "off" : socket_->path().string(), waker_.descriptor(), service.catalog_,
                      service.safe_mode_) {
      if (service.config_.control.watch) {
        watch_.emplace([this] { return operations_.files(); }, [&service] { service.ask_to_reload(); });
      }
      if (socket_ == nullptr) return;
      server_.emplace(*socket_, operations_, waker_, log_);
      log_.info("Taking commands", {{"socket", socket_->path().string()}});
    }
    ~Control() { end(); }
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    void end() {
      if (socket_ != nullptr) socket_->remove();  // a stopping broker is none to send commands to
      waker_.wake();
      watch_.reset();
      server_.reset();
      if (reloading_.joinable()) reloading_.join();
    }

    /// Beside everything else: a stop must be heard meanwhile.
    void reload() {
      if (reloads_.fetch_add(1) > 0) return;  // the thread that is at it goes round once more
      if (reloading_.joinable()) reloading_.join();
      reloading_ = std::thread([this] {
        do apply();
        while (reloads_.fetch_sub(1) > 1);
      });
    }

   private:
    void apply() {
      Poco::JSON::Object request;
      request.set("wait", true);
      const auto done = operations_.perform("apply", request, [](std::size_t, std::size_t) {});
      if (!done) return log_.error("The configuration was not applied", {{"reason", done.error().message}});
      log_.info("The configuration was applied", {{"changes", done.value()->getArray("steps")->size()}});
    }

    const ControlSocket* const socket_;
    core::Log& log_;
    Waker waker_;
    ControlOperations operations_;
    std::optional<ControlServer> server_;
    std::optional<FileWatch> watch_;
    std::atomic<int> reloads_{0};
    std::thread reloading_;
  };

  /// Until the stop.
  void carry_out_requests(Control& control) {
    std::unique_lock lock(mutex_);
    while (true) {
      asked_.wait(lock, [&] { return stop_asked_ || reload_asked_; });
      if (stop_asked_) return;
      reload_asked_ = false;
      lock.unlock();
      control.reload();
      lock.lock();
    }
  }

  void stop(core::Broker& broker, const core::LimitsConfig& limits) {
    const auto begun = Clock::now();
    const auto cut = broker.stop(std::chrono::duration_cast<std::chrono::milliseconds>(limits.stop_timeout));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    if (cut == 0) {
      log_.info("Stopped", {{"stop_ms", took.count()}});
    } else {
      log_.warn("Stopped, and cut connections that did not end in time", {{"cut", cut}, {"stop_ms", took.count()}});
    }
  }

  const core::BrokerConfig config_;
  const std::vector<std::filesystem::path> files_;
  const SafeMode safe_mode_;
  core::Catalog& catalog_;
  const core::TypeLookup find_type_;
  const ControlSocket* const control_;
  core::Log& log_;

  std::mutex mutex_;
  std::condition_variable asked_;
  bool stop_asked_ = false;    // guarded by mutex_
  bool reload_asked_ = false;  // guarded by mutex_
};

/// Leaves without running what a stuck thread could still be using.
[[noreturn]] void leave_at_once(const ControlSocket* control) {
  if (control != nullptr) control->remove();
  std::fflush(stdout);
  _exit(kForcedStop);
}

/// Hears signals until the service has ended.
void attend(StopSignals& signals, Service& service, const ControlSocket* control, core::Log& log,
            std::chrono::nanoseconds stop_timeout) {
  using Event = StopSignals::Event;
  auto happened = signals.wait();
  while (happened.event == Event::Reload) {
    log.info("Reading the configuration again", {{"signal", happened.signal}});
    service.ask_to_reload();
    happened = signals.wait();
  }
  if (happened.event == Event::WorkIsDone) return;

  signals.settle();
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(stop_timeout);
  log.info("Stopping, a second signal leaves at once", {{"signal", happened.signal}, {"deadline_ms", timeout.count()}});
  service.ask_to_stop();
  const auto deadline = Clock::now() + timeout + kGrace;
  do happened = signals.wait_until(deadline);
  while (happened.event == Event::Reload);
  if (happened.event == Event::Stop) {
    log.warn("Left at once on a second signal", {{"signal", happened.signal}});
    leave_at_once(control);
  }
  if (happened.event == Event::DeadlinePassed) {
    log.error("Left because stopping did not come to its end", {{"waited_s", (timeout + kGrace).count() / 1000}});
    leave_at_once(control);
  }
}

/// Where crashes are reported from now on. An error: the configuration names a folder that cannot be used.
struct CrashReporting {
  Result<std::filesystem::path> folder;
  bool is_named = false;
};
CrashReporting report_crashes(const std::filesystem::path& file) {
  const auto config = core::crashes_config_of(file);
  auto folder = open_crash_folder(config);
  const auto status =
      core::install_crash_handler(folder ? folder.value() : std::filesystem::path(), OMNIBROKER_SDK_VERSION);
  if (!status) folder = status.error();
  if (folder && !folder.value().empty()) {
    static_cast<void>(core::remove_crash_reports(folder.value(), core::kMostCrashReports));
  }
  return {std::move(folder), config.is_path()};
}

int run_broker(ReadConfiguration read, const CrashReporting& crashes, StopSignals& signals, Clock::time_point begun) {
  auto opened = core::Log::open(read.loaded.config.log);
  if (!opened) {
    std::fprintf(stderr, "omnibroker: %s\n", opened.error().message.c_str());
    return kCouldNotStart;
  }
  auto& log = **opened;
  for (const auto& warning : read.loaded.warnings) log.warn(warning.to_string());

  if (!crashes.folder && crashes.is_named)
    return could_not_start(crashes.folder.error(), log, read.loaded.config.log.output);
  if (!crashes.folder)
    log.warn("A crash leaves no report, and there is no safe mode", {{"reason", crashes.folder.error().message}});
  auto safe_mode = apply_safe_mode(read.loaded.config, *read.catalog,
                                   crashes.folder ? crashes.folder.value() : std::filesystem::path());
  if (!safe_mode) return could_not_start(safe_mode.error(), log, read.loaded.config.log.output);
  warn_of(safe_mode.value(), log);

  const auto stop_timeout = read.loaded.config.limits.stop_timeout;
  const auto opened_control = open_control(read.loaded.config.control, log);
  if (!opened_control) return could_not_start(opened_control.error(), log, read.loaded.config.log.output);
  const auto* control = opened_control.value().get();
  Service service(std::move(read.loaded), std::move(safe_mode).value(), *read.catalog, read.find_type, control, log);
  int status = kCouldNotStart;
  std::thread thread([&] {
    status = service.serve(begun);
    signals.work_is_done();
  });
  attend(signals, service, control, log, stop_timeout);
  thread.join();
  return status;
}

int run(const Arguments& arguments) {
  const auto begun = Clock::now();
  StopSignals signals;
  std::filesystem::path file;
  if (arguments.words().empty()) {
    auto found = default_config();
    if (!found) {
      std::fprintf(stderr, "omnibroker: %s\n", found.error().message.c_str());
      return kRefused;
    }
    file = std::move(found).value();
  } else {
    file = arguments.words().front();
  }

  const auto crashes = report_crashes(file);  // before the first plugin is looked at
  auto read = read_configuration(file);
  if (const auto& errors = read.loaded.errors; !errors.empty()) {
    const auto paint = error_paint();
    for (const auto& error : errors) std::fprintf(stderr, "%s\n", paint.red(error.to_string()).c_str());
    std::fprintf(stderr, "omnibroker: %s has %zu %s, nothing was started\n", file.c_str(), errors.size(),
                 errors.size() == 1 ? "mistake" : "mistakes");
    return kRefused;
  }
  return run_broker(std::move(read), crashes, signals, begun);
}

}  // namespace

Command run_command() {
  return {{.name = "run",
           .purpose = "serve, as a configuration says",
           .usage = "[CONFIG]",
           .text = "Reads the configuration, loads the plugins that it names, listens, and serves until\n"
                   "SIGTERM or SIGINT (Ctrl-C). Then it takes no more connections, tells every client,\n"
                   "sends what is queued, and leaves within limits.stop_timeout. A second signal leaves\n"
                   "at once.\n\n"
                   "Without CONFIG: configs/gateway.yaml of the current folder, or the one that came\n"
                   "with this program. The log goes to standard error, unless `log:` says otherwise.\n"
                   "Plugins are looked for in plugins.path of the configuration, in the folders of\n"
                   "OMNIBROKER_PLUGIN_PATH, then beside this program.\n",
           .options = {},
           .examples = {{"omnibroker run", "the Omni Web Gateway on localhost:8000"},
                        {"omnibroker run my.yaml", "a configuration of your own"},
                        {"omnibroker check my.yaml", "what is wrong with it, if it does not start"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart, kForcedStop},
           .most_words = 1},
          run};
}

}  // namespace omnibroker::tools
