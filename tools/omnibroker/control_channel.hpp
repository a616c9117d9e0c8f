#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace omnibroker::tools {

/// One end of a control connection: lines of text, each of which is a JSON object. Nothing here waits without an end.
///
/// Lifecycle: owns the descriptor, which does not block.
/// Threads: one.
class ControlChannel {
 public:
  /// `waker`: a descriptor that ends every wait when it becomes readable; -1: none.
  explicit ControlChannel(int descriptor, int waker = -1) : descriptor_(descriptor), waker_(waker) {}
  ~ControlChannel();
  ControlChannel(const ControlChannel&) = delete;
  ControlChannel& operator=(const ControlChannel&) = delete;

  int descriptor() const { return descriptor_; }

  enum class Got { Line, Closed, TimedOut, TooLong, Woken };
  /// The next line without its end.
  Got read_line(std::string& line, std::size_t longest, std::chrono::milliseconds patience);

  /// The other side sends nothing more: whoever asked has left.
  bool is_left() const;
  /// Sends a line. False: the other side is gone, or takes nothing.
  bool write_line(std::string_view line);
  /// Sends a line if it can go at once; one who does not read misses it.
  void offer_line(std::string_view line);

 private:
  bool wait_for(short events, std::chrono::steady_clock::time_point deadline);
  bool send_what_fits();

  const int descriptor_;
  const int waker_;
  bool woken_ = false;
  bool broken_ = false;
  std::string received_;
  std::string unsent_;
};

}  // namespace omnibroker::tools
