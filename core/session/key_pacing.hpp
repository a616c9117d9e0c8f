#pragma once

#include "session/latest_values.hpp"
#include "session/selection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace omnibroker::core {

/// What an audience remembers about the keys of a route, where its selection asks for that: when the next message of a
/// key may go, and whether the object was in a box.
///
/// A message that comes too early is not lost: when its time has come, the newest of its key goes. An object that
/// leaves every box is let through once more, so that it is seen leaving.
///
/// Keys are remembered by their slot in the last values, and each waits in one place. Nothing is allocated once every
/// slot has been seen.
/// Threads: the worker's.
class KeyPacing {
 public:
  using Clock = LatestValues::Clock;

  /// Whether this message goes now. `born`: of the slot's key.
  bool passes(std::size_t route, LatestValues::Slot slot, std::uint64_t born, const Selection::Verdict& verdict,
              Clock::time_point now);

  /// The object is known to be where the selection looks.
  void see_inside(std::size_t route, LatestValues::Slot slot, std::uint64_t born);

  struct Due {
    Clock::time_point at;
    std::size_t route = 0;
    LatestValues::Slot slot = 0;
    std::uint64_t born = 0;
  };
  /// When `take_due` has something; `max` where nothing waits.
  Clock::time_point next() const { return waiting_.empty() ? Clock::time_point::max() : waiting_.front().at; }
  /// Shows each key whose newest message waits.
  template <class Visit>
  void each_waiting(Visit visit) const {
    for (const auto& due : waiting_) {
      const auto& known = keys_[due.route][due.slot];
      if (is_of(known, due) && known.waits) visit(due.route, due.slot);
    }
  }
  /// A key whose newest message goes now; false when there is none.
  bool take_due(Clock::time_point now, Due& due);
  /// Those that wait, and some that need not any more: never more than two for each slot.
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Key {
    std::uint64_t born = 0;
    Clock::time_point last{};  // when a message went
    Clock::time_point due{};   // when the newest goes, where it is queued
    bool inside = false;
    bool waits = false;
    bool queued = false;
  };
  bool is_known(std::size_t route, LatestValues::Slot slot) const {
    return route < keys_.size() && slot < keys_[route].size();
  }
  Key& key(std::size_t route, LatestValues::Slot slot, std::uint64_t born);
  bool is_of(const Key& key, const Due& due) const { return key.born == due.born && key.queued && key.due == due.at; }
  void wait(Key& key, const Due& due);
  void drop_overtaken();

  std::vector<std::vector<Key>> keys_;  // by route, then slot
  std::size_t slots_ = 0;               // of all routes
  std::vector<Due> waiting_;            // a heap, the next in front
};

}  // namespace omnibroker::core
