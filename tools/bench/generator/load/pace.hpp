#pragma once

#include "crowd.hpp"
#include "settings.hpp"

#include <cstdint>
#include <vector>

namespace omnibroker::load {

/// Decides when the publishers of a run send, and how much.
///
/// With a rate, messages are due at even distances, each from the next publisher; what a publisher cannot send for more
/// than a second is not made up for. Without one, every publisher's socket is kept full, as long as no client is
/// further behind than the window: so the server is the one that is slow, and has no reason to drop anything. What a
/// client has not got after a quarter of a second without any progress is not waited for any more.
///
/// Lifecycle: `begin` once the crowd is gathered; then `publish` in turns with the crowd's own.
/// Threads: one.
class Pace {
 public:
  /// Both outlive it.
  Pace(const Settings& settings, Crowd& crowd) : settings_(settings), crowd_(crowd) {}

  void begin(std::uint64_t now);

  /// Sends what should be out by `now`, and answers when there is more to do without anything else happening.
  std::uint64_t publish(std::uint64_t now);

 private:
  std::uint64_t publish_once(std::uint64_t now);
  std::uint64_t publish_due(std::uint64_t now);
  std::uint64_t publish_all(std::uint64_t now);
  std::uint64_t room_in_window(std::uint64_t now);
  void forgive();

  const Settings& settings_;
  Crowd& crowd_;
  std::uint64_t since_ = 0;
  std::uint64_t sent_ = 0;  // since then; with rate 0: in all
  std::size_t turn_ = 0;    // the publisher that is next
  std::uint64_t slowest_ = 0, progress_ = 0;
  std::vector<std::uint64_t> forgiven_;  // what each client is not waited for any more
};

}  // namespace omnibroker::load
