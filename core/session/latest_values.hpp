#pragma once

#include "session/position.hpp"
#include "session/stamp.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace omnibroker::core {

/// The newest message of each key of one route, for those who join later or have fallen behind.
///
/// Each key has a slot, a small number that stays while the key is kept: what others remember about a key they remember
/// by its slot. Bounded in number: past it the key that was updated longest ago goes, and is counted. Bounded in age,
/// where asked for. An update of a known key allocates nothing once its message has had its largest size.
///
/// Threads: one; each worker keeps its own, so that what a joiner gets fits exactly to the log it joins.
class LatestValues {
 public:
  using Clock = std::chrono::steady_clock;
  using Slot = std::uint32_t;
  static constexpr Slot kNoSlot = ~Slot{0};

  struct Entry {
    std::string key;
    std::string message;
    Position position;
    Stamp stamp;
    std::uint64_t sequence = 0;  ///< Of the message, on this worker.
    std::uint64_t born = 0;      ///< Of the key's first message: another key in the same slot has another one.
    Clock::time_point updated;

   private:
    friend class LatestValues;
    bool used = false;
    Slot older = kNoSlot;
    Slot newer = kNoSlot;
  };

  LatestValues(std::size_t most, Clock::duration max_age) : most_(most), max_age_(max_age) {}

  /// Keeps `message` as the newest of `key`, unless what is kept has a newer stamp: then that stays as it is.
  /// `sequence` rises with every call. Answers the key's slot; kNoSlot where nothing is kept at all.
  Slot put(std::string_view key, std::string_view message, const Position& position, std::uint64_t sequence,
           Clock::time_point now, const Stamp& stamp = {});

  /// The slots in use lie below this.
  Slot slots() const { return static_cast<Slot>(entries_.size()); }
  /// Null: nobody's slot, or too old.
  const Entry* at(Slot slot, Clock::time_point now) const;
  /// Null: nothing of this key, or too old.
  const Entry* find(std::string_view key, Clock::time_point now) const;
  /// Shows the entries that came after `sequence`, the newest first, until `visit` answers false.
  template <class Visit>
  void each_after(std::uint64_t sequence, Clock::time_point now, Visit visit) const {
    for (auto slot = newest_; slot != kNoSlot && entries_[slot].sequence > sequence; slot = entries_[slot].older) {
      if (is_fresh(entries_[slot], now) && !visit(slot, entries_[slot])) return;
    }
  }
  /// Other bounds from now on; what is beyond them goes.
  void set_bounds(std::size_t most, Clock::duration max_age);
  /// Lets go of everything: what comes has another kind of key.
  void clear() { shrink_to(0); }
  /// Lets go of what is too old.
  void expire(Clock::time_point now);

  /// Those whose key begins with `prefix` and comes behind `after`, by key, at most `most`.
  std::vector<const Entry*> in_order(std::string_view prefix, std::string_view after, std::size_t most,
                                     Clock::time_point now) const;

  std::size_t size() const { return index_.size(); }
  std::uint64_t evicted() const { return evicted_; }

 private:
  bool is_fresh(const Entry& entry, Clock::time_point now) const {
    return max_age_ == Clock::duration::zero() || now - entry.updated <= max_age_;
  }
  void shrink_to(std::size_t most);
  Slot take_slot();
  void unlink(Entry& entry);
  void link_newest(Slot slot);
  void drop_oldest();

  std::size_t most_;
  Clock::duration max_age_;
  std::deque<Entry> entries_;  // by slot; they never move, so that keys can be looked up by view
  std::vector<Slot> free_;
  std::unordered_map<std::string_view, Slot> index_;
  Slot oldest_ = kNoSlot;
  Slot newest_ = kNoSlot;
  std::uint64_t evicted_ = 0;
};

}  // namespace omnibroker::core
