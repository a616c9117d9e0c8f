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

/// What one session must still get of the latest values: snapshots beside the live stream, and changes in place of it.
///
/// Nothing is copied for it. It goes through the slots of the stores, a few at a time, as fast as the session reads,
/// and gives the newest message of each key at that time.
///
/// A snapshot goes once round a route's slots, and gives of every key that was there when it began the newest message,
/// unless that is newer and comes by the live stream. So a session that has just joined takes part in the stream from
/// the start. Asked for again while it is under way, it goes round once more from where it is, so that nobody's turn is
/// put off by asking.
///
/// Changes are for a session that has left the stream of some routes (Source). Slots that were updated behind the walk
/// are for its next pass; each pass visits every slot once, so a key that is updated often does not keep another one
/// waiting. When all that is newer fits into one call, it is given, and the session has, at this instant, the newest
/// message of every key, and each at most once as it was.
///
///     slots    0  1  2  3  4  5  6  7        1st pass, three calls: [0 1 2] at 40, [3 4 5] at 47, [6 7] at 55
///     newest  41 12 30 46 52 09 11 50        then: 0 (41 > 40), 4 (52 > 47)
///
/// Lifecycle: made for one session; over when `advance` answers Done. Threads: the worker's.
class CatchUp {
 public:
  using Clock = LatestValues::Clock;
  /// What looking at one slot costs, in bytes of messages.
  static constexpr std::size_t kLook = 32;
  enum class Progress { More, Done };
  enum class Reason { Snapshot, Change };
  /// Takes one message; answers how many bytes that came to.
  using Visit = std::function<std::size_t(std::size_t route, const LatestValues::Entry& entry, Reason reason)>;

  /// `since`: up to this sequence number the session has had everything of the route.
  struct Source {
    std::size_t route = 0;
    const LatestValues* values = nullptr;
    std::uint64_t since = 0;
  };

  /// Messages that the filter takes, whatever the session has had of them.
  struct Snapshot {
    std::size_t route = 0;
    const LatestValues* values = nullptr;
    std::uint64_t began = 0;  ///< What came later is left to the live stream, where the selection takes it.
    Filter filter;
    bool selected = false;  ///< Of these, what the selection takes when their turn comes.
    LatestValues::Slot next = 0;
    LatestValues::Slot left = values->slots();  ///< Later slots hold what is newer than `began`.

    bool same_as(const Snapshot& other) const {
      return route == other.route && filter == other.filter && selected == other.selected;
    }
    void begin_again(std::uint64_t sequence) {
      began = sequence;
      left = values->slots();
    }
  };

  explicit CatchUp(std::vector<Source> changes = {});

  void add(Snapshot snapshot) { snapshots_.push_back(std::move(snapshot)); }
  /// Gives this key again, although it has not changed, and whatever the selection takes.
  void repeat(std::size_t route, const LatestValues& values, LatestValues::Slot slot) {
    repeats_.insert({route, &values, slot});
  }

  /// Gives what there is, as long as there is some of `budget`, which is in bytes. `sequence`: of the newest message on
  /// this worker.
  Progress advance(const Selection& selection, std::uint64_t sequence, Clock::time_point now, std::size_t& budget,
                   const Visit& visit);

  /// Those that are not over.
  std::vector<Snapshot>& snapshots() { return snapshots_; }
  const std::vector<Source>& changes() const { return changes_; }
  /// Whether its changes stand for messages of this route.
  bool covers(std::size_t route) const {
    return std::any_of(changes_.begin(), changes_.end(), [&](const Source& source) { return source.route == route; });
  }

 private:
  /// Slots below `end` (and not below the one before) were visited at `sequence`.
  struct Visited {
    std::size_t source = 0;
    LatestValues::Slot end = 0;
    std::uint64_t sequence = 0;
  };
  struct Repeat {
    std::size_t route = 0;
    const LatestValues* values = nullptr;
    LatestValues::Slot slot = 0;
    auto operator<=>(const Repeat&) const = default;
  };
  struct Step;

  bool give_repeats(Step& step);
  bool give_snapshots(Step& step);
  bool give_all_changes(Step& step);
  bool go_on(Step& step);
  void begin_pass();
  std::uint64_t visited_at(std::size_t source, LatestValues::Slot slot) const;
  std::uint64_t visited_first(std::size_t source) const;

  std::vector<Source> changes_;
  std::vector<Snapshot> snapshots_;
  std::set<Repeat> repeats_;
  std::vector<Visited> before_;  // the last pass
  std::vector<Visited> now_;     // the present one
  std::size_t source_ = 0;
  LatestValues::Slot slot_ = 0;
};

}  // namespace omnibroker::core
