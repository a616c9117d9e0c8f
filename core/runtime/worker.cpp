#include "runtime/worker.hpp"

#include "containment/call_marks.hpp"
#include "runtime/shared.hpp"
#include "telemetry/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kAcceptsPerTurn = 64;
constexpr std::size_t kMostRefusals = 1024;  // connections that are being told that there are too many
constexpr std::chrono::milliseconds kRoomCheck{1};

std::size_t largest_message(const LimitsConfig& limits) {
  return static_cast<std::size_t>(std::max(limits.max_message.bytes, limits.max_body.bytes));
}

RequestHead::Limits head_limits(const LimitsConfig& limits) {
  return {static_cast<std::size_t>(limits.max_request_head.bytes), limits.max_headers};
}

std::uint64_t largest_input(const LimitsConfig& limits) {
  return std::max({limits.max_message.bytes, limits.max_body.bytes, limits.max_request_head.bytes});
}

std::string over_rate(const LimitsConfig& limits) {
  return "No more than " + std::to_string(limits.messages_per_second) + " messages a second are taken from one client";
}

}  // namespace

Worker::Worker(unsigned index, Shared& shared)
    : index_(index),
      shared_(shared),
      pipeline_(shared.pipeline()),
      admitting_(pipeline_),
      before_(pipeline_),
      now_(Clock::now()),
      timers_(now_),
      request_head_(head_limits(limits())),
      router_(largest_message(limits()), *this),
      members_(Pipeline::kMostRoles),
      fanout_(*this, shared),
      read_buffer_(std::make_unique<std::uint8_t[]>(kReadBytes)),
      largest_input_(core::largest_input(limits())),
      over_rate_(over_rate(limits())) {
  add_bridge_sessions();
}

Worker::~Worker() { stop(); }

void Worker::learn(std::shared_ptr<const Pipeline> next) {
  before_ = std::exchange(pipeline_, std::move(next));
  request_head_.set_limits(head_limits(limits()));
  router_.set_largest_message(largest_message(limits()));
  largest_input_ = std::max(largest_input_, core::largest_input(limits()));
  over_rate_ = over_rate(limits());
  fanout_.learn(before_->routes);
  for (const auto& [id, connection] : connections_) connection->limits_changed();
}

void Worker::admit_by_learned() {
  admitting_ = pipeline_;
  add_bridge_sessions();
  for (const auto& [bridge, payload] : std::exchange(early_, {})) publish(bridge, payload);
}

void Worker::drop_early(std::size_t from_bridge) {
  std::erase_if(early_, [&](const auto& one) {
    if (one.first < from_bridge) return false;
    shared_.published.remove(one.second.size());
    return true;
  });
}

void Worker::start() {
  outboxes_.resize(shared_.workers.size());
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("worker " + std::to_string(index_)).c_str());
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  loop_.wake();
  thread_.join();
}

void Worker::post(Task task) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = tasks_.empty();
    tasks_.push_back(std::move(task));
  }
  if (was_empty) loop_.wake();
}

bool Worker::post_submission(Task task) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return false;
    was_empty = submissions_.empty();
    submissions_.push_back(std::move(task));
  }
  if (was_empty) loop_.wake();
  return true;
}

void Worker::run() {
  register_this_thread();
  timers_.arm(second_timer_, now_ + std::chrono::seconds(1));
  bool more = false;
  while (true) {
    if (congested_) wait_for_room();
    accepted_at_.reset();
    loop_.wait(until_next(more));
    now_ = Clock::now();  // one time for all of a turn: what it begins does not end before it was tried
    loop_.dispatch();
    take_inbox();
    take_submissions();
    timers_.advance(now_);
    resume_inputs();
    more = flush();
    send_outboxes();
    graveyard_.clear();
    const std::lock_guard lock(mutex_);
    const bool submitted = next_submission_ < running_submissions_.size() || !submissions_.empty();
    more = more || congested_ || submitted;
    // Where another worker takes nothing any more, what is left has nowhere to go.
    if (ending_ && tasks_.empty() && (congested_ || !submitted)) break;
  }
  cut_connections();
  graveyard_.clear();
  while (!sessions_.empty()) close_session(*sessions_.begin()->second);
}

std::chrono::milliseconds Worker::until_next(bool more) const {
  if (more) return std::chrono::milliseconds(0);
  const auto now = Clock::now();
  const auto timer = timers_.until_next(now);
  const auto due = fanout_.next_due();
  if (due == Clock::time_point::max()) return timer;
  const auto wait = std::max(std::chrono::ceil<std::chrono::milliseconds>(due - now), std::chrono::milliseconds(0));
  return timer.count() < 0 ? wait : std::min(timer, wait);
}

void Worker::take_inbox() {
  {
    const std::lock_guard lock(mutex_);
    running_tasks_.swap(tasks_);
    arrived_.swap(inbox_);
  }
  room_.notify_all();
  deliver_arrived();
  for (auto& task : running_tasks_) task(*this);
  running_tasks_.clear();
}

void Worker::deliver_arrived() {
  arrived_.each([this](const Parcels::Parcel& parcel) {
    const auto& of = parcel.epoch == before_->epoch ? *before_ : *pipeline_;
    const auto& route = of.routes.routes()[parcel.route];
    deliver_here({&route, of.epoch, parcel.payload, parcel.latest_key, parcel.position, parcel.stamp});
  });
  arrived_.clear();
}

bool Worker::settle() {
  {
    const std::lock_guard lock(mutex_);
    arrived_.swap(inbox_);
  }
  room_.notify_all();
  bool any = !arrived_.empty();
  deliver_arrived();
  // What this turn had left for others counts, too: they may have looked already.
  for (const auto& outbox : outboxes_) any = any || !outbox.empty();
  send_outboxes();
  return any || congested_;
}

/// As many as there is room for; the rest waits for the next turn.
void Worker::take_submissions() {
  if (next_submission_ == running_submissions_.size()) {
    running_submissions_.clear();
    next_submission_ = 0;
    const std::lock_guard lock(mutex_);
    running_submissions_.swap(submissions_);
  }
  while (!congested_ && next_submission_ < running_submissions_.size()) {
    const auto submission = std::exchange(running_submissions_[next_submission_++], {});
    submission(*this);
  }
}

void Worker::resume_inputs() {
  resuming_.swap(to_resume_);
  for (const auto id : resuming_) {
    if (auto* connection = find_connection(id)) connection->resume_input();
  }
  resuming_.clear();
  if (!to_resume_.empty()) loop_.wake();  // what one turn leaves is the next one's
}

bool Worker::flush() {
  fanout_.mark_due();
  flush_dirty();
  // Only now, when everybody has been offered what there is, does it show who is behind.
  const bool more = fanout_.settle();
  flush_dirty();
  return more;
}

void Worker::flush_dirty() {
  for (std::size_t i = 0; i < dirty_.size(); ++i) {  // flushing one may mark another
    dirty_[i]->clear_dirty();
    dirty_[i]->flush();
    dirty_[i]->shut_down_if_drained();
  }
  dirty_.clear();
}

void Worker::send_outboxes() {
  congested_ = false;
  for (std::size_t i = 0; i < outboxes_.size(); ++i) {
    auto& outbox = outboxes_[i];
    if (outbox.empty()) continue;
    auto& target = *shared_.workers[i];
    bool was_empty = false;
    {
      const std::lock_guard lock(target.mutex_);
      was_empty = target.inbox_.empty();
      if (was_empty) {
        target.inbox_.swap(outbox);
      } else if (target.inbox_.size() < kMostOnTheirWay) {
        target.inbox_.append(outbox);
        outbox.clear();
      } else {
        congested_ = true;
        continue;
      }
    }
    outbox.clear();
    if (was_empty) target.loop_.wake();
  }
}

void Worker::wait_for_room() {
  congested_ = false;
  shared_.counters.congested.add();
  for (std::size_t i = 0; i < outboxes_.size(); ++i) {
    if (outboxes_[i].empty()) continue;
    auto& target = *shared_.workers[i];
    std::unique_lock lock(target.mutex_);
    // Not for long: this one's own inbox must be taken, too.
    if (!target.room_.wait_for(lock, kRoomCheck, [&] { return target.inbox_.size() < kMostOnTheirWay; }))
      congested_ = true;
  }
}

void Worker::each_second() {
  timers_.arm(second_timer_, now_ + std::chrono::seconds(1));
  fanout_.each_second();
  for (auto& outbox : outboxes_) outbox.release_unused();
  arrived_.release_unused();
  {
    const std::lock_guard lock(mutex_);
    inbox_.release_unused();
  }
  for (auto& call : shared_.deferred.take_overdue(index_, now_)) {
    decide_deferred(call, {OMNIBROKER_REFUSE, call.route->failure_code, "No decision came in time", {}});
  }
  std::vector<Session*> unused;
  for (const auto& [number, session] : sessions_) {
    if (session->detached && session->receiver == nullptr && now_ - session->last_used >= limits().session_timeout &&
        limits().session_timeout.count() > 0) {
      unused.push_back(session.get());
    }
  }
  for (auto* session : unused) close_session(*session);
  if (accepting_paused_) {
    accepting_paused_ = false;
    for (auto& watcher : listening_) loop_.add(watcher->socket.descriptor(), EPOLLIN, *watcher);
  }
}

void Worker::watch(Listener& listener) {
  for (auto& socket : listener.sockets) {
    listening_.push_back(std::make_unique<ListeningWatcher>(*this, listener, *socket));
    if (!accepting_paused_) loop_.add(socket->descriptor(), EPOLLIN, *listening_.back());
  }
}

void Worker::unwatch(Listener& listener) {
  std::erase_if(listening_, [&](const auto& watcher) {
    if (&watcher->listener != &listener) return false;
    if (!accepting_paused_) loop_.remove(watcher->socket.descriptor());
    return true;
  });
}

void Worker::stop_accepting() {
  for (auto& watcher : listening_) loop_.remove(watcher->socket.descriptor());
  listening_.clear();
  accepting_paused_ = false;
  for (auto& listener : shared_.listeners) listener->sockets.clear();  // who comes now hears so at once
}

void Worker::accept(Listener& listener, ListeningSocket& socket) {
  for (std::size_t i = 0; i < kAcceptsPerTurn && !shared_.stopping.load(); ++i) {
    Peer peer;
    const int descriptor = socket.accept(peer);
    if (descriptor < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        shared_.log.warn("Connections cannot be accepted for a second", {{"reason", std::strerror(errno)}});
        for (auto& watcher : listening_) loop_.remove(watcher->socket.descriptor());
        accepting_paused_ = true;
        return;
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    auto& worker = least_loaded();
    if (&worker == this) {
      adopt(descriptor, std::move(peer), listener);
    } else {
      worker.connection_count_.fetch_add(1, std::memory_order_relaxed);  // now, so that a burst is spread
      worker.post([descriptor, from = std::move(peer), &listener](Worker& target) {
        target.connection_count_.fetch_sub(1, std::memory_order_relaxed);
        target.adopt(descriptor, from, listener);
      });
    }
  }
}

Worker& Worker::least_loaded() {
  Worker* best = this;
  for (const auto& worker : shared_.workers) {
    if (worker->connection_count() < best->connection_count()) best = worker.get();
  }
  return *best;
}

void Worker::adopt(int descriptor, Peer peer, const Listener& listener) {
  auto& counters = shared_.counters;
  const auto most_at_all = limits().max_connections;
  const bool full = most_at_all != 0 && shared_.open_connections() >= most_at_all;
  // Whoever comes by a Unix socket has no address; behind a proxy that would be everybody.
  const auto most = peer.name == "unix" ? 0 : limits().max_connections_per_address;
  const bool crowded = !full && !shared_.addresses.add(peer, most);
  counters.accepted.add();
  if (full && shared_.open_connections() >= most_at_all + kMostRefusals) {
    counters.refused_total.add();
    ::close(descriptor);  // there are too many even to tell them
    return;
  }
  const auto id = shared_.last_connection.fetch_add(1) + 1;
  std::unique_ptr<Connection> made;
  try {
    made = std::make_unique<Connection>(*this, id, descriptor, std::move(peer), listener);
  } catch (const std::exception& error) {
    shared_.log.error("A connection could not be set up", {{"reason", error.what()}});
    return;
  }
  auto& connection = *made;
  connections_.emplace(id, std::move(made));
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  if (full) {
    counters.refused_total.add();
    connection.begin_refused(503, "The server has as many connections as it may have");
  } else if (crowded) {
    counters.refused_address.add();
    connection.begin_refused(429, "There are too many connections from this address");
  } else {
    connection.begin();
  }
}

void Worker::move(Connection& connection, unsigned to) {
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  auto owned = std::move(found->second);
  connections_.erase(found);
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
  std::erase(dirty_, &connection);
  connection.clear_dirty();
  connection.depart();
  // A task must be copyable, and this is the one thing that is handed over whole.
  auto parcel = std::make_shared<std::unique_ptr<Connection>>(std::move(owned));
  shared_.workers[to]->post([parcel](Worker& target) {
    auto& arriving = **parcel;
    target.connections_.emplace(arriving.id(), std::move(*parcel));
    target.connection_count_.fetch_add(1, std::memory_order_relaxed);
    arriving.arrive(target);
  });
}

void Worker::bury(Connection& connection) {
  const auto found = connections_.find(connection.id());
  if (found == connections_.end()) return;
  graveyard_.push_back(std::move(found->second));
  connections_.erase(found);
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::mark_dirty(Connection& connection) {
  if (connection.set_dirty()) dirty_.push_back(&connection);
}

Connection* Worker::find_connection(std::uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void Worker::wake(std::uint64_t id) {
  post([id](Worker& worker) {
    if (auto* connection = worker.find_connection(id)) connection->woken();
  });
}

void Worker::shut_down_connections() {
  std::vector<Connection*> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  tell_to_go(all);
}

void Worker::shut_down_connections_of(const Endpoint& endpoint) {
  std::vector<Connection*> some;
  for (const auto& [id, connection] : connections_) {
    if (connection->endpoint() == &endpoint) some.push_back(connection.get());
  }
  tell_to_go(some);
  std::vector<Session*> alone;
  for (const auto& [number, session] : sessions_) {
    if (session->endpoint == &endpoint && session->receiver == nullptr) alone.push_back(session.get());
  }
  for (auto* session : alone) close_session(*session);
}

void Worker::tell_to_go(const std::vector<Connection*>& all) {
  const omnibroker_notice going{sizeof(omnibroker_notice), OMNIBROKER_NOTICE_GOING_AWAY, {}, {}, 0, 0};
  for (auto* connection : all) {
    if (connection->is_going()) continue;  // it has heard so
    if (auto* session = connection->session()) notify(*session, going);
    connection->shut_down(OMNIBROKER_SHUTDOWN_GOING_AWAY, "The server is going away");
  }
}

void Worker::cut_connections() {
  std::vector<Connection*> all;
  for (const auto& [id, connection] : connections_) all.push_back(connection.get());
  for (auto* connection : all) connection->cut();
}

}  // namespace omnibroker::core
