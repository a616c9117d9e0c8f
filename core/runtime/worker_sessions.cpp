// The part of a worker that knows sessions: what follows from a decision of the router.

#include "runtime/shared.hpp"
#include "runtime/worker.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

constexpr std::chrono::seconds kDecisionDeadline{30};

omnibroker_payload payload_of(std::string_view bytes) {
  return {sizeof(omnibroker_payload), OMNIBROKER_TEXT_PAYLOAD, omnibroker::text(bytes)};
}

}  // namespace

void Worker::add_bridge_sessions() {
  if (index_ != 0) return;
  const auto& bridges = pipeline_->bridges;
  for (std::size_t i = 0; i < bridges.size(); ++i) {
    if (i == bridge_sessions_.size()) {
      auto& made = *bridge_sessions_.emplace_back(std::make_unique<Session>());
      made.number = shared_.sessions.next_number(index_);
      made.client_id = ClientId("bridge");
    }
    auto& session = *bridge_sessions_[i];
    const int role = bridges[i].self == nullptr ? -1 : static_cast<int>(bridges[i].role);
    if (session.role >= 0) count_member(static_cast<std::size_t>(session.role), -1);
    if (role >= 0) count_member(static_cast<std::size_t>(role), 1);
    session.role = role;
  }
}

Session* Worker::open_session(Connection& connection, bool detached, std::string_view key, std::string& error) {
  const auto number = shared_.sessions.next_number(index_);
  auto session = std::make_unique<Session>();
  session->number = number;
  session->client_id = ClientId(SessionDirectory::make_client_id());
  session->variant = connection.variant();
  session->endpoint = connection.endpoint();
  session->opened = session->last_used = now_;
  if (detached) {
    session->detached = std::make_unique<Detached>();
    session->detached->key = key;
    if (!shared_.sessions.add_key(session->detached->key, number)) {
      error = "There are as many sessions as there may be";
      return nullptr;
    }
  }
  auto* opened = session.get();
  sessions_.emplace(number, std::move(session));
  shared_.sessions.opened();
  shared_.counters.sessions.add();
  if (!detached) connection.receive_for(opened);
  shared_.log.debug("Client connected", {{"client", opened->client_id.text()}, {"peer", connection.peer().name}});
  return opened;
}

Session* Worker::find_session(omnibroker_session number) {
  const auto found = sessions_.find(number);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Worker::close_session(Session& session) {
  const auto found = sessions_.find(session.number);
  if (found == sessions_.end()) return;
  const auto owned = std::move(found->second);
  sessions_.erase(found);
  if (auto* receiver = session.receiver) {
    receiver->receive_for(nullptr);
    receiver->shut_down(OMNIBROKER_SHUTDOWN_GOING_AWAY, "The session has ended");
  }
  fanout_.leave(session);
  if (session.detached) shared_.sessions.remove_key(session.detached->key);
  shared_.sessions.closed(session.role);
  shared_.counters.sessions.add(-1);
  shared_.log.debug("Client gone", {{"client", session.client_id.text()}, {"dropped", session.dropped}});
}

void Worker::close_later(const Session& session) {
  post([number = session.number](Worker& worker) {
    if (auto* found = worker.find_session(number)) worker.close_session(*found);
  });
}

omnibroker_status Worker::submit(Session& session, omnibroker_encoding encoding, const std::uint8_t* bytes,
                                 std::size_t size, const ReplyTo& reply_to) {
  const CallMark core(nullptr,
                      Call::Receive);  // a transport has called it, but what follows is not the transport's doing
  session.last_used = now_;
  if (routing_) {  // from inside an answer to another message: its turn comes when that one is done
    const bool posted = post_submission(
        [copy = std::string(reinterpret_cast<const char*>(bytes), size), number = session.number, encoding,
         reply_to](Worker& worker) { worker.submit_from_afar(number, encoding, copy, reply_to); });
    return posted ? OMNIBROKER_OK : OMNIBROKER_NOT_FOUND;
  }
  if (!session.rate.take(limits().messages_per_second, now_)) {
    shared_.counters.messages_over_rate.add();
    if (reply_to.correlation != 0) return OMNIBROKER_RESOURCE_EXHAUSTED;
    reply_error(session, "RATE_LIMIT_EXCEEDED", over_rate_, reply_to);
    return OMNIBROKER_OK;
  }
  shared_.counters.messages.add();
  const bool padded = (bytes >= read_buffer_.get() && bytes < read_buffer_.get() + kReadBytes) ||
                      (session.receiver != nullptr && session.receiver->owns_bytes(bytes));
  if (!padded) {
    submit_buffer_.assign(reinterpret_cast<const char*>(bytes), size);
    submit_buffer_.append(Envelope::kPadding, ' ');
    bytes = reinterpret_cast<const std::uint8_t*>(submit_buffer_.data());
  }
  routing_ = true;
  const auto& decision = router_.route(admitting().routes, session, encoding, bytes, size);
  perform(decision, session, reply_to, std::exchange(asked_, {}));
  routing_ = false;
  return OMNIBROKER_OK;
}

void Worker::submit_from_afar(omnibroker_session number, omnibroker_encoding encoding, std::string_view payload,
                              const ReplyTo& reply_to) {
  auto* session = find_session(number);
  const auto status =
      session == nullptr
          ? omnibroker_status{OMNIBROKER_NOT_FOUND}
          : submit(*session, encoding, reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(), reply_to);
  if (status == OMNIBROKER_OK) return;
  if (reply_to.correlation == 0) return;  // nobody waits for an answer
  const bool ended = status == OMNIBROKER_NOT_FOUND;
  Session nobody;
  reply_error(nobody, ended ? "CLIENT_NOT_REGISTERED" : "RESOURCE_EXHAUSTED",
              ended ? "The session has ended" : "Too many messages in a second", reply_to);
}

void Worker::run_after(std::uint64_t id, std::chrono::nanoseconds after) {
  auto timer = std::make_unique<HostTimer>(*this, id);
  timers_.arm(*timer, now_ + std::chrono::duration_cast<Clock::duration>(after));
  host_timers_.emplace(id, std::move(timer));
}

void Worker::host_timer_passed(std::uint64_t id) {
  const auto owned = host_timers_.extract(id);
  const auto entry = shared_.timers.take(id);
  if (!entry) return;  // cancelled
  {
    const CallMark mark(entry->place, Call::Timer);
    entry->work(entry->context);
  }
  entry->record->end_work();
}

void Worker::perform(const Decision& decision, Session& session, const ReplyTo& reply_to, Asked asked) {
  if (decision.kind == Decision::Kind::Pending) return put_off(decision, session, reply_to, std::move(asked));
  if (decision.token != 0) shared_.deferred.discard(decision.token);
  const auto number = session.number;
  const auto alive = [&] { return find_session(number) == &session || bridge_of(session) >= 0; };
  const bool done = decision.kind != Decision::Kind::Refused;
  if (done) {
    if (asked.role >= 0) take_role(session, asked.role);
    if (decision.kind == Decision::Kind::Accepted) {
      deliver({decision.route, admitting_->epoch, decision.payload, decision.latest_key, decision.position});
    }
    if (!alive() && reply_to.correlation == 0) return;  // it was too slow for its own message
    reply_ack(session, decision.type, decision.acknowledge, reply_to);
  } else {
    reply_error(session, decision.code, decision.message, reply_to);
  }
  for (const auto& text : decision.answers) {
    if (!alive()) return;
    answer(session, text);
  }
  if (done && asked.role >= 0 && alive()) fanout_.join(session);
  for (auto& change : asked.changes) {
    if (done && alive()) fanout_.apply(session, std::move(change));
  }
}

void Worker::put_off(const Decision& decision, const Session& session, const ReplyTo& reply_to, Asked asked) {
  auto early = shared_.deferred.fill(
      decision.token, {session.number, admitting_, decision.route, std::string(decision.payload),
                       std::string(decision.latest_key), decision.position, std::string(decision.type),
                       decision.acknowledge, std::vector<std::string>(decision.answers.begin(), decision.answers.end()),
                       std::move(asked), reply_to, now_ + kDecisionDeadline});
  if (!early) return;
  post_submission(
      [decided = std::move(*early)](Worker& home) { home.decide_deferred(decided.call, decided.decision); });
}

void Worker::decide_deferred(DeferredCall call, const LateDecision& late) {
  auto* session = find_session(call.session);
  for (const auto& bridge : bridge_sessions_) {
    if (bridge->number == call.session) session = bridge.get();
  }
  if (session == nullptr) {
    Session nobody;
    if (call.reply_to.correlation != 0) {
      reply_error(nobody, "CLIENT_NOT_REGISTERED", "The session has ended", call.reply_to);
    }
    return;
  }
  if (!late.role.empty() && call.asked.role < 0) call.asked.role = admitting().routes.role(late.role);
  call.answers.insert(call.answers.end(), late.answers.begin(), late.answers.end());
  // It goes to whom messages of its type go now, everywhere alike.
  const auto& route = admitting().routes.routes()[call.route->index];
  Decision decision;
  decision.route = &route;
  decision.type = call.type;
  decision.acknowledge = call.acknowledge || late.acknowledge;
  decision.answers = call.answers;
  const bool done = late.action == OMNIBROKER_ACCEPT || late.action == OMNIBROKER_CONSUME;
  const bool has_role = call.asked.role >= 0 && session->role >= 0;  // another message was faster
  if (done && has_role && session->role != call.asked.role) {
    decision.code = call.route->failure_code;
    decision.message = "The client has registered with another role meanwhile";
  } else if (late.action == OMNIBROKER_ACCEPT && route.require_receiver && receivers(route) == 0) {
    decision.code = call.route->failure_code;
    decision.message = route.nobody_there;
  } else if (late.action == OMNIBROKER_ACCEPT) {
    decision.kind = Decision::Kind::Accepted;
    decision.payload = late.payload.empty() ? std::string_view(call.payload) : late.payload;
    decision.latest_key = call.latest_key;
    decision.position = call.position;
    const bool same_fields =
        route.latest_by == call.route->latest_by && route.position_fields == call.route->position_fields;
    if (!late.payload.empty() || !same_fields) router_.read_again(decision);
  } else if (late.action == OMNIBROKER_CONSUME) {
    decision.kind = Decision::Kind::Consumed;
  } else {
    decision.code = late.code.empty() ? std::string_view("INTERNAL_ERROR") : late.code;
    decision.message = late.code.empty() ? std::string_view("Internal error") : late.message;
  }
  if (has_role) call.asked.role = -1;
  routing_ = true;
  perform(decision, *session, call.reply_to, std::move(call.asked));
  routing_ = false;
}

void Worker::publish(std::size_t bridge, std::string_view payload) {
  if (bridge >= bridge_sessions_.size()) {  // it has just been started, and the pipeline with it comes
    early_.emplace_back(bridge, payload);
    return;
  }
  shared_.published.remove(payload.size());
  static_cast<void>(submit(*bridge_sessions_[bridge], OMNIBROKER_TEXT_PAYLOAD,
                           reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size(), {}));
}

omnibroker_status Worker::register_role(Session& session, std::string_view name) {
  const int role = admitting().routes.role(name);
  if (role < 0) return OMNIBROKER_NOT_FOUND;
  const int has = session.role >= 0 ? session.role : asked_.role;
  if (has >= 0) return has == role ? OMNIBROKER_ALREADY_EXISTS : OMNIBROKER_CONFLICT;
  asked_.role = role;
  return OMNIBROKER_OK;
}

void Worker::take_role(Session& session, int role) {
  session.role = role;
  shared_.sessions.registered(role);
  const auto& name = pipeline_->routes.roles()[static_cast<std::size_t>(role)].name;
  shared_.log.info("Client registered",
                   {{"client", session.client_id.text()}, {"role", name}, {"sessions", shared_.sessions.total()}});
}

std::uint64_t Worker::receivers(const Route& route) {
  std::uint64_t count = 0;
  for (const auto role : route.to) {
    count += shared_.sessions.with_role(role);
    for (const auto& bridge : pipeline_->bridges) count += bridge.self != nullptr && bridge.role == role ? 1 : 0;
  }
  return count;
}

std::uint64_t Worker::defer(Session& session, const Route&) { return shared_.deferred.reserve(session.number); }

bool Worker::within_rate(Session& session, const Route& route) {
  auto& rates = session.more().rates;
  auto found = std::find_if(rates.begin(), rates.end(), [&](const auto& rate) { return rate.first == route.index; });
  if (found == rates.end()) found = rates.insert(found, {route.index, TokenBucket()});
  const bool within = found->second.take(route.max_rate, now_);
  if (!within) shared_.counters.messages_over_rate.add();
  return within;
}

omnibroker_status Worker::subscribe(Session& session, const omnibroker_subscription& wanted, std::string& error) {
  Fanout::Change change;
  const auto status = fanout_.check_subscribe(session, wanted, change, error);
  if (status == OMNIBROKER_OK) asked_.changes.push_back(std::move(change));
  return status;
}

omnibroker_status Worker::unsubscribe(Session& session, std::string_view id) {
  Fanout::Change change;
  const auto status = Fanout::check_unsubscribe(session, id, change);
  if (status == OMNIBROKER_OK) asked_.changes.push_back(std::move(change));
  return status;
}

omnibroker_status Worker::snapshot(Session& session, const omnibroker_subscription& wanted, std::string& error) {
  Fanout::Change change;
  const auto status = fanout_.check_snapshot(session, wanted, change, error);
  if (status == OMNIBROKER_OK) asked_.changes.push_back(std::move(change));
  return status;
}

void Worker::agree(Session& session, std::string_view subprotocol) {
  const auto& notices = pipeline_->notices;
  if (notices.table == nullptr || subprotocol != notices.table->subprotocol) return;
  Fanout::want_notices(session);
  reply_buffer_.clear();
  const StringSink sink(reply_buffer_);
  {
    const CallMark mark(notices.place, Call::Welcome);
    notices.table->welcome(notices.self, omnibroker::text(session.client_id.text()), sink.get());
  }
  if (!reply_buffer_.empty()) answer(session, reply_buffer_);
}

void Worker::notify(Session& session, const omnibroker_notice& notice) {
  const auto& notices = pipeline_->notices;
  if (notices.table == nullptr || !session.extras || !session.extras->notices) return;
  reply_buffer_.clear();
  const StringSink sink(reply_buffer_);
  {
    const CallMark mark(notices.place, Call::Status);
    notices.table->status(notices.self, &notice, sink.get());
  }
  if (!reply_buffer_.empty()) answer(session, reply_buffer_);
}

void Worker::deliver(Delivery delivery) {
  // `now_` is of the last turn while sockets are read, and a time for each message would cost more than it says.
  if (!accepted_at_) accepted_at_ = Clock::now();
  delivery.stamp = {*accepted_at_, index_};
  deliver_here(delivery);
  const auto& route = *delivery.route;
  for (std::size_t i = 0; i < shared_.workers.size(); ++i) {
    if (i == index_) continue;
    const auto& worker = *shared_.workers[i];
    const bool wanted =
        !delivery.latest_key.empty() || (i == 0 && !pipeline_->bridges.empty()) ||
        std::any_of(route.to.begin(), route.to.end(), [&](std::size_t role) { return worker.members(role) > 0; });
    if (!wanted) continue;
    auto& outbox = outboxes_[i];
    outbox.append(
        {route.index, delivery.payload, delivery.latest_key, delivery.position, delivery.stamp, delivery.epoch});
    if (outbox.size() >= kMostOnTheirWay) congested_ = true;
  }
}

void Worker::deliver_here(const Delivery& delivery) {
  fanout_.deliver(delivery);
  if (index_ != 0 || pipeline_->bridges.empty()) return;
  const auto outgoing = payload_of(delivery.payload);
  const auto& to = delivery.route->to;
  for (const auto& bridge : pipeline_->bridges) {
    if (bridge.self == nullptr || std::find(to.begin(), to.end(), bridge.role) == to.end()) continue;
    const CallMark mark(bridge.place, Call::Deliver);
    bridge.table->deliver(bridge.self, &outgoing);
  }
}

int Worker::bridge_of(const Session& session) const {
  for (std::size_t i = 0; i < bridge_sessions_.size(); ++i) {
    if (bridge_sessions_[i].get() == &session) return static_cast<int>(i);
  }
  return -1;
}

void Worker::reply_ack(Session& session, std::string_view type, bool asked, const ReplyTo& reply_to) {
  if (!asked && reply_to.correlation == 0) return;
  reply_buffer_.clear();
  const StringSink sink(reply_buffer_);
  {
    const CallMark mark(pipeline_->reply.place, Call::Ack);
    pipeline_->reply.table->ack(pipeline_->reply.self, omnibroker::text(type), sink.get());
  }
  send_reply(session, false, {}, reply_buffer_, reply_to);
}

void Worker::reply_error(Session& session, std::string_view code, std::string_view message, const ReplyTo& reply_to) {
  shared_.counters.messages_refused.add();
  if (session.endpoint != nullptr) session.endpoint->failed.fetch_add(1, std::memory_order_relaxed);
  reply_buffer_.clear();
  const StringSink sink(reply_buffer_);
  {
    const CallMark mark(pipeline_->reply.place, Call::Error);
    pipeline_->reply.table->error(pipeline_->reply.self, omnibroker::text(code), omnibroker::text(message), sink.get());
  }
  send_reply(session, true, code, reply_buffer_, reply_to);
}

void Worker::send_reply(Session& session, bool refused, std::string_view code, const std::string& payload,
                        const ReplyTo& reply_to) {
  const omnibroker_reply reply{sizeof(omnibroker_reply), refused ? 1u : 0u, omnibroker::text(code),
                               payload_of(payload)};
  if (const int bridge = bridge_of(session); bridge >= 0) {
    const auto& port = pipeline_->bridges[static_cast<std::size_t>(bridge)];
    if (port.self == nullptr || port.table->reply == nullptr) return;
    const CallMark mark(port.place, Call::Reply);
    return port.table->reply(port.self, &reply);
  }
  if (reply_to.correlation == 0) return answer(session, payload);
  if (reply_to.worker == index_) {
    if (auto* connection = find_connection(reply_to.connection)) {
      connection->reply(reply_to.exchange, reply_to.correlation, reply);
    }
    return;
  }
  shared_.workers[reply_to.worker]->post([refused, code = std::string(code), payload, reply_to](Worker& worker) {
    const omnibroker_reply copy{sizeof(omnibroker_reply), refused ? 1u : 0u, omnibroker::text(code),
                                payload_of(payload)};
    if (auto* connection = worker.find_connection(reply_to.connection)) {
      connection->reply(reply_to.exchange, reply_to.correlation, copy);
    }
  });
}

void Worker::answer(Session& session, std::string_view payload) {
  if (const int bridge = bridge_of(session); bridge >= 0) {
    const auto& port = pipeline_->bridges[static_cast<std::size_t>(bridge)];
    const auto outgoing = payload_of(payload);
    if (port.self == nullptr) return;
    const CallMark mark(port.place, Call::Deliver);
    return port.table->deliver(port.self, &outgoing);
  }
  const auto& bytes = fanout_.encoded(*session.endpoint, session.variant, payload);
  if (session.receiver != nullptr) {
    static_cast<void>(session.receiver->queue(bytes));
  } else if (session.detached && session.detached->answers.size() + bytes.size() <= limits().max_control_queue.bytes) {
    session.detached->answers.append(bytes);
  } else {
    ++session.dropped;
    shared_.counters.answers_dropped.add();
  }
}

}  // namespace omnibroker::core
