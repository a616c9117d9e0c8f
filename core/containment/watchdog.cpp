#include "containment/watchdog.hpp"

#include "containment/mapped_libraries.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <algorithm>
#include <fstream>
#include <pthread.h>
#include <string>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""ms;

constexpr int kLooksInADeadline = 8;

/// `worker 0 (4245)`
std::string thread_text(pid_t thread) {
  const auto number = std::to_string(thread);
  std::ifstream file("/proc/self/task/" + number + "/comm");
  std::string name;
  std::getline(file, name);
  return name.empty() ? number : name + " (" + number + ")";
}

}  // namespace

Watchdog::Watchdog(Log& log, Metrics& metrics, std::chrono::nanoseconds deadline)
    : log_(log),
      metrics_(metrics),
      deadline_(deadline),
      pause_(std::clamp<CallWatch::Clock::duration>(deadline / kLooksInADeadline, 1ms, 250ms)) {
  if (deadline.count() == 0) return;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "watchdog");
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::run() {
  register_this_thread();
  CallWatch watch(deadline_, pause_);
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, pause_, [this] { return ending_; })) {
    lock.unlock();
    for (const auto& event : watch.look(CallWatch::Clock::now())) report(event);
    note_mapped_libraries();  // what components have loaded by themselves
    lock.lock();
  }
}

void Watchdog::report(const CallWatch::Event& event) {
  const auto& place = *event.place;
  const auto plugin = place.plugin == nullptr ? std::string_view(place.type) : std::string_view(place.plugin->name);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(event.lasted).count();
  if (event.kind == CallWatch::Event::Kind::CameBack) {
    log_.warn("A call into a component has come back late",
              {{"name", place.component}, {"plugin", plugin}, {"call", name_of(event.call)}, {"took_ms", took}});
    return;
  }
  metrics_
      .get(Metrics::Kind::Counter, "calls_late_total", "Calls into components that did not come back in time.",
           place.component)
      .add();
  log_.warn("A call into a component does not come back", {{"name", place.component},
                                                           {"plugin", plugin},
                                                           {"call", name_of(event.call)},
                                                           {"for_ms", took},
                                                           {"thread", thread_text(event.thread)}});
}

}  // namespace omnibroker::core
