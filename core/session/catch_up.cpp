#include "session/catch_up.hpp"

#include <limits>

namespace omnibroker::core {

CatchUp::CatchUp(std::vector<Source> sources, std::uint64_t began, std::vector<Initial> initial)
    : sources_(std::move(sources)), began_(began), initial_(std::move(initial)) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    now_.push_back({i, std::numeric_limits<LatestValues::Slot>::max(), sources_[i].since});
  }
  begin_pass();
}

void CatchUp::begin_pass() {
  before_.swap(now_);
  now_.clear();
  at_before_ = 0;
  source_ = 0;
  slot_ = 0;
}

std::uint64_t CatchUp::visited_at(std::size_t source, LatestValues::Slot slot) {
  // Slots come in order, so the place in the last pass only moves on. Behind its end: a slot that was not there yet.
  while (at_before_ < before_.size() && (before_[at_before_].source < source ||
                                         (before_[at_before_].source == source && before_[at_before_].end <= slot))) {
    ++at_before_;
  }
  const bool found = at_before_ < before_.size() && before_[at_before_].source == source;
  return found ? before_[at_before_].sequence : sources_[source].since;
}

bool CatchUp::wants(const Selection& selection, const Source& source, const LatestValues::Entry& entry) {
  const bool newer = entry.sequence > visited_at(source_, slot_);
  if (newer && selection.takes(source.route, entry.key, entry.position)) return true;
  return entry.sequence <= began_ && std::any_of(initial_.begin(), initial_.end(), [&](const Initial& initial) {
           return initial.route == source.route && initial.filter.takes(entry.key, entry.position);
         });
}

bool CatchUp::give_repeats(Clock::time_point now, std::size_t most, std::size_t& given, const Visit& visit) {
  while (!repeats_.empty()) {
    if (given >= most) return false;
    const auto [route, slot] = *repeats_.begin();
    repeats_.erase(repeats_.begin());
    for (const auto& source : sources_) {
      const auto* entry = source.route == route ? source.values->at(slot, now) : nullptr;
      if (entry != nullptr) given += visit(route, *entry);
    }
  }
  return true;
}

CatchUp::Progress CatchUp::advance(const Selection& selection, std::uint64_t sequence, Clock::time_point now,
                                   std::size_t most, const Visit& visit) {
  std::size_t given = 0;
  if (!give_repeats(now, most, given, visit)) return Progress::More;
  bool whole_pass = source_ == 0 && slot_ == 0;
  std::size_t looked_at = 0;
  auto looked_at_most = first_pass_ ? kSlotsAtOnce : std::numeric_limits<std::size_t>::max();
  while (true) {
    for (; source_ < sources_.size(); ++source_, slot_ = 0) {
      const auto& source = sources_[source_];
      for (; slot_ < source.values->slots(); ++slot_) {
        if (given >= most || looked_at++ >= looked_at_most) {
          now_.push_back({source_, slot_, sequence});
          return Progress::More;
        }
        const auto* entry = source.values->at(slot_, now);
        if (entry != nullptr && wants(selection, source, *entry)) given += visit(source.route, *entry);
      }
      now_.push_back({source_, slot_, sequence});
    }
    if (whole_pass) return Progress::InSync;
    initial_.clear();
    first_pass_ = false;
    looked_at_most = std::numeric_limits<std::size_t>::max();
    begin_pass();
    whole_pass = true;
  }
}

}  // namespace omnibroker::core
