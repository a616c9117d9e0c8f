#include "engine/log.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

namespace omniclient::log {
namespace {

/// One callback, as long as it is set.
struct Target {
  OmniClientLogCallback callback = nullptr;
  bool closed = false;
  std::vector<std::thread::id> running;
};

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<Target> target;
  std::shared_ptr<const Route> route;
  std::size_t pending = 0;
  std::size_t dropped = 0;
};

/// Never destroyed: a thread that still runs while the process ends may log.
std::atomic<State*>& instance() {
  static std::atomic<State*> state{new State};
  return state;
}
State& state() { return *instance(); }

std::atomic<int> least{eOmniClientLogLevel_Info};

struct Line {
  std::string thread;
  const char* component;
  OmniClientLogLevel level;
  std::string message;
};

void call(const std::shared_ptr<Target>& target, const Line& line) {
  auto& log = state();
  const auto self = std::this_thread::get_id();
  {
    std::lock_guard lock(log.mutex);
    if (target->closed) return;
    target->running.push_back(self);
  }
  try {
    target->callback(line.thread.c_str(), line.component, line.level, line.message.c_str());
  } catch (...) {  // The callback's fault, and nobody is left to tell.
  }
  std::lock_guard lock(log.mutex);
  target->running.erase(std::find(target->running.begin(), target->running.end(), self));
  log.changed.notify_all();
}

std::string thread_name() {
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

}  // namespace

void set_callback(OmniClientLogCallback callback) {
  auto& log = state();
  auto next = callback == nullptr ? nullptr : std::make_shared<Target>();
  if (next) next->callback = callback;
  const auto self = std::this_thread::get_id();
  std::unique_lock lock(log.mutex);
  const auto previous = std::exchange(log.target, std::move(next));
  if (!previous) return;
  previous->closed = true;
  if (std::find(previous->running.begin(), previous->running.end(), self) != previous->running.end()) return;
  log.changed.wait(lock, [&previous] { return previous->running.empty(); });
}

void before_fork() { state().mutex.lock(); }

void after_fork(Process process) {
  auto& log = state();
  if (process == Process::Same) return log.mutex.unlock();
  // The threads that used it are gone, and nobody knows what they were about to do with it.
  auto* const fresh = new State;
  if (log.target) {
    fresh->target = std::make_shared<Target>();
    fresh->target->callback = log.target->callback;
  }
  instance() = fresh;
}

void set_level(OmniClientLogLevel level) { least = level; }

std::shared_ptr<const Route> set_route(Route route) {
  auto next = std::make_shared<const Route>(std::move(route));
  auto previous = next;
  auto& log = state();
  std::lock_guard lock(log.mutex);
  log.route.swap(previous);
  return next;
}

void end_route(const std::shared_ptr<const Route>& route) {
  std::shared_ptr<const Route> previous;
  auto& log = state();
  std::lock_guard lock(log.mutex);
  if (log.route == route) log.route.swap(previous);
}

namespace {

struct Held {
  int holds = 0;
  std::vector<Line> lines;
};
thread_local Held held;

void pass_on(Line line) {
  auto& log = state();
  std::shared_ptr<Target> target;
  std::shared_ptr<const Route> route;
  {
    std::lock_guard lock(log.mutex);
    target = log.target;
    route = log.route;
    if (!target) return;
    if (route && log.pending >= kMaxPendingLines) {
      ++log.dropped;
      return;
    }
    if (route) ++log.pending;
    if (const auto dropped = std::exchange(log.dropped, 0)) {
      line.message.insert(0, "(" + std::to_string(dropped) + " lines before this one were dropped) ");
    }
  }
  if (!route) return call(target, line);
  // Counted by the closure's life, so that a line which is never called back is counted off as well.
  const auto counted = std::shared_ptr<void>(nullptr, [](void*) {
    std::lock_guard lock(state().mutex);
    --state().pending;
  });
  (*route)([target, line = std::move(line), counted] { call(target, line); });
}

}  // namespace

Hold::Hold() { ++held.holds; }

Hold::~Hold() {
  if (--held.holds > 0) return;
  for (auto& line : std::exchange(held.lines, {})) pass_on(std::move(line));
}

void write(OmniClientLogLevel level, const char* component, std::initializer_list<std::string_view> parts) {
  if (level < least) return;
  Line line{thread_name(), component, level, {}};
  for (const auto part : parts) line.message += part;
  if (held.holds > 0) {
    held.lines.push_back(std::move(line));
  } else {
    pass_on(std::move(line));
  }
}

}  // namespace omniclient::log
