#pragma once

#include "containment/call_marks.hpp"

#include <array>
#include <chrono>
#include <vector>

namespace omnibroker::core {

/// Finds calls into components that do not come back, by looking at the marks of all threads now and then: the same
/// entry, seen again and again for the deadline, is one. Nothing is asked of the threads themselves.
///
/// A call that waits for a nested one that is late is not late itself. Time in which nobody looked, because the whole
/// process stood still, counts as one pause between two looks. What is reported is right to within that pause.
///
/// Threads: one at a time.
class CallWatch {
 public:
  using Clock = std::chrono::steady_clock;

  CallWatch(Clock::duration deadline, Clock::duration pause) : deadline_(deadline), pause_(pause) {
    threads_.reserve(kUsualThreads);
  }

  struct Event {
    enum class Kind { Late, CameBack };
    Kind kind = Kind::Late;
    const CallPlace* place = nullptr;
    Call call = Call::Handle;
    pid_t thread = 0;
    Clock::duration lasted{0};  ///< So far, or in all.
  };
  /// What has become known since the last look: each late call once, and once more when it has come back.
  std::vector<Event> look(Clock::time_point now);

 private:
  struct Followed {
    ThreadMarks::Seen seen;
    Clock::time_point since{};
    Clock::duration watched{0};
    bool reported = false;
  };
  struct Thread {
    const ThreadMarks* marks = nullptr;
    pid_t number = 0;
    std::array<Followed, ThreadMarks::kDepth> calls;
  };

  Thread& thread_of(const ThreadMarks& marks);
  void follow(Thread& thread, Clock::time_point now, Clock::duration passed, std::vector<Event>& events);
  void find_late(Thread& thread, Clock::time_point now, std::vector<Event>& events) const;

  static constexpr std::size_t kUsualThreads = 64;  // looking at so many allocates nothing

  const Clock::duration deadline_;
  const Clock::duration pause_;
  Clock::time_point last_look_{};
  std::vector<Thread> threads_;
};

}  // namespace omnibroker::core
