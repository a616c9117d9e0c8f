#pragma once

#include "containment/call_marks.hpp"
#include "net/event_loop.hpp"
#include "net/listener.hpp"
#include "net/stream.hpp"
#include "net/timer_wheel.hpp"
#include "runtime/handover.hpp"
#include "runtime/input_buffer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

struct Endpoint;
struct Listener;
struct Session;
class Worker;

/// One connection: reads request heads, lends the connection to the component that takes the request, and sends what is
/// queued for it.
///
///     ReadingHead --open--> InExchange --end_request--> ReadingHead ...
///          \________________________\__ close, refusal __> Closing (sends what is left, lingers) --> gone
///
/// Sending: first the rest of a message that was begun, then answers and control frames, then the session's snapshot
/// and stream, all in one system call for each turn.
///
/// Lifecycle: owned by its worker, moves to another one between callbacks, dies at the end of the turn in which it
/// closed. Every `open` that answered OK gets exactly one `closed`. Threads: its worker's.
class Connection final : public Watcher {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(Worker& worker, std::uint64_t id, int descriptor, Peer peer, const Listener& listener);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  std::uint64_t id() const { return id_; }
  const Peer& peer() const { return peer_; }
  Worker& worker() const { return *worker_; }
  Session* session() const { return session_; }
  Endpoint* endpoint() const { return endpoint_; }
  bool gone() const { return state_ == State::Gone; }
  /// It has been asked to end, or ends for another reason.
  bool is_going() const { return shutting_down_ || waiting_reason_ != 0 || is_closing(); }
  /// Nobody serves it any more; what is left to send goes out.
  bool is_closing() const { return state_ == State::Closing || state_ == State::Gone; }

  /// Begins to serve, on the worker it was made for.
  void begin();
  /// Answers a refusal of the broker's own, without having read anything, and closes.
  void begin_refused(unsigned status, std::string_view sentence);
  /// Ends it gracefully: through the transport where one has it, behind what is queued.
  void shut_down(omnibroker_shutdown_reason reason, std::string_view sentence);
  /// Ends it now.
  void cut();
  /// Sends what can be sent; called once at the end of a turn in which something was queued.
  void flush();
  /// Goes on with a shutdown that waited until everything pending had been sent.
  void shut_down_if_drained();
  /// The answer to a submit with a correlation.
  void reply(std::uint32_t exchange, std::uint64_t correlation, const omnibroker_reply& reply);
  /// Somebody has asked for its component to look after it.
  void woken();
  /// Which exchange of this connection is under way: an answer to an earlier one is for nobody.
  std::uint32_t exchange_number() const { return exchange_number_; }
  /// Goes on with input that had to wait until a request was answered.
  void resume_input();
  /// Deadlines are others now.
  void limits_changed() { arm_deadline(); }
  /// Takes over the rest of a message that was begun and whose stream the session leaves: sent before anything else.
  void carry(std::string_view rest) {
    if (!rest.empty()) output().carried.append(rest);
  }
  /// For the worker's list of connections to flush: true where it was not marked yet.
  bool set_dirty() { return !std::exchange(dirty_, true); }
  void clear_dirty() { dirty_ = false; }
  /// Something is being sent to it that it has not taken yet.
  bool blocked() const { return blocked_; }
  /// This connection carries what `session` gets; null: no longer.
  void receive_for(Session* session);
  /// Answers or control frames, ahead of data.
  omnibroker_status queue(std::string_view bytes);
  /// Which of its transport's encodings what it receives is written in.
  void set_variant(std::uint32_t variant) { variant_ = variant; }
  std::uint32_t variant() const { return variant_; }
  bool owns_bytes(const std::uint8_t* pointer) const { return input_.contains(pointer); }

  // What the connection table offers to the component that has the connection.
  void end_request(bool keep_alive);
  void close(bool flush);
  void set_timer(std::chrono::nanoseconds after);
  omnibroker_status attach(omnibroker_session session);
  std::size_t unsent() const;
  void wake_when_sent(std::size_t bytes);

  /// Whether a connection that is asked again later may say that it is busy.
  enum class Patience { Left, Gone };
  /// Gives it to another generation of its transport. What it was sent and what it sends stay whole and in order; where
  /// it does not move nothing has changed.
  Handover::Result hand_over(Handover& handover, Patience patience);

  /// Off the old worker, and onto the new one, when it moves.
  void depart();
  void arrive(Worker& worker);

  void ready(std::uint32_t events) override;

 private:
  enum class State { ReadingHead, InExchange, Closing, Gone };

  struct CoreTimer final : Timer {
    explicit CoreTimer(Connection& c) : connection(c) {}
    void expired() override { connection.deadline_passed(); }
    Connection& connection;
  };
  struct TransportTimer final : Timer {
    explicit TransportTimer(Connection& c) : connection(c) {}
    void expired() override { connection.transport_timer_passed(); }
    Connection& connection;
  };

  bool shake_hands();
  void read();
  void discard_input();
  void process(std::span<std::uint8_t> bytes, bool in_buffer);
  std::size_t read_head(std::span<std::uint8_t> bytes);
  void open_exchange(Endpoint& endpoint);
  void refuse(unsigned status, std::string_view sentence, bool with_body = true);
  void input_ended();

  /// Runs a callback of the component, then whatever the callback asked for.
  template <class Body>
  void call(Call what, Body body);
  void settle();
  void finish_exchange();
  /// Lets it be woken, or not any more.
  void watch_for_wake_ups(bool wanted);
  void wake_if_sent();
  void begin_closing();
  void leave_session();

  Output& output();
  std::size_t gather(std::vector<iovec>& pieces) const;
  void sent(std::size_t bytes);
  bool anything_to_send() const;
  void update_interest();
  void arm_deadline();
  void deadline_passed();
  void transport_timer_passed();
  bool reading_paused() const;

  Worker* worker_;
  const std::uint64_t id_;
  const Listener& listener_;
  Peer peer_;
  Stream stream_;
  State state_ = State::ReadingHead;

  Endpoint* endpoint_ = nullptr;
  void* exchange_ = nullptr;
  std::uint32_t exchange_number_ = 0;
  std::uint32_t variant_ = 0;
  Session* session_ = nullptr;

  InputBuffer input_;
  std::unique_ptr<Output> output_;  // null: nothing is owed

  // What a component asked for while a callback of its was under way.
  int depth_ = 0;
  bool request_ended_ = false;
  bool keep_alive_ = false;
  bool close_asked_ = false;
  bool close_flush_ = false;
  omnibroker_session move_to_ = 0;

  bool wake_when_sent_ = false;  // down to Output::wake_at
  bool dirty_ = false;
  bool head_begun_ = false;
  bool input_ended_ = false;
  bool output_ended_ = false;
  bool blocked_ = false;  // the socket takes no more
  bool shutting_down_ = false;
  bool counted_address_ = true;
  bool moving_timer_ = false;
  bool can_wake_ = false;    // it is in the table of those that can be woken
  bool given_away_ = false;  // what the generation that lets go of it asks for is for nobody
  std::uint32_t interest_ = 0;
  std::uint32_t waiting_reason_ = 0;  // a shutdown that waits until pending data has been sent

  Clock::time_point since_{};  // of the present state
  Clock::time_point last_received_{};
  Clock::time_point blocked_since_{};
  Clock::time_point shutdown_since_{};
  Clock::time_point transport_deadline_{};
  CoreTimer core_timer_{*this};
  TransportTimer transport_timer_{*this};
};

}  // namespace omnibroker::core
