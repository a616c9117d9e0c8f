#pragma once

#include "broker/running.hpp"
#include "broker/stand_still.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace omnibroker::core {

/// Gives what components know to those that take their places (omnibroker_state_v1), while all workers stand still.
///
/// Lifecycle: `add` each change, `run`. Where that has carried anything the workers stand still from then on, so that
/// they can turn to the new components, until `end` or the destructor.
/// Threads: the one that changes the running broker.
class StateTransfer {
 public:
  explicit StateTransfer(Broker::Running& broker) : broker_(broker) {}
  StateTransfer(const StateTransfer&) = delete;
  StateTransfer& operator=(const StateTransfer&) = delete;

  /// Nothing, where neither keeps anything, or the seat has connections: these are handed over one by one.
  void add(const Seat& seat, Component& to);
  /// An error: nobody stands still, and everything goes on as it was; a successor may have taken something.
  Status run();
  /// After an error: the components were asked. Otherwise a worker did not come to a stand, or the broker stops.
  bool was_tried() const { return was_tried_; }
  /// Those that stand still; null: nobody does.
  StandStill* still() { return still_.get(); }
  void end();
  /// The successors begin without it all the same, for this reason.
  void give_up(const std::string& reason);
  /// What became of the component that the report is about.
  void report_to(SwapReport& report) const;

 private:
  struct Pair {
    std::string name;
    Component& from;
    Component& to;
    CarriedState carried;
  };

  Status carry_all();

  Broker::Running& broker_;
  std::vector<Pair> pairs_;
  std::unique_ptr<StandStill> still_;
  bool was_tried_ = false;
  bool is_busy_ = false;  // why the last try came to nothing
  Clock::time_point begun_{};
  Clock::duration stood_still_{};
};

}  // namespace omnibroker::core
