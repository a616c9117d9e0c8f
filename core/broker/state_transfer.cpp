#include "broker/state_transfer.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::chrono::milliseconds kBetweenTries{50};
constexpr std::chrono::seconds kBusyFor{5};

bool has_state(const Component& component) { return component.table<omnibroker_state_v1>(OMNIBROKER_STATE) != nullptr; }

Result<std::size_t> carry(Component& from, Component& to) {
  auto state = from.export_state();
  if (!state) return state.error();
  const auto size = state->size();
  if (auto status = to.import_state(std::move(*state)); !status) return status.error();
  return size;
}

}  // namespace

void StateTransfer::add(const Seat& seat, Component& to) {
  if (seat.mount != nullptr || seat.current == nullptr) return;
  auto& from = *seat.current->component;
  if (!has_state(from) && !has_state(to)) return;
  auto& refusal = pairs_.emplace_back(Pair{seat.name, from, to, {}}).carried.refusal;
  if (!has_state(from)) refusal = "the plugin before it keeps none";
  if (!has_state(to)) refusal = "its plugin takes none";
  if (from.state() == Component::State::Stuck) refusal = from.reason();
}

Status StateTransfer::run() {
  const bool any =
      std::any_of(pairs_.begin(), pairs_.end(), [](const Pair& one) { return one.carried.refusal.empty(); });
  if (!any) return {};
  const auto until = Clock::now() + kBusyFor;
  while (true) {
    begun_ = Clock::now();
    still_ = std::make_unique<StandStill>(broker_.shared->workers);
    was_tried_ = still_->all_stand();
    auto status = was_tried_ ? carry_all()
                             : Error{ErrorCode::Unavailable,
                                     "A worker is inside a call into a component for longer than 1 s; try again later"};
    if (status) return {};
    end();
    if (!was_tried_ || !is_busy_ || Clock::now() >= until) return status;
    std::unique_lock lock(broker_.ending_mutex);
    broker_.ending_changed.wait_for(lock, kBetweenTries, [&] { return broker_.ending.load(); });
    if (broker_.ending) {
      was_tried_ = false;
      return Error{ErrorCode::Unavailable, "The broker is stopping"};
    }
  }
}

Status StateTransfer::carry_all() {
  for (auto& [name, from, to, carried] : pairs_) {
    if (!carried.refusal.empty()) continue;
    const auto size = carry(from, to);
    if (!size) {
      const bool stuck = from.state() == Component::State::Stuck || to.state() == Component::State::Stuck;
      is_busy_ = !stuck && size.error().code == ErrorCode::Unavailable;
      return size.error();
    }
    carried.bytes = size.value();
  }
  return {};
}

void StateTransfer::end() {
  if (!still_) return;
  still_.reset();
  stood_still_ += Clock::now() - begun_;
}

void StateTransfer::give_up(const std::string& reason) {
  for (auto& pair : pairs_) {
    pair.carried = {};
    pair.carried.refusal = reason;
  }
}

void StateTransfer::report_to(SwapReport& report) const {
  for (const auto& pair : pairs_) {
    if (pair.name != report.name) continue;
    report.state = pair.carried;
    if (pair.carried.bytes) report.state->stood_still = stood_still_;
  }
}

}  // namespace omnibroker::core
