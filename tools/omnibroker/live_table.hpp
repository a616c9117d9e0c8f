#pragma once

#include "messages.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace omnibroker::tools {

/// A table of where everything is, redrawn in place a few times a second, with a line to type in under it.
///
/// Lifecycle: takes the terminal's other screen, and gives it back at the end.
/// Threads: one.
class LiveTable {
 public:
  explicit LiveTable(std::string where);
  LiveTable(const LiveTable&) = delete;
  LiveTable& operator=(const LiveTable&) = delete;
  ~LiveTable();

  void take(const Message& message);
  /// Shows a sentence above the line to type in: an error, a selection that was sent, a lost connection.
  void say(std::string sentence);
  /// A line was typed: the terminal has moved on, so everything is drawn again.
  void typed();

  /// Draws if it is time, and answers how long until it will be.
  std::chrono::milliseconds refresh();

 private:
  using Clock = std::chrono::steady_clock;

  void draw() const;

  struct Row {
    Message last;
    std::uint64_t updates = 0;
    Clock::time_point at;
  };

  const std::string where_;
  std::map<std::string, Row> rows_;
  std::uint64_t updates_ = 0, updates_at_draw_ = 0;
  double per_second_ = 0;
  std::string sentence_;
  Clock::time_point drawn_{};
};

}  // namespace omnibroker::tools
