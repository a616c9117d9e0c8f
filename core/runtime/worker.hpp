#pragma once

#include "net/event_loop.hpp"
#include "net/request_head.hpp"
#include "net/timer_wheel.hpp"
#include "routing/router.hpp"
#include "runtime/connection.hpp"
#include "runtime/departure.hpp"
#include "runtime/fanout.hpp"
#include "runtime/parcels.hpp"
#include "runtime/pipeline.hpp"
#include "runtime/reply_to.hpp"
#include "runtime/session_info.hpp"
#include "runtime/shared.hpp"
#include "runtime/spare_buffers.hpp"
#include "session/session.hpp"
#include "session/stamp.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// A thread with an event loop, and everything that lives on it: connections, sessions, and their fan-out.
///
/// One turn: sockets that are ready, what other workers sent, timers, then one flush for everybody who has something
/// pending. Nothing here is shared but the inbox; other threads reach a worker by `post`, and accepted messages cross
/// in blocks (Parcels). A worker whose messages another one does not take accepts none until they are taken, neither
/// from its own connections nor from elsewhere: what is lost between workers would be lost for clients that keep up.
///
/// Lifecycle: `start`, then `stop` (from another thread), which cuts what is still connected and joins.
/// Threads: the worker's own, but for `post`, `post_submission`, `wake`, `start`, `stop` and `members`.
class Worker final : private RoutingHost {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = std::function<void(Worker&)>;

  Worker(unsigned index, Shared& shared);
  ~Worker();

  void start();
  void stop();
  /// Runs `task` on this worker, in the order of posting. [any]
  void post(Task task);
  /// The same for what brings a message, in an order of its own: it waits while this worker is congested. False: it
  /// will not run, because the worker is ending. [any]
  bool post_submission(Task task);
  /// Members of a role on this worker. [any]
  std::uint64_t members(std::size_t role) const { return members_[role].load(std::memory_order_relaxed); }
  std::size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }

  unsigned index() const { return index_; }
  Shared& shared() { return shared_; }
  EventLoop& loop() { return loop_; }
  TimerWheel& timers() { return timers_; }
  RequestHead& request_head() { return request_head_; }
  Clock::time_point now() const { return now_; }
  const Pipeline& pipeline() const { return *pipeline_; }
  const LimitsConfig& limits() const { return pipeline_->limits; }
  /// What a connection may have received and not handled: the largest that there has been, since its transport goes by
  /// the limits that it was made with.
  std::uint64_t largest_input() const { return largest_input_; }
  Fanout& fanout() { return fanout_; }
  /// No message is accepted until another worker has taken what it was sent.
  bool congested() const { return congested_; }
  void count_member(std::size_t role, std::int64_t change) {
    members_[role].fetch_add(static_cast<std::uint64_t>(change), std::memory_order_relaxed);
  }
  SpareBuffers& spare_buffers() { return spare_buffers_; }
  std::span<std::uint8_t> read_buffer() { return {read_buffer_.get(), kReadBytes}; }

  // Connections
  void watch(Listener& listener);  ///< Accepts for all workers.
  void unwatch(Listener& listener);
  void stop_accepting();
  void adopt(int descriptor, Peer peer, const Listener& listener);
  void move(Connection& connection, unsigned to);
  void bury(Connection& connection);  ///< It closed; dies at the end of the turn.
  void mark_dirty(Connection& connection);
  /// Lets the connection go on with its input before this turn ends.
  void resume_later(Connection& connection) { to_resume_.push_back(connection.id()); }
  Connection* find_connection(std::uint64_t id);
  /// Wakes it in the next turn, if it is here then. [any]
  void wake(std::uint64_t connection);
  /// Asks every connection to end.
  void shut_down_connections();
  /// The same for those that this endpoint serves; its sessions without a connection end at once.
  void shut_down_connections_of(const Endpoint& endpoint);
  void cut_connections();
  /// Of everybody, or of a transport or service with this name: who has not been told to go.
  std::vector<std::uint64_t> staying_connections(std::string_view name) const;
  /// Tells these to go when their turns come: the earliest first.
  void send_off(std::shared_ptr<Departure> departure, std::vector<Departure::Turn> turns);
  /// Tells all at once who have not been told: they were on their way from one worker to another. Answers how many have
  /// not gone.
  std::size_t tell_those_left(Departure& departure);
  void drop_ended_departures();

  // A change of the configuration
  /// From now on everything but admission goes by `next`: what comes in by routes that other workers have already is
  /// delivered.
  void learn(std::shared_ptr<const Pipeline> next);
  /// From now on messages are admitted by the pipeline that was learned.
  void admit_by_learned();
  /// While all stand still: delivers what other workers have sent, and sends what there is for them. False: there was
  /// nothing.
  bool settle();
  /// Forgets what bridges with these indices, which no pipeline has, have published.
  void drop_early(std::size_t from_bridge);

  // Generations of transports
  /// Moves what uses one generation to another one, beginning now and going on beside everything else.
  void hand_over(std::shared_ptr<Handover> handover);
  /// From now on the session gets its messages in this generation's encoding.
  void use_endpoint(Session& session, Endpoint& endpoint, std::uint32_t variant);
  /// Whether a connection or a session of this worker needs this generation.
  bool uses(const Endpoint& endpoint) const;
  /// Nobody needs it any more, and it is about to go.
  void forget(const Endpoint& endpoint);

  // For people who look after it
  std::vector<SessionInfo> describe_sessions() const;
  /// Ends the connection of this client, or its session where it has none. False: it is not one of this worker's.
  bool kick(std::string_view client_id);

  // Sessions
  Session* open_session(Connection& connection, bool detached, std::string_view key, std::string& error);
  Session* find_session(omnibroker_session number);
  void close_session(Session& session);
  /// Behind what is being done now.
  void close_later(const Session& session);
  /// The client has agreed to a sub-protocol.
  void agree(Session& session, std::string_view subprotocol);
  /// Sends one of the broker's own messages.
  void notify(Session& session, const omnibroker_notice& notice);
  omnibroker_status submit(Session& session, omnibroker_encoding encoding, const std::uint8_t* bytes, std::size_t size,
                           const ReplyTo& reply_to);
  /// The same for a session whose message came in on another worker's connection.
  void submit_from_afar(omnibroker_session number, omnibroker_encoding encoding, std::string_view payload,
                        const ReplyTo& reply_to);
  /// A timer of the executor table.
  void run_after(std::uint64_t id, std::chrono::nanoseconds after);
  void forget_timer(std::uint64_t id) { host_timers_.erase(id); }
  void decide_deferred(DeferredCall call, const LateDecision& late);
  void publish(std::size_t bridge, std::string_view payload);

 private:
  static constexpr std::size_t kReadBytes = 256 * 1024;
  static constexpr std::size_t kMostOnTheirWay = 8 * 1024 * 1024;  // in an outbox, and in an inbox

  struct ListeningWatcher final : Watcher {
    ListeningWatcher(Worker& w, Listener& l, ListeningSocket& s) : worker(w), listener(l), socket(s) {}
    void ready(std::uint32_t) override { worker.accept(listener, socket); }
    Worker& worker;
    Listener& listener;
    ListeningSocket& socket;
  };
  struct HostTimer final : Timer {
    HostTimer(Worker& w, std::uint64_t number) : worker(w), id(number) {}
    void expired() override { worker.host_timer_passed(id); }
    Worker& worker;
    std::uint64_t id;
  };
  /// This worker's part of a handover: goes on as long as a connection is left that may move one day.
  struct MovingOn final : Timer {
    MovingOn(Worker& w, std::shared_ptr<Handover> h) : worker(w), handover(std::move(h)) {}
    void expired() override { worker.move_on(*this); }
    Worker& worker;
    const std::shared_ptr<Handover> handover;
    std::vector<std::uint64_t> left;  ///< Connections that have their turn in this round.
    std::set<std::uint64_t> staying;  ///< Connections that cannot move.
    std::size_t busy = 0;             ///< Of this round.
    unsigned round = 0;
    bool told = false;
    bool over = false;
  };
  /// This worker's part of a departure.
  struct SendingOff final : Timer {
    SendingOff(Worker& w, std::shared_ptr<Departure> d, std::vector<Departure::Turn> all)
        : worker(w), departure(std::move(d)), turns(std::move(all)) {}
    void expired() override { worker.send_off_next(*this); }
    Worker& worker;
    const std::shared_ptr<Departure> departure;
    const std::vector<Departure::Turn> turns;
    std::size_t next = 0;  ///< Of these.
    bool over = false;
  };
  struct SecondTimer final : Timer {
    explicit SecondTimer(Worker& w) : worker(w) {}
    void expired() override { worker.each_second(); }
    Worker& worker;
  };

  void begin_round(MovingOn& moving);
  void move_on(MovingOn& moving);
  void move_sessions(const Handover& handover);
  void end_moving(MovingOn& moving);
  void send_off_next(SendingOff& sending);

  void run();
  std::chrono::milliseconds until_next(bool more) const;
  void wait_for_room();
  void take_inbox();
  void deliver_arrived();
  void take_submissions();
  void resume_inputs();
  /// True where a session could take more at once.
  bool flush();
  void flush_dirty();
  void send_outboxes();
  void each_second();
  void host_timer_passed(std::uint64_t id);
  void accept(Listener& listener, ListeningSocket& socket);
  Worker& least_loaded();

  // RoutingHost
  omnibroker_status register_role(Session& session, std::string_view role) override;
  std::uint64_t receivers(const Route& route) override;
  std::uint64_t defer(Session& session, const Route& route) override;
  bool within_rate(Session& session, const Route& route) override;
  omnibroker_status subscribe(Session& session, const omnibroker_subscription& wanted, std::string& error) override;
  omnibroker_status unsubscribe(Session& session, std::string_view id) override;
  omnibroker_status snapshot(Session& session, const omnibroker_subscription& wanted, std::string& error) override;

  void perform(const Decision& decision, Session& session, const ReplyTo& reply_to, Asked asked);
  void put_off(const Decision& decision, const Session& session, const ReplyTo& reply_to, Asked asked);
  void take_role(Session& session, int role);
  void deliver(Delivery delivery);
  void deliver_here(const Delivery& delivery);
  void reply_ack(Session& session, std::string_view type, bool asked, const ReplyTo& reply_to);
  void reply_error(Session& session, std::string_view code, std::string_view message, const ReplyTo& reply_to);
  void send_reply(Session& session, bool refused, std::string_view code, const std::string& payload,
                  const ReplyTo& reply_to);
  void answer(Session& session, std::string_view payload);
  int bridge_of(const Session& session) const;

  void add_bridge_sessions();
  void tell_to_go(const std::vector<Connection*>& all);
  const Pipeline& admitting() const { return *admitting_; }

  const unsigned index_;
  Shared& shared_;
  std::shared_ptr<const Pipeline> pipeline_;
  std::shared_ptr<const Pipeline> admitting_;  // by which messages find their route
  std::shared_ptr<const Pipeline> before_;     // what others may still admit by
  EventLoop loop_;
  Clock::time_point now_;
  TimerWheel timers_;
  RequestHead request_head_;
  Router router_;
  std::vector<std::atomic<std::uint64_t>> members_;
  Fanout fanout_;
  std::unique_ptr<std::uint8_t[]> read_buffer_;
  SpareBuffers spare_buffers_;
  std::string submit_buffer_;  // a message that does not lie in a read buffer, with its padding
  std::string reply_buffer_;
  std::uint64_t largest_input_ = 0;
  std::string over_rate_;  // the sentence for a client that is over messages_per_second

  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> graveyard_;
  std::vector<Connection*> dirty_;
  std::vector<std::unique_ptr<MovingOn>> moving_;
  std::vector<std::unique_ptr<SendingOff>> sending_off_;
  std::vector<std::uint64_t> to_resume_;
  std::vector<std::uint64_t> resuming_;
  bool routing_ = false;  // the router is at work, and its decision in use
  std::unordered_map<omnibroker_session, std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> bridge_sessions_;   // by bridge, on the first worker
  std::vector<std::pair<std::size_t, std::string>> early_;  // published by bridges that no pipeline has yet
  Asked asked_;                                             // by the message that is being handled
  std::atomic<std::size_t> connection_count_{0};

  std::vector<std::unique_ptr<ListeningWatcher>> listening_;
  std::vector<Parcels> outboxes_;  // by worker
  Parcels arrived_;                // being delivered
  std::vector<Task> running_tasks_;
  std::vector<Task> running_submissions_;
  std::size_t next_submission_ = 0;               // of these, the first that has not run
  std::optional<Clock::time_point> accepted_at_;  // the first message of this turn
  bool congested_ = false;
  bool accepting_paused_ = false;
  SecondTimer second_timer_{*this};
  std::unordered_map<std::uint64_t, std::unique_ptr<HostTimer>> host_timers_;

  std::mutex mutex_;
  std::vector<Task> tasks_;        // guarded by mutex_
  std::vector<Task> submissions_;  // guarded by mutex_
  Parcels inbox_;                  // guarded by mutex_
  std::condition_variable room_;   // the inbox has been taken
  bool ending_ = false;            // guarded by mutex_
  std::thread thread_;
};

}  // namespace omnibroker::core
