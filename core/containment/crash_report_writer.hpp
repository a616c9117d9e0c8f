#pragma once

#include "containment/call_marks.hpp"

#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string_view>

namespace omnibroker::core {

/// Text that is written to a descriptor without allocating anything, for signal handlers. What does not fit is written
/// in between. Characters that could break a line of the report become `?`.
class SignalText {
 public:
  explicit SignalText(int descriptor) : descriptor_(descriptor) {}
  ~SignalText() { flush(); }
  SignalText(const SignalText&) = delete;
  SignalText& operator=(const SignalText&) = delete;

  SignalText& operator<<(std::string_view text);
  SignalText& operator<<(char character);
  SignalText& decimal(std::uint64_t number, unsigned least_digits = 1);
  SignalText& hex(std::uintptr_t number);
  void flush();

 private:
  const int descriptor_;
  std::size_t size_ = 0;
  std::array<char, 512> buffer_;
};

/// `2026-11-21T10:00:00Z`, or with `compact` `20261121T100000Z`. Answers the length; `out` has 21 bytes at least.
std::size_t format_time(std::time_t time, bool compact, std::span<char> out);

/// What a crash report says, as the signal handler found it.
struct CrashFacts {
  int signal = 0;
  const siginfo_t* info = nullptr;
  std::time_t time = 0;
  pid_t process = 0;
  pid_t thread = 0;
  std::string_view thread_name;
  std::string_view version;
  const ThreadMarks* marks = nullptr;  ///< Of the thread; null: it has none.
};

// Both are for signal handlers: no lock, no allocation, nothing but `write`.

/// All that is known before the stack is walked: it is on the disk even where walking it does not come to an end.
/// Answers whether that names a plugin.
bool write_crash_head(SignalText& out, const CrashFacts& facts);
/// The stack, each frame as a library and an offset, and the build ids of those libraries. Where the head could not
/// name a plugin, the first one on the stack is named: a thread of a plugin's own has no marks.
void write_crash_stack(SignalText& out, std::span<void* const> frames, bool named);

/// A sentence for standard error.
void write_crash_sentence(SignalText& out, const CrashFacts& facts, std::string_view report);

/// `SIGSEGV`, for those that crash reports are about.
std::string_view crash_signal_name(int signal);

}  // namespace omnibroker::core
