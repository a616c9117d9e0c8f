#include "session/catch_up.hpp"

#include <limits>
#include <tuple>

namespace omnibroker::core {

/// One call of `advance`.
struct CatchUp::Step {
  const Selection& selection;
  const std::uint64_t sequence;
  const Clock::time_point now;
  std::size_t& budget;
  const Visit& visit;

  bool spent() const { return budget == 0; }
  void spend(std::size_t cost) { budget -= std::min(budget, cost); }
  void give(std::size_t route, const LatestValues::Entry& entry, Reason reason) { spend(visit(route, entry, reason)); }
};

CatchUp::CatchUp(std::vector<Source> changes) : changes_(std::move(changes)) {
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    now_.push_back({i, std::numeric_limits<LatestValues::Slot>::max(), changes_[i].since});
  }
  begin_pass();
}

CatchUp::Progress CatchUp::advance(const Selection& selection, std::uint64_t sequence, Clock::time_point now,
                                   std::size_t& budget, const Visit& visit) {
  Step step{selection, sequence, now, budget, visit};
  if (!give_repeats(step) || !give_snapshots(step)) return Progress::More;
  while (!give_all_changes(step)) {
    if (!go_on(step)) return Progress::More;
  }
  return Progress::Done;
}

bool CatchUp::give_repeats(Step& step) {
  while (!repeats_.empty()) {
    if (step.spent()) return false;
    const auto repeat = *repeats_.begin();
    repeats_.erase(repeats_.begin());
    step.spend(kLook);
    const auto* entry = repeat.values->at(repeat.slot, step.now);
    if (entry != nullptr) step.give(repeat.route, *entry, Reason::Change);
  }
  return true;
}

bool CatchUp::give_snapshots(Step& step) {
  while (!snapshots_.empty()) {
    auto& snapshot = snapshots_.front();
    for (; snapshot.left > 0; --snapshot.left) {
      if (step.spent()) return false;
      step.spend(kLook);
      const auto* entry = snapshot.values->at(snapshot.next, step.now);
      snapshot.next = (snapshot.next + 1) % snapshot.values->slots();
      if (entry == nullptr || !snapshot.filter.takes(entry->key, entry->position)) continue;
      const bool streamed = step.selection.takes(snapshot.route, entry->key, entry->position);
      const bool comes_anyway = streamed && entry->sequence > snapshot.began;
      if (comes_anyway || (snapshot.selected && !streamed)) continue;
      step.give(snapshot.route, *entry, Reason::Snapshot);
    }
    snapshots_.erase(snapshots_.begin());
  }
  return true;
}

/// Gives whatever is newer than what the walk has visited, if that fits into half of the budget: the other half is for
/// going on, where it does not.
bool CatchUp::give_all_changes(Step& step) {
  std::vector<std::pair<std::size_t, const LatestValues::Entry*>> newer;
  const auto most = step.budget / 2;
  std::size_t looks = 0;
  std::size_t bytes = 0;
  const auto fits = [&] { return looks + bytes <= most; };
  for (std::size_t i = 0; i < changes_.size() && fits(); ++i) {
    const auto& source = changes_[i];
    source.values->each_after(visited_first(i), step.now, [&](auto slot, const LatestValues::Entry& entry) {
      looks += kLook;
      const bool wanted =
          entry.sequence > visited_at(i, slot) && step.selection.takes(source.route, entry.key, entry.position);
      if (wanted) {
        newer.emplace_back(source.route, &entry);
        bytes += entry.message.size();
      }
      return fits();
    });
  }
  const bool all = fits();
  step.spend(looks);
  if (!all) return false;
  std::reverse(newer.begin(), newer.end());  // the newest was seen first
  for (const auto& [route, entry] : newer) step.give(route, *entry, Reason::Change);
  return true;
}

/// The pass in the order of the slots. False when the budget is spent.
bool CatchUp::go_on(Step& step) {
  for (; source_ < changes_.size(); ++source_, slot_ = 0) {
    const auto& source = changes_[source_];
    for (; slot_ < source.values->slots(); ++slot_) {
      if (step.spent()) {
        now_.push_back({source_, slot_, step.sequence});
        return false;
      }
      step.spend(kLook);
      const auto* entry = source.values->at(slot_, step.now);
      if (entry == nullptr || entry->sequence <= visited_at(source_, slot_)) continue;
      if (step.selection.takes(source.route, entry->key, entry->position)) {
        step.give(source.route, *entry, Reason::Change);
      }
    }
    now_.push_back({source_, slot_, step.sequence});
  }
  begin_pass();
  return true;
}

void CatchUp::begin_pass() {
  before_.swap(now_);
  now_.clear();
  source_ = 0;
  slot_ = 0;
}

std::uint64_t CatchUp::visited_at(std::size_t source, LatestValues::Slot slot) const {
  const bool passed = std::tie(source, slot) < std::tie(source_, slot_);
  const auto& visits = passed ? now_ : before_;
  const auto at = std::tie(source, slot);
  const auto found = std::upper_bound(visits.begin(), visits.end(), at, [](const auto& wanted, const Visited& visited) {
    return wanted < std::tie(visited.source, visited.end);
  });
  // Behind the end of the last pass: a slot that was not there yet.
  const bool known = found != visits.end() && found->source == source;
  return known ? found->sequence : changes_[source].since;
}

/// The sequence up to which nothing of this source is left to be given.
std::uint64_t CatchUp::visited_first(std::size_t source) const {
  auto first = std::numeric_limits<std::uint64_t>::max();
  for (const auto& visited : before_) {
    if (visited.source == source) first = std::min(first, visited.sequence);
  }
  return first;
}

}  // namespace omnibroker::core
