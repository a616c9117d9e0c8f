#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace omnibroker::core {

/// What plugin code is entered for; the names are those of the functions in abi.h.
enum class Call : std::uint8_t {
  Load,  ///< Mapping the library and asking for its descriptor.
  Create,
  Configure,
  Prepare,
  Start,
  Reconfigure,
  Drain,
  Stop,
  Destroy,
  Health,
  Handle,
  Filter,
  Open,
  Receive,
  EndOfInput,
  Timer,  ///< Of a connection, or of the executor table.
  Woken,
  Reply,
  Shutdown,
  Closed,
  Refusal,
  Encode,
  SessionExport,
  SessionImport,
  StateExport,
  StateImport,
  Ack,
  Error,
  Welcome,
  Status,
  Deliver,
  RunBlocking,
};
inline constexpr std::size_t kCallCount = static_cast<std::size_t>(Call::RunBlocking) + 1;

/// `session_export`. A text that ends with a zero and lives as long as the process.
const char* name_of(Call call);
/// It has a deadline of its own (the steps of a lifecycle), or may take as long as it wants (blocking work).
bool may_take_long(Call call);

/// A plugin's library, as reports name it.
struct PluginFacts {
  std::string name;      ///< `websocket`
  std::string file;      ///< As found, not the staged copy.
  std::string sha256;    ///< Of its content, hex.
  std::string build_id;  ///< Hex; empty: it has none.
};

/// One component, as a mark refers to it.
///
/// Lifecycle: never destroyed, since a signal handler and the watchdog read it at any time; a few hundred bytes for
/// each component that was ever made, beside a library that stays mapped, too. Threads: any.
struct CallPlace {
  std::string component;                        ///< `transports.realtime`; empty: a library that is being loaded.
  std::string type;                             ///< Of the component.
  const PluginFacts* plugin = nullptr;          ///< Null: made by no library of the catalog, as in tests.
  mutable std::atomic<unsigned> generation{0};  ///< 0: it has none.
};

/// A new place, for the rest of the process.
const CallPlace& new_place(std::string component, std::string type, const PluginFacts* plugin);

/// What one thread is inside of. Written by that thread alone, read by its signal handler and by the watchdog.
///
/// Calls nest (a transport submits a message, for which a handler is called): each has a frame, the outermost the
/// first. What is deeper than kDepth is not kept.
///
/// Lifecycle: never destroyed; given to another thread when its own has ended. Threads: as said.
class ThreadMarks {
 public:
  static constexpr std::size_t kDepth = 16;

  /// One call: `entry` tells it from every other call of this thread. Zero: none.
  struct Seen {
    const CallPlace* place = nullptr;  ///< Null: the core's own code, called back by a component.
    Call call = Call::Handle;
    std::uint64_t entry = 0;
  };
  /// What is in a frame now. From any thread, and from a signal handler.
  Seen look(std::size_t frame) const;
  /// The thread's number; 0: no thread has these marks.
  pid_t thread() const { return thread_.load(std::memory_order_acquire); }

  const ThreadMarks* next() const { return next_; }

 private:
  friend class CallMark;
  friend struct MarksOfThisThread;

  struct Frame {
    // `entry` is cleared before `place` changes and set behind it, so whoever finds the same `entry` before and after
    // reading `place` has read what belongs to it.
    std::atomic<const CallPlace*> place{nullptr};
    std::atomic<std::uint64_t> entry{0};
  };
  static constexpr unsigned kCallBits = 8;

  std::array<Frame, kDepth> frames_;
  std::size_t depth_ = 0;      // of its own thread
  std::uint64_t entries_ = 0;  // of its own thread
  std::atomic<pid_t> thread_{0};
  ThreadMarks* next_ = nullptr;
};

namespace detail {
inline constinit thread_local ThreadMarks* marks_of_this_thread = nullptr;
}  // namespace detail

/// Gives the calling thread its marks, and a stack on which a signal can be handled when its own is used up. Where a
/// thread does not ask for them, the first CallMark does.
ThreadMarks& register_this_thread();
/// Null: it has none. For a signal handler.
inline const ThreadMarks* marks_of_this_thread() { return detail::marks_of_this_thread; }
/// The first of all; the others by `next`.
const ThreadMarks* all_thread_marks();

/// Stands where plugin code is entered, for as long as the call lasts.
///
/// On the hot path: two stores to enter and one to leave; no clock, no lock, no read-modify-write, no allocation (but
/// for the first one on a thread). Threads: its own.
class CallMark {
 public:
  /// `place`: null for the core's own code, where it is called back by a component.
  CallMark(const CallPlace* place, Call call)
      : marks_(detail::marks_of_this_thread != nullptr ? *detail::marks_of_this_thread : register_this_thread()) {
    const auto at = marks_.depth_++;
    if (at >= ThreadMarks::kDepth) return;
    auto& frame = marks_.frames_[at];
    frame.place.store(place, std::memory_order_release);
    const auto entry = ++marks_.entries_ << ThreadMarks::kCallBits | static_cast<std::uint64_t>(call);
    frame.entry.store(entry, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~CallMark() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    const auto at = --marks_.depth_;
    if (at < ThreadMarks::kDepth) marks_.frames_[at].entry.store(0, std::memory_order_relaxed);
  }
  CallMark(const CallMark&) = delete;
  CallMark& operator=(const CallMark&) = delete;

 private:
  ThreadMarks& marks_;
};

}  // namespace omnibroker::core
