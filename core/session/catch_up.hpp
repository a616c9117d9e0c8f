#pragma once

#include "session/latest_values.hpp"
#include "session/selection.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace omnibroker::core {

/// What one session must still get of the latest values before it can take part in the live stream: after it has
/// joined, or fallen behind.
///
/// Nothing is copied for it. It goes through the slots of the stores, a few at a time, as fast as the session reads,
/// and gives the newest message of each key at that time. Slots that were updated behind it are for the next pass; each
/// pass visits every slot once, so a key that is updated often does not keep another one waiting. The session is in
/// sync when a whole pass fits into one call: then it has, at this instant, the newest message of every key, and each
/// at most once as it was.
///
///     slots    0  1  2  3  4  5  6  7        1st pass, three calls: [0 1 2] at 40, [3 4 5] at 47, [6 7] at 55
///     newest  41 12 30 46 52 09 11 50        2nd pass: 0 (41 > 40), 4 (52 > 47)
///
/// Lifecycle: made for one session; over when `advance` answers InSync. Threads: the worker's.
class CatchUp {
 public:
  using Clock = LatestValues::Clock;
  /// How many slots the first pass looks at in one call.
  static constexpr std::size_t kSlotsAtOnce = 8'192;
  enum class Progress { More, InSync };
  /// Takes one message; answers how many bytes that came to.
  using Visit = std::function<std::size_t(std::size_t route, const LatestValues::Entry& entry)>;

  /// `since`: up to this sequence number the session has everything of the route (0: nothing).
  struct Source {
    std::size_t route = 0;
    const LatestValues* values = nullptr;
    std::uint64_t since = 0;
  };

  /// Beside what the selection takes: of one route, messages up to `began`, whatever the session has had of them.
  struct Initial {
    std::size_t route = 0;
    Filter filter;
  };

  CatchUp(std::vector<Source> sources, std::uint64_t began, std::vector<Initial> initial = {});

  /// Gives what there is, up to about `most` bytes. `sequence`: of the newest message on this worker.
  Progress advance(const Selection& selection, std::uint64_t sequence, Clock::time_point now, std::size_t most,
                   const Visit& visit);

  /// Gives this key again, although it has not changed, and whatever the selection takes.
  void repeat(std::size_t route, LatestValues::Slot slot) { repeats_.emplace(route, slot); }
  /// What has not been given yet, for one that takes this one's place.
  const std::vector<Initial>& unfinished() const { return initial_; }

  /// Whether what it gives stands for messages of this route.
  bool covers(std::size_t route) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) { return source.route == route; });
  }
  std::uint64_t began() const { return began_; }
  const std::vector<Source>& sources() const { return sources_; }

 private:
  /// Slots below `end` (and not below the one before) were visited at `sequence`.
  struct Visited {
    std::size_t source = 0;
    LatestValues::Slot end = 0;
    std::uint64_t sequence = 0;
  };

  void begin_pass();
  bool wants(const Selection& selection, const Source& source, const LatestValues::Entry& entry);
  std::uint64_t visited_at(std::size_t source, LatestValues::Slot slot);
  bool give_repeats(Clock::time_point now, std::size_t most, std::size_t& given, const Visit& visit);

  std::vector<Source> sources_;
  std::uint64_t began_;
  std::vector<Initial> initial_;  // over with the first pass
  std::vector<Visited> before_;   // the last pass
  std::vector<Visited> now_;      // the present one
  bool first_pass_ = true;
  std::size_t at_before_ = 0;
  std::size_t source_ = 0;
  LatestValues::Slot slot_ = 0;
  std::set<std::pair<std::size_t, LatestValues::Slot>> repeats_;  // route and slot
};

}  // namespace omnibroker::core
