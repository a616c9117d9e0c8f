#include "broker/broker.hpp"
#include "command.hpp"
#include "configuration.hpp"
#include "installation.hpp"
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
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>

#include <omnibroker/version.hpp>

namespace omnibroker::tools {
namespace {

using Clock = std::chrono::steady_clock;

/// What one past its deadline gets before the process is ended from outside: stopping components has deadlines of its
/// own.
constexpr auto kGrace = std::chrono::seconds(20);

std::size_t component_count(const core::BrokerConfig& config) {
  std::set<std::string> names = {config.reply.name};
  if (!config.notices.plugin.empty()) names.insert(config.notices.name);
  for (const auto& endpoint : config.endpoints) names.insert(endpoint.component.name);
  for (const auto& bridge : config.bridges) names.insert(bridge.component.name);
  for (const auto& route : config.routes) {
    names.insert(route.handler.name);
    for (const auto& filter : route.filters) names.insert(filter.name);
  }
  return names.size();
}

/// One broker from its start to its end, on a thread of its own, so that the main thread is free to hear signals in
/// every phase: also while a component takes its time to start or to stop.
///
/// Threads: `serve` runs on the broker's thread; `ask_to_stop` from any.
class Service {
 public:
  Service(core::BrokerConfig config, core::Catalog& catalog, core::Log& log)
      : config_(std::move(config)),
        logs_to_console_(config_.log.output == core::LogOutput::Console),
        catalog_(catalog),
        log_(log) {}

  /// Starts, serves until it is asked to stop, stops. Answers the exit code.
  int serve(Clock::time_point begun) {
    const auto limits = config_.limits;
    const auto workers = config_.workers != 0 ? config_.workers : std::max(1u, std::thread::hardware_concurrency());
    const auto components = component_count(config_);
    core::Metrics metrics;
    auto started = core::Broker::start(std::move(config_), catalog_, log_, metrics);
    if (!started) return could_not_start(started.error());
    auto broker = std::move(started).value();

    for (const auto& one : broker->listening()) {
      log_.info("Listening", {{"listener", one.listener}, {"address", one.address}});
    }
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
    log_.info("Serving", {{"workers", workers},
                          {"components", components},
                          {"version", OMNIBROKER_SDK_VERSION},
                          {"start_ms", took.count()}});
    std::fputs(welcome_text(broker->listening()).c_str(), stdout);
    std::fflush(stdout);

    wait_for_request();
    stop(*broker, limits);
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
    stop_changed_.notify_all();
  }

 private:
  int could_not_start(const Error& error) {
    std::size_t begin = 0;
    while (begin < error.message.size()) {  // one reason per line
      const auto end = std::min(error.message.find('\n', begin), error.message.size());
      const auto sentence = "Could not start: " + error.message.substr(begin, end - begin);
      if (end > begin) log_.error(sentence);
      // Whoever typed the command looks at the terminal, not into a log file.
      if (end > begin && !logs_to_console_) std::fprintf(stderr, "omnibroker: %s\n", sentence.c_str());
      begin = end + 1;
    }
    return kCouldNotStart;
  }

  void wait_for_request() {
    std::unique_lock lock(mutex_);
    stop_changed_.wait(lock, [&] { return stop_asked_; });
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

  core::BrokerConfig config_;
  const bool logs_to_console_;
  core::Catalog& catalog_;
  core::Log& log_;

  std::mutex mutex_;
  std::condition_variable stop_changed_;
  bool stop_asked_ = false;  // guarded by mutex_
};

/// Leaves without running what a stuck thread could still be using.
[[noreturn]] void leave_at_once() {
  std::fflush(stdout);
  _exit(kForcedStop);
}

/// Hears signals until the service has ended.
void attend(StopSignals& signals, Service& service, core::Log& log, std::chrono::nanoseconds stop_timeout) {
  using Event = StopSignals::Event;
  auto happened = signals.wait();
  while (happened.event == Event::Reload) {
    log.warn("A running broker does not read its configuration again yet: restart it to apply a change",
             {{"signal", happened.signal}});
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
    leave_at_once();
  }
  if (happened.event == Event::DeadlinePassed) {
    log.error("Left because stopping did not come to its end", {{"waited_s", (timeout + kGrace).count() / 1000}});
    leave_at_once();
  }
}

int run_broker(ReadConfiguration read, StopSignals& signals, Clock::time_point begun) {
  auto opened = core::Log::open(read.loaded.config.log);
  if (!opened) {
    std::fprintf(stderr, "omnibroker: %s\n", opened.error().message.c_str());
    return kCouldNotStart;
  }
  auto& log = **opened;
  for (const auto& warning : read.loaded.warnings) log.warn(warning.to_string());

  const auto stop_timeout = read.loaded.config.limits.stop_timeout;
  Service service(std::move(read.loaded.config), *read.catalog, log);
  int status = kCouldNotStart;
  std::thread thread([&] {
    status = service.serve(begun);
    signals.work_is_done();
  });
  attend(signals, service, log, stop_timeout);
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

  auto read = read_configuration(file);
  if (const auto& errors = read.loaded.errors; !errors.empty()) {
    const auto paint = error_paint();
    for (const auto& error : errors) std::fprintf(stderr, "%s\n", paint.red(error.to_string()).c_str());
    std::fprintf(stderr, "omnibroker: %s has %zu %s, nothing was started\n", file.c_str(), errors.size(),
                 errors.size() == 1 ? "mistake" : "mistakes");
    return kRefused;
  }
  return run_broker(std::move(read), signals, begun);
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
