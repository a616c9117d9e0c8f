#include "containment/call_marks.hpp"

#include "containment/signal_stack.hpp"

#include <deque>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr const char* kNames[] = {
    "load",         "create",         "configure",      "prepare",      "start",        "reconfigure", "drain",
    "stop",         "destroy",        "health",         "handle",       "filter",       "open",        "receive",
    "end_of_input", "timer",          "woken",          "reply",        "shutdown",     "closed",      "refusal",
    "encode",       "session_export", "session_import", "state_export", "state_import", "ack",         "error",
    "welcome",      "status",         "deliver",        "run_blocking"};
static_assert(std::size(kNames) == kCallCount);

constinit std::atomic<ThreadMarks*> all_marks{nullptr};

}  // namespace

const char* name_of(Call call) { return kNames[static_cast<std::size_t>(call)]; }

bool may_take_long(Call call) {
  return call <= Call::Destroy || call == Call::StateExport || call == Call::StateImport || call == Call::RunBlocking;
}

const CallPlace& new_place(std::string component, std::string type, const PluginFacts* plugin) {
  static auto& mutex = *new std::mutex;
  static auto& places = *new std::deque<CallPlace>;
  const std::lock_guard lock(mutex);
  auto& place = places.emplace_back();
  place.component = std::move(component);
  place.type = std::move(type);
  place.plugin = plugin;
  return place;
}

ThreadMarks::Seen ThreadMarks::look(std::size_t frame) const {
  const auto& from = frames_[frame];
  const auto entry = from.entry.load(std::memory_order_acquire);
  if (entry == 0) return {};
  const auto* place = from.place.load(std::memory_order_acquire);
  if (from.entry.load(std::memory_order_relaxed) != entry) return {};  // it has just come back
  return {place, static_cast<Call>(entry & ((1u << kCallBits) - 1)), entry};
}

/// Takes marks out of the list of those that nobody has, and gives them back when the thread ends.
struct MarksOfThisThread {
  MarksOfThisThread() : marks(take(static_cast<pid_t>(::syscall(SYS_gettid)))) {
    detail::marks_of_this_thread = &marks;
  }
  ~MarksOfThisThread() {
    detail::marks_of_this_thread = nullptr;
    for (auto& frame : marks.frames_) frame.entry.store(0, std::memory_order_relaxed);
    marks.depth_ = 0;
    marks.thread_.store(0, std::memory_order_release);
  }

  static ThreadMarks& take(pid_t thread) {
    static auto& mutex = *new std::mutex;
    const std::lock_guard lock(mutex);
    for (auto* one = all_marks.load(std::memory_order_relaxed); one != nullptr; one = one->next_) {
      if (one->thread() != 0) continue;
      one->thread_.store(thread, std::memory_order_release);
      return *one;
    }
    auto* made = new ThreadMarks;
    made->thread_.store(thread, std::memory_order_release);
    made->next_ = all_marks.load(std::memory_order_relaxed);
    all_marks.store(made, std::memory_order_release);
    return *made;
  }

  SignalStack stack;
  ThreadMarks& marks;
};

ThreadMarks& register_this_thread() {
  static thread_local MarksOfThisThread mine;
  return mine.marks;
}

const ThreadMarks* all_thread_marks() { return all_marks.load(std::memory_order_acquire); }

}  // namespace omnibroker::core
