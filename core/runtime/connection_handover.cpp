// The part of a connection that moves from one generation of its transport to the next.

#include "runtime/connection.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "session/session.hpp"

#include <tuple>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMostBlob = 64 * 1024;     // abi.h, session_export
constexpr std::size_t kMostPending = 64 * 1024;  // more is copied only where it does not become less

std::size_t pending(const Session& session) {
  return session.cursor.pending() + (session.behind ? session.behind->cursor.pending() : 0);
}

}  // namespace

void Connection::watch_for_wake_ups(bool wanted) {
  auto& wake_ups = worker_->shared().wake_ups;
  if (wanted && !can_wake_) wake_ups.add(id_, worker_->index());
  if (!wanted && can_wake_) wake_ups.remove(id_);
  can_wake_ = wanted;
}

Handover::Result Connection::hand_over(Handover& handover, Patience patience) {
  auto& from = handover.from;
  auto& to = handover.to;
  if (endpoint_ != &from || state_ != State::InExchange || exchange_ == nullptr) return Handover::Result::NotConcerned;
  if (depth_ > 0 || move_to_ != 0 || request_ended_ || close_asked_) return Handover::Result::Busy;
  if (patience == Patience::Left && session_ != nullptr && pending(*session_) > kMostPending) {
    return Handover::Result::Busy;
  }
  if (from.handover == nullptr || to.handover == nullptr) return Handover::Result::Unsupported;

  std::string blob;
  const StringSink blob_sink(blob);
  ++depth_;  // what a component asks for meanwhile waits until the connection is somebody's again
  const auto exported = [&] {
    const CallMark mark(from.place, Call::SessionExport);
    return from.handover->session_export(from.self, exchange_, blob_sink.get());
  }();
  --depth_;
  if (exported == OMNIBROKER_UNAVAILABLE) return Handover::Result::Busy;
  if (exported != OMNIBROKER_OK || blob.size() > kMostBlob) return Handover::Result::Unsupported;

  const auto asked = std::tuple(close_asked_, close_flush_, request_ended_, keep_alive_, move_to_);
  const bool armed = transport_timer_.armed();
  const auto deadline = transport_deadline_;
  const auto variant = std::exchange(variant_, 0);
  transport_timer_.cancel();
  watch_for_wake_ups(from.can_be_woken() || to.can_be_woken());  // it may begin something at once
  std::string reason;
  const StringSink reason_sink(reason);
  void* imported = nullptr;
  ++depth_;
  const auto status = [&] {
    const CallMark mark(to.place, Call::SessionImport);
    return to.handover->session_import(to.self, reinterpret_cast<omnibroker_connection*>(this),
                                       {blob.data(), blob.size()}, &imported, reason_sink.get());
  }();
  --depth_;
  if (status != OMNIBROKER_OK) {
    std::tie(close_asked_, close_flush_, request_ended_, keep_alive_, move_to_) = asked;
    transport_timer_.cancel();
    transport_deadline_ = deadline;
    variant_ = variant;
    if (armed) worker_->timers().arm(transport_timer_, deadline);
    watch_for_wake_ups(from.can_be_woken());
    handover.note_refusal(reason.empty() ? "without a reason; the log may have one" : reason);
    return Handover::Result::Refused;
  }
  given_away_ = true;
  {
    const CallMark mark(from.place, Call::Closed);
    from.table->closed(from.self, std::exchange(exchange_, imported));
  }
  given_away_ = false;
  to.exchanges.fetch_add(1, std::memory_order_relaxed);  // first, so that whoever adds both up misses nobody
  from.exchanges.fetch_sub(1, std::memory_order_release);
  endpoint_ = &to;
  watch_for_wake_ups(to.can_be_woken());
  if (session_ != nullptr) worker_->use_endpoint(*session_, to, variant_);
  settle();
  if (state_ != State::Gone) worker_->resume_later(*this);  // what it had not consumed it shows the new one
  return Handover::Result::Moved;
}

}  // namespace omnibroker::core
