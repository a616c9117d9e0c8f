// The part of a connection that knows time: how long each state may last, and what happens then.

#include "runtime/connection.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "session/session.hpp"

#include <algorithm>

namespace omnibroker::core {
namespace {

constexpr std::chrono::seconds kDrainBeforeShutdown{1};

}  // namespace

void Connection::arm_deadline() {
  const auto& limits = worker_->limits();
  auto next = Clock::time_point::max();
  const auto at = [&next](Clock::time_point from, std::chrono::nanoseconds after) {
    if (after.count() > 0) next = std::min(next, from + std::chrono::duration_cast<Clock::duration>(after));
  };
  switch (state_) {
    case State::ReadingHead:
      at(since_, head_begun_ || !stream_.ready() ? limits.head_timeout : limits.keep_alive_timeout);
      break;
    case State::Closing: at(since_, limits.linger); break;
    case State::InExchange:
      if (shutting_down_) at(shutdown_since_, limits.stop_timeout);
      if (waiting_reason_ != 0) at(shutdown_since_, kDrainBeforeShutdown);
      if (blocked_since_ != Clock::time_point{}) at(blocked_since_, limits.max_stall);
      if (session_ != nullptr && !session_->detached && !shutting_down_) {
        if (session_->role < 0) at(session_->opened, limits.register_timeout);
        at(last_received_, limits.idle_timeout);
      }
      break;
    case State::Gone: return;
  }
  if (next == Clock::time_point::max()) return core_timer_.cancel();
  worker_->timers().arm(core_timer_, next);
}

void Connection::deadline_passed() {
  const auto& limits = worker_->limits();
  const auto now = worker_->now();
  const auto over = [now](Clock::time_point from, std::chrono::nanoseconds after) {
    return after.count() > 0 && now - from >= after;
  };
  if (state_ == State::Closing) {
    if (over(since_, limits.linger)) return cut();
  } else if (state_ == State::ReadingHead) {
    if (!stream_.ready()) return cut();
    if (head_begun_ && over(since_, limits.head_timeout)) return refuse(408, "The request head did not come in time");
    if (!head_begun_ && over(since_, limits.keep_alive_timeout)) return begin_closing();
  } else if (state_ == State::InExchange) {
    if (shutting_down_ && over(shutdown_since_, limits.stop_timeout)) return cut();
    if (blocked_since_ != Clock::time_point{} && over(blocked_since_, limits.max_stall)) {
      worker_->shared().counters.closed_slow.add();
      return cut();  // it does not read, so it would not read why either
    }
    if (waiting_reason_ != 0 && over(shutdown_since_, kDrainBeforeShutdown)) {
      shut_down(waiting_reason_, "The server is going away");
    } else if (session_ != nullptr && !session_->detached && !shutting_down_) {
      if (session_->role < 0 && over(session_->opened, limits.register_timeout)) {
        worker_->shared().counters.closed_unregistered.add();
        shut_down(OMNIBROKER_SHUTDOWN_POLICY, "The client did not register in time");
      } else if (over(last_received_, limits.idle_timeout)) {
        worker_->shared().counters.closed_idle.add();
        shut_down(OMNIBROKER_SHUTDOWN_IDLE, "Nothing came for too long");
      }
    }
  }
  if (state_ != State::Gone) arm_deadline();
}

}  // namespace omnibroker::core
