#include "runtime/connection.hpp"

#include "routing/envelope.hpp"
#include "runtime/endpoint.hpp"
#include "runtime/refusal.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "session/session.hpp"

#include <algorithm>
#include <cstring>
#include <sys/epoll.h>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kReadsPerTurn = 2;         // the next turn is everybody else's first
constexpr std::size_t kReadAhead = 16 * 1024;    // beyond the largest message: its frame, or a request head
constexpr std::size_t kCopiedAtMost = 4 * 1024;  // of what is left from before, to the front of the worker's buffer
constexpr std::size_t kRoomAtLeast = 8 * 1024;

// Of the 1,024 bytes that an idle client may cost (docs/performance.md). What only a busy one needs is in Output.
#if defined(__x86_64__)
static_assert(sizeof(Connection) <= 376, "an idle connection has grown");
#endif

}  // namespace

Connection::Connection(Worker& worker, std::uint64_t id, int descriptor, Peer peer, const Listener& listener)
    : worker_(&worker),
      id_(id),
      listener_(listener),
      peer_(std::move(peer)),
      stream_(descriptor, listener.tls() != nullptr ? listener.tls()->get() : nullptr) {
  worker_->shared().connection_opened();
}

Connection::~Connection() {
  auto& shared = worker_->shared();
  if (counted_address_) shared.addresses.remove(peer_.key);
  shared.connection_closed();
}

template <class Body>
void Connection::call(Call what, Body body) {
  ++depth_;
  {
    const CallMark mark(endpoint_->place, what);
    body();
  }
  --depth_;
  settle();
}

void Connection::begin() {
  since_ = last_received_ = worker_->now();
  interest_ = EPOLLIN;
  worker_->loop().add(stream_.descriptor(), interest_, *this);
  arm_deadline();
}

void Connection::begin_refused(unsigned status, std::string_view sentence) {
  counted_address_ = false;
  begin();
  if (stream_.secure()) return cut();  // an answer would cost a handshake
  refuse(status, sentence);
}

void Connection::ready(std::uint32_t events) {
  if (state_ == State::Gone) return;
  if (!stream_.ready() && !shake_hands()) return;
  if ((events & EPOLLOUT) != 0) {
    blocked_ = false;
    flush();
    shut_down_if_drained();
  }
  if (state_ == State::Gone) return;
  // The peer is gone altogether, and there is nothing that reading could still bring.
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && (input_ended_ || reading_paused())) return cut();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
  if (state_ != State::Gone) update_interest();
  if (move_to_ != 0 && state_ != State::Gone) worker_->move(*this, worker_of(move_to_));
}

bool Connection::shake_hands() {
  switch (stream_.handshake()) {
    case Transfer::Outcome::Moved: return true;
    case Transfer::Outcome::WouldBlock: update_interest(); return false;
    default: cut(); return false;
  }
}

void Connection::read() {
  if (state_ == State::Closing) return discard_input();
  for (std::size_t i = 0; i < kReadsPerTurn; ++i) {
    if (input_ended_ || reading_paused() || move_to_ != 0) return;
    if (worker_->congested()) {
      if (stream_.secure()) worker_->resume_later(*this);  // what TLS holds does not make the socket readable
      return;
    }
    // The worker's buffer is large, so that one call fetches all there is. Only what is left of a large message stays
    // in a buffer of the connection's own and grows there.
    const bool in_buffer = input_.size() > kCopiedAtMost;
    const auto held = in_buffer ? 0 : input_.size();
    const auto shared = worker_->read_buffer().first(worker_->read_buffer().size() - Envelope::kPadding);
    const auto usable =
        in_buffer ? input_.room(std::max(kRoomAtLeast, input_.size()), worker_->spare_buffers()) : shared.subspan(held);
    const auto transfer = stream_.read(usable);
    if (transfer.outcome == Transfer::Outcome::WouldBlock) return;
    if (transfer.outcome == Transfer::Outcome::Failed) return cut();
    if (transfer.outcome == Transfer::Outcome::Ended) return input_ended();
    worker_->shared().counters.bytes_in.add(static_cast<std::int64_t>(transfer.bytes));
    last_received_ = worker_->now();
    if (in_buffer) {
      input_.grew(transfer.bytes);
      process({input_.data(), input_.size()}, true);
    } else {
      if (held > 0) std::memcpy(shared.data(), input_.data(), held);
      process(shared.first(held + transfer.bytes), false);
    }
    if (state_ == State::Closing || state_ == State::Gone) return;
    if (!stream_.secure() && transfer.bytes < usable.size()) return;  // the socket is empty
  }
  if (stream_.buffered()) worker_->resume_later(*this);
}

void Connection::discard_input() {
  const auto buffer = worker_->read_buffer();
  for (std::size_t i = 0; i < kReadsPerTurn; ++i) {
    const auto transfer = stream_.read(buffer);
    if (transfer.outcome == Transfer::Outcome::Moved) continue;
    if (transfer.outcome == Transfer::Outcome::WouldBlock) return;
    input_ended_ = true;
    if (output_ended_ || transfer.outcome == Transfer::Outcome::Failed) cut();
    return;
  }
}

void Connection::process(std::span<std::uint8_t> bytes, bool in_buffer) {
  std::size_t consumed = 0;
  while (consumed < bytes.size() && move_to_ == 0) {
    const auto rest = bytes.subspan(consumed);
    if (state_ == State::ReadingHead) {
      const auto head = read_head(rest);
      if (head == 0) break;
      consumed += head;
    } else if (state_ == State::InExchange) {
      std::size_t taken = 0;
      call(Call::Receive,
           [&] { taken = endpoint_->table->receive(endpoint_->self, exchange_, rest.data(), rest.size()); });
      consumed += std::min(taken, rest.size());
      if (taken == 0 && state_ == State::InExchange) break;
    } else {
      return;
    }
  }
  if (state_ == State::Closing || state_ == State::Gone) return;  // what was left went with the exchange
  if (in_buffer) {
    input_.consume(consumed, worker_->spare_buffers());
  } else {
    input_.assign(bytes.subspan(consumed), worker_->spare_buffers());
  }
}

std::size_t Connection::read_head(std::span<std::uint8_t> bytes) {
  auto& head = worker_->request_head();
  if (!head_begun_) {
    head_begun_ = true;
    since_ = worker_->now();
    arm_deadline();
  }
  switch (head.parse(bytes)) {
    case RequestHead::Verdict::Incomplete: return 0;
    case RequestHead::Verdict::Bad: refuse(head.refusal_status(), head.refusal()); return bytes.size();
    case RequestHead::Verdict::Complete: break;
  }
  const auto size = head.size();
  const bool stopping = worker_->shared().stopping.load();
  auto* mount = stopping ? nullptr : listener_.find(head.path());
  if (mount != nullptr && mount->drained.load(std::memory_order_acquire)) {
    refuse(503, "Nothing is taken at this path for now, try again later", !head.is_head_method());
  } else if (mount != nullptr) {
    open_exchange(*mount->next());
  } else if (stopping) {
    refuse(503, "The server is stopping", !head.is_head_method());
  } else if (head.has_body() || head.request("/")->keep_alive == 0) {
    refuse(404, "There is nothing at this path", !head.is_head_method());
  } else {
    worker_->shared().counters.refused_heads.add();
    head_begun_ = false;
    since_ = worker_->now();
    static_cast<void>(
        queue(refusal_response(listener_, 404, "There is nothing at this path", true, !head.is_head_method())));
    arm_deadline();
  }
  return size;
}

void Connection::open_exchange(Endpoint& endpoint) {
  state_ = State::InExchange;
  ++exchange_number_;
  endpoint_ = &endpoint;
  endpoint.exchanges.fetch_add(1, std::memory_order_relaxed);
  endpoint.opened.fetch_add(1, std::memory_order_relaxed);
  head_begun_ = false;
  request_ended_ = close_asked_ = false;
  since_ = worker_->now();
  auto request = *worker_->request_head().request(endpoint.path);
  request.secure = stream_.secure() ? 1 : 0;
  watch_for_wake_ups(endpoint.can_be_woken());
  omnibroker_status status = OMNIBROKER_INTERNAL;
  call(Call::Open, [&] {
    status = endpoint.table->open(endpoint.self, reinterpret_cast<omnibroker_connection*>(this), &request, &exchange_);
    if (status != OMNIBROKER_OK) {
      exchange_ = nullptr;
      endpoint.failed.fetch_add(1, std::memory_order_relaxed);
    }
    if (status != OMNIBROKER_OK && !request_ended_ && !close_asked_) {
      worker_->shared().counters.refused_heads.add();
      static_cast<void>(queue(refusal_response(listener_, 500, "Internal error", false, true)));
      close(true);
    }
  });
  if (state_ == State::InExchange) arm_deadline();
}

void Connection::refuse(unsigned status, std::string_view sentence, bool with_body) {
  worker_->shared().counters.refused_heads.add();
  static_cast<void>(queue(refusal_response(listener_, status, sentence, false, with_body)));
  begin_closing();
}

void Connection::input_ended() {
  input_ended_ = true;
  if (state_ == State::ReadingHead) {
    begin_closing();
  } else if (state_ == State::InExchange) {
    if (endpoint_->table->end_of_input == nullptr || exchange_ == nullptr) {
      close(true);
      settle();
    } else {
      call(Call::EndOfInput, [&] { endpoint_->table->end_of_input(endpoint_->self, exchange_); });
    }
  }
  if (state_ != State::Gone) update_interest();
}

void Connection::settle() {
  if (depth_ > 0 || state_ == State::Gone || state_ == State::Closing) return;
  if (close_asked_) {
    close_asked_ = false;
    if (close_flush_) return begin_closing();
    return cut();
  }
  if (!request_ended_) return;
  request_ended_ = false;
  if (!keep_alive_ || input_ended_) return begin_closing();
  finish_exchange();
  state_ = State::ReadingHead;
  since_ = worker_->now();
  arm_deadline();
}

void Connection::finish_exchange() {
  transport_timer_.cancel();
  if (session_ != nullptr) {
    auto& session = *session_;
    leave_session();
    if (!session.detached) worker_->close_session(session);
  }
  if (exchange_ != nullptr) {
    auto* exchange = exchange_;
    exchange_ = nullptr;
    const CallMark mark(endpoint_->place, Call::Closed);
    endpoint_->table->closed(endpoint_->self, exchange);
  }
  wake_when_sent_ = false;
  if (can_wake_) worker_->shared().wake_ups.remove(id_);
  can_wake_ = false;
  if (endpoint_ != nullptr) std::exchange(endpoint_, nullptr)->exchanges.fetch_sub(1, std::memory_order_release);
}

void Connection::begin_closing() {
  if (state_ == State::Gone) return;
  finish_exchange();
  state_ = State::Closing;
  input_.consume(input_.size(), worker_->spare_buffers());
  move_to_ = 0;
  since_ = worker_->now();
  arm_deadline();
  worker_->mark_dirty(*this);
}

void Connection::cut() {
  if (state_ == State::Gone) return;
  if (depth_ > 0) {
    close_asked_ = true;
    close_flush_ = false;
    return;
  }
  finish_exchange();
  state_ = State::Gone;
  core_timer_.cancel();
  worker_->loop().remove(stream_.descriptor());
  worker_->bury(*this);
}

void Connection::shut_down(omnibroker_shutdown_reason reason, std::string_view sentence) {
  if (state_ == State::Gone || state_ == State::Closing || shutting_down_) return;
  if (depth_ > 0) {  // a component is never called from inside its own call
    worker_->post([id = id_, reason, text = std::string(sentence)](Worker& worker) {
      if (auto* connection = worker.find_connection(id)) connection->shut_down(reason, text);
    });
    return;
  }
  if (state_ == State::ReadingHead || exchange_ == nullptr) return begin_closing();
  if (reason == OMNIBROKER_SHUTDOWN_GOING_AWAY && waiting_reason_ == 0 && session_ != nullptr) {
    flush();
    if (state_ == State::InExchange && anything_to_send()) {
      waiting_reason_ = reason;
      shutdown_since_ = worker_->now();
      return arm_deadline();
    }
    if (state_ != State::InExchange) return;
  }
  shutting_down_ = true;
  waiting_reason_ = 0;
  shutdown_since_ = worker_->now();
  call(Call::Shutdown, [&] {
    endpoint_->table->shutdown(endpoint_->self, exchange_, reason, {sentence.data(), sentence.size()});
  });
  if (state_ != State::Gone) {
    arm_deadline();
    worker_->mark_dirty(*this);
  }
}

void Connection::reply(std::uint32_t exchange, std::uint64_t correlation, const omnibroker_reply& reply) {
  if (exchange != exchange_number_ || state_ != State::InExchange || exchange_ == nullptr) return;
  if (endpoint_->table->reply == nullptr) return;
  call(Call::Reply, [&] { endpoint_->table->reply(endpoint_->self, exchange_, correlation, &reply); });
  // Not from here: the router may still be at work on the message that is answered.
  if (state_ != State::Gone && (!input_.empty() || stream_.buffered())) worker_->resume_later(*this);
}

void Connection::woken() {
  if (!worker_->shared().wake_ups.take(id_) || state_ != State::InExchange || exchange_ == nullptr) return;
  call(Call::Woken, [&] { endpoint_->table->woken(endpoint_->self, exchange_); });
  resume_input();
}

void Connection::resume_input() {
  if (depth_ > 0) return;
  if ((state_ == State::ReadingHead || state_ == State::InExchange) && !input_.empty()) {
    process({input_.data(), input_.size()}, true);
  }
  if (state_ != State::Gone && stream_.buffered()) read();
  if (state_ == State::Gone) return;
  update_interest();
  if (move_to_ != 0) worker_->move(*this, worker_of(move_to_));
}

void Connection::leave_session() {
  auto& session = *session_;
  if (session.behind) {
    carry(session.behind->cursor.rest_of_message());
    session.behind->cursor.finish_message();
  }
  carry(session.cursor.rest_of_message());
  session.cursor.finish_message();
  session.receiver = nullptr;
  session.last_used = worker_->now();
  session_ = nullptr;
}

void Connection::receive_for(Session* session) {
  if (session_ != nullptr && session_ != session) leave_session();
  session_ = session;
  if (session == nullptr) return;
  if (session->receiver != nullptr && session->receiver != this) {
    auto* earlier = session->receiver;
    earlier->receive_for(nullptr);
    earlier->shut_down(OMNIBROKER_SHUTDOWN_RESTART, "Another connection receives for this session now");
  }
  session->receiver = this;  // its answers follow when the component has written what must come before them
  worker_->mark_dirty(*this);
}

void Connection::end_request(bool keep_alive) {
  if (given_away_) return;
  request_ended_ = true;
  keep_alive_ = keep_alive;
}

void Connection::close(bool flush) {
  if (given_away_) return;
  if (!flush && !close_asked_ && endpoint_ != nullptr) endpoint_->failed.fetch_add(1, std::memory_order_relaxed);
  close_asked_ = true;
  close_flush_ = flush;
}

void Connection::set_timer(std::chrono::nanoseconds after) {
  if (given_away_) return;
  if (after.count() == 0) return transport_timer_.cancel();
  transport_deadline_ = worker_->now() + std::chrono::duration_cast<Clock::duration>(after);
  worker_->timers().arm(transport_timer_, transport_deadline_);
}

omnibroker_status Connection::attach(omnibroker_session number) {
  if (given_away_) return OMNIBROKER_CLOSED;
  if (session_ != nullptr) return session_->number == number ? OMNIBROKER_OK : OMNIBROKER_CONFLICT;
  if (worker_of(number) != worker_->index()) {
    if (worker_of(number) >= worker_->shared().workers.size()) return OMNIBROKER_NOT_FOUND;
    move_to_ = number;
    return OMNIBROKER_OK;
  }
  auto* session = worker_->find_session(number);
  if (session == nullptr) return OMNIBROKER_NOT_FOUND;
  receive_for(session);
  return OMNIBROKER_OK;
}

void Connection::depart() {
  worker_->loop().remove(stream_.descriptor());
  core_timer_.cancel();
  moving_timer_ = transport_timer_.armed();
  transport_timer_.cancel();
}

void Connection::arrive(Worker& worker) {
  worker_ = &worker;
  interest_ = EPOLLIN;
  worker.loop().add(stream_.descriptor(), interest_, *this);
  if (moving_timer_) worker.timers().arm(transport_timer_, transport_deadline_);
  const auto number = std::exchange(move_to_, 0);
  if (auto* session = worker.find_session(number)) {
    receive_for(session);
  } else {
    shut_down(OMNIBROKER_SHUTDOWN_GOING_AWAY, "The session has ended");
  }
  if (state_ == State::Gone) return;
  arm_deadline();
  worker.mark_dirty(*this);
  resume_input();
  if (can_wake_ && state_ != State::Gone && worker.shared().wake_ups.move(id_, worker.index())) worker.wake(id_);
}

bool Connection::reading_paused() const {
  if (state_ == State::Closing) return false;
  return input_.size() >= worker_->largest_input() + kReadAhead;
}

void Connection::shut_down_if_drained() {
  if (state_ == State::InExchange && waiting_reason_ != 0 && !anything_to_send()) {
    shut_down(waiting_reason_, "The server is going away");
  }
}

void Connection::update_interest() {
  if (state_ == State::Gone) return;
  std::uint32_t wanted = 0;
  if (!input_ended_ && !reading_paused()) wanted |= EPOLLIN;
  if (blocked_ || stream_.wants_write()) wanted |= EPOLLOUT;
  if (wanted == interest_) return;
  interest_ = wanted;
  worker_->loop().modify(stream_.descriptor(), wanted, *this);
}

void Connection::transport_timer_passed() {
  if (state_ != State::InExchange || exchange_ == nullptr || endpoint_->table->timer == nullptr) return;
  call(Call::Timer, [&] { endpoint_->table->timer(endpoint_->self, exchange_); });
  resume_input();
}

}  // namespace omnibroker::core
