#include "containment/call_watch.hpp"

#include <algorithm>

namespace omnibroker::core {

std::vector<CallWatch::Event> CallWatch::look(Clock::time_point now) {
  std::vector<Event> events;
  const bool first = last_look_ == Clock::time_point{};
  const auto passed = first ? Clock::duration(0) : std::min(now - last_look_, pause_);
  last_look_ = now;
  for (const auto* marks = all_thread_marks(); marks != nullptr; marks = marks->next()) {
    auto& thread = thread_of(*marks);
    follow(thread, now, passed, events);
    find_late(thread, now, events);
  }
  return events;
}

CallWatch::Thread& CallWatch::thread_of(const ThreadMarks& marks) {
  const auto found =
      std::find_if(threads_.begin(), threads_.end(), [&](const Thread& one) { return one.marks == &marks; });
  if (found != threads_.end()) return *found;
  auto& made = threads_.emplace_back();
  made.marks = &marks;
  return made;
}

void CallWatch::follow(Thread& thread, Clock::time_point now, Clock::duration passed, std::vector<Event>& events) {
  bool one_came_back = false;
  for (std::size_t frame = ThreadMarks::kDepth; frame > 0; --frame) {
    auto& call = thread.calls[frame - 1];
    const auto seen = thread.marks->look(frame - 1);
    if (seen.entry == call.seen.entry) {
      call.watched += passed;
    } else {
      if (call.reported) {
        events.push_back({Event::Kind::CameBack, call.seen.place, call.seen.call, thread.number, now - call.since});
        one_came_back = true;
      }
      call = {seen, now, Clock::duration(0), false};
    }
    // What it had waited for until now was not its own doing.
    if (one_came_back && !call.reported) call.watched = Clock::duration(0);
  }
  thread.number = thread.marks->thread();
}

void CallWatch::find_late(Thread& thread, Clock::time_point now, std::vector<Event>& events) const {
  for (std::size_t frame = ThreadMarks::kDepth; frame > 0; --frame) {
    auto& call = thread.calls[frame - 1];
    if (call.seen.entry == 0 || call.seen.place == nullptr) continue;
    if (may_take_long(call.seen.call)) return;  // and so may what waits for it
    if (call.watched < deadline_) continue;
    if (!call.reported) {
      events.push_back({Event::Kind::Late, call.seen.place, call.seen.call, thread.number, now - call.since});
      call.reported = true;
    }
    return;  // those further out wait for this one
  }
}

}  // namespace omnibroker::core
