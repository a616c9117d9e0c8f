// The part of a connection that sends: what goes into one system call, and in which order.

#include "runtime/connection.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "session/session.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kBytesPerSend = 1024 * 1024;
constexpr std::size_t kPiecesPerSend = 64;

}  // namespace

Output& Connection::output() {
  if (output_ == nullptr) {
    output_ = worker_->spare_buffers().take_output();
    // What is asked for while nothing waits is due whatever waits behind it.
    output_->wake_at = std::numeric_limits<std::size_t>::max();
  }
  return *output_;
}

omnibroker_status Connection::queue(std::string_view bytes) {
  if (given_away_) return OMNIBROKER_CLOSED;
  if (state_ == State::Gone || close_asked_ || (state_ == State::Closing && output_ended_)) return OMNIBROKER_CLOSED;
  if (bytes.empty()) return OMNIBROKER_OK;
  const auto most = worker_->limits().max_control_queue.bytes;
  const auto waiting = [&] { return output_ == nullptr ? 0 : output_->control.size() - output_->control_sent; };
  const auto over = [&] { return waiting() + bytes.size() > most; };
  if (over()) flush();  // what one turn has brought together is no sign of a client that does not read
  if (state_ == State::Gone) return OMNIBROKER_CLOSED;
  if (over()) {
    worker_->shared().counters.closed_answers.add();
    cut();
    return OMNIBROKER_RESOURCE_EXHAUSTED;
  }
  output().control.append(bytes);
  worker_->mark_dirty(*this);
  return OMNIBROKER_OK;
}

std::size_t Connection::unsent() const {
  return output_ == nullptr ? 0 : output_->carried.size() + output_->control.size() - output_->control_sent;
}

void Connection::wake_when_sent(std::size_t bytes) {
  if (given_away_ || !can_wake_) return;
  wake_when_sent_ = true;
  if (output_ != nullptr) output_->wake_at = bytes;
  worker_->mark_dirty(*this);
}

void Connection::wake_if_sent() {
  if (!wake_when_sent_ || (output_ != nullptr && unsent() > output_->wake_at)) return;
  wake_when_sent_ = false;
  worker_->shared().wake(id_);
}

std::size_t Connection::gather(std::vector<iovec>& pieces) const {
  const auto add = [&pieces](std::string_view bytes) {
    if (!bytes.empty()) pieces.push_back({const_cast<char*>(bytes.data()), bytes.size()});
    return bytes.size();
  };
  std::size_t total = 0;
  std::string_view control, rest;
  if (output_ != nullptr) {
    total = add(output_->carried);
    control = std::string_view(output_->control).substr(output_->control_sent);
  }
  if (session_ != nullptr && !control.empty()) {
    if (session_->behind) rest = session_->behind->cursor.rest_of_message();
    if (rest.empty()) rest = session_->cursor.rest_of_message();
  }
  total += add(rest);
  total += add(control);
  if (session_ == nullptr || !rest.empty() || shutting_down_ || state_ != State::InExchange) return total;
  if (session_->behind) {
    const auto& cursor = session_->behind->cursor;
    const auto gathered =
        cursor.gather(pieces, kBytesPerSend - std::min(total, kBytesPerSend), kPiecesPerSend - pieces.size());
    total += gathered;
    if (gathered < cursor.pending()) return total;
  }
  return total + session_->cursor.gather(pieces, kBytesPerSend - std::min(total, kBytesPerSend),
                                         kPiecesPerSend - std::min(pieces.size(), kPiecesPerSend));
}

void Connection::sent(std::size_t bytes) {
  const auto take = [&bytes](std::size_t most) {
    const auto taken = std::min(bytes, most);
    bytes -= taken;
    return taken;
  };
  if (output_ != nullptr) output_->carried.erase(0, take(output_->carried.size()));
  const auto advance = [&](OutboundLog::Cursor& cursor, std::size_t most) {
    if (const auto taken = take(most); taken > 0) cursor.advance(taken);
  };
  if (output_ != nullptr && output_->control.size() > output_->control_sent) {
    if (session_ != nullptr && session_->behind) {
      advance(session_->behind->cursor, session_->behind->cursor.inside_message());
    }
    if (session_ != nullptr) advance(session_->cursor, session_->cursor.inside_message());
    output_->control_sent += take(output_->control.size() - output_->control_sent);
  }
  if (output_ != nullptr && output_->empty()) worker_->spare_buffers().give_back(std::move(output_));
  if (session_ == nullptr) return;
  if (session_->behind) {
    advance(session_->behind->cursor, session_->behind->cursor.pending());
    if (!session_->walking() && session_->behind->cursor.at_end()) session_->behind.reset();
  }
  advance(session_->cursor, bytes);
}

bool Connection::anything_to_send() const {
  if (output_ != nullptr || stream_.holds_output()) return true;
  if (session_ == nullptr || shutting_down_ || state_ != State::InExchange) return false;
  return (session_->behind && !session_->behind->cursor.at_end()) || !session_->cursor.at_end();
}

void Connection::flush() {
  if (state_ == State::Gone || !stream_.ready() || blocked_) return;
  if (depth_ == 0 && session_ != nullptr && session_->detached && !session_->detached->answers.empty()) {
    output().control += session_->detached->answers;
    session_->detached->answers.clear();
  }
  thread_local std::vector<iovec> pieces;
  while (true) {
    pieces.clear();
    const auto total = gather(pieces);
    if (total == 0 && !stream_.holds_output()) break;
    const auto transfer = stream_.write(pieces);
    if (transfer.outcome == Transfer::Outcome::Moved) {
      worker_->shared().counters.bytes_out.add(static_cast<std::int64_t>(transfer.bytes));
      sent(transfer.bytes);
      blocked_since_ = {};
      if (transfer.bytes == total && !stream_.holds_output()) continue;
    } else if (transfer.outcome != Transfer::Outcome::WouldBlock) {
      return cut();
    }
    blocked_ = true;
    if (blocked_since_ == Clock::time_point{}) {
      blocked_since_ = worker_->now();
      arm_deadline();
    }
    break;
  }
  if (state_ == State::Closing && !anything_to_send() && !output_ended_) {
    stream_.end_output();
    output_ended_ = true;
    if (input_ended_) return cut();
  }
  if (state_ != State::Gone) update_interest();
  wake_if_sent();
}

}  // namespace omnibroker::core
