#include "runtime/shared.hpp"

#include "runtime/worker.hpp"
#include "session/session.hpp"

#include <algorithm>

namespace omnibroker::core {
namespace {

constexpr std::size_t kPoolThreads = 4;
constexpr std::size_t kPoolQueue = 4'096;

MetricValue& counter(Metrics& metrics, const char* name, const char* doc, const char* reason = "") {
  return metrics.get(Metrics::Kind::Counter, name, doc, {}, reason);
}
MetricValue& gauge(Metrics& metrics, const char* name, const char* doc) {
  return metrics.get(Metrics::Kind::Gauge, name, doc);
}

constexpr const char* kRefused = "Connections that a limit refused.";
constexpr const char* kDropped = "Messages a client did not get.";
constexpr const char* kClosed = "Connections that the broker closed because of a limit.";

}  // namespace

Counters::Counters(Metrics& metrics)
    : connections(gauge(metrics, "connections", "Open connections.")),
      accepted(counter(metrics, "connections_accepted_total", "Connections taken.")),
      refused_total(counter(metrics, "connections_refused_total", kRefused, "max_connections")),
      refused_address(counter(metrics, "connections_refused_total", kRefused, "max_connections_per_address")),
      refused_heads(counter(metrics, "requests_refused_total", "Requests refused before a component saw them.")),
      sessions(gauge(metrics, "sessions", "Open sessions.")),
      messages(counter(metrics, "messages_total", "Messages handed to the router.")),
      messages_refused(counter(metrics, "messages_refused_total", "Messages answered with an error.")),
      messages_over_rate(counter(metrics, "messages_over_rate_total", "Messages above messages_per_second.")),
      deliveries(counter(metrics, "audience_messages_total", "Messages appended to an audience, once per worker.")),
      conflated(counter(metrics, "messages_dropped_total", kDropped, "conflated")),
      dropped_oldest(counter(metrics, "messages_dropped_total", kDropped, "dropped_oldest")),
      answers_dropped(counter(metrics, "messages_dropped_total", kDropped, "answers")),
      closed_slow(counter(metrics, "connections_closed_total", kClosed, "max_stall")),
      closed_unregistered(counter(metrics, "connections_closed_total", kClosed, "register_timeout")),
      closed_idle(counter(metrics, "connections_closed_total", kClosed, "idle_timeout")),
      closed_answers(counter(metrics, "connections_closed_total", kClosed, "max_control_queue")),
      congested(counter(metrics, "worker_waits_total", "Times that a worker waited for another one to take messages.")),
      latest_evicted(counter(metrics, "latest_evicted_total", "Last values given up because of latest_max.")),
      bytes_in(counter(metrics, "received_bytes_total", "Bytes read from connections.")),
      bytes_out(counter(metrics, "sent_bytes_total", "Bytes written to connections.")) {}

bool ComponentRecord::begin_work() {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  ++work_;
  return true;
}

void ComponentRecord::end_work(std::size_t pieces) {
  const std::lock_guard lock(mutex_);
  work_ -= pieces;
  if (work_ == 0) idle_.notify_all();
}

void ComponentRecord::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

bool ComponentRecord::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t ComponentRecord::work() const {
  const std::lock_guard lock(mutex_);
  return work_;
}

void ComponentRecord::reads_limit(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const bool known = std::find(limits_read_.begin(), limits_read_.end(), name) != limits_read_.end();
  if (!started_ && !known) limits_read_.emplace_back(name);
}

void ComponentRecord::has_started() {
  const std::lock_guard lock(mutex_);
  started_ = true;
}

std::vector<std::string> ComponentRecord::limits_read() const {
  const std::lock_guard lock(mutex_);
  return limits_read_;
}

bool ComponentRecord::wait_until_idle(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  return idle_.wait_until(lock, until, [this] { return work_ == 0; });
}

bool AddressCounts::add(const Peer& peer, std::uint32_t most) {
  const std::lock_guard lock(mutex_);
  auto& count = counts_[peer.key];
  if (most != 0 && count >= most) return false;
  ++count;
  return true;
}

void AddressCounts::remove(const std::array<std::uint8_t, 16>& key) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key);
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

std::uint64_t DeferredCalls::reserve(omnibroker_session session) {
  const std::lock_guard lock(mutex_);
  if (calls_.size() >= kMost) return 0;
  const auto token = ++last_;
  calls_[token].call.session = session;
  return token;
}

std::optional<DeferredCalls::Decided> DeferredCalls::fill(std::uint64_t token, DeferredCall call) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(token);
  if (found == calls_.end()) return std::nullopt;
  if (!found->second.decision) {
    found->second.call = std::move(call);
    return std::nullopt;
  }
  Decided decided{std::move(call), std::move(*found->second.decision)};
  calls_.erase(found);
  return decided;
}

void DeferredCalls::discard(std::uint64_t token) {
  const std::lock_guard lock(mutex_);
  calls_.erase(token);
}

DeferredCalls::Taken DeferredCalls::decide(std::uint64_t token, LateDecision& decision, DeferredCall& call) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(token);
  if (found == calls_.end() || found->second.decision) return Taken::Unknown;
  if (found->second.call.route == nullptr) {
    found->second.decision = std::move(decision);
    return Taken::Later;
  }
  call = std::move(found->second.call);
  calls_.erase(found);
  return Taken::Now;
}

std::vector<DeferredCall> DeferredCalls::take_overdue(unsigned worker, std::chrono::steady_clock::time_point now) {
  std::vector<DeferredCall> overdue;
  const std::lock_guard lock(mutex_);
  for (auto at = calls_.begin(); at != calls_.end();) {
    auto& call = at->second.call;
    if (call.route != nullptr && worker_of(call.session) == worker && call.deadline <= now) {
      overdue.push_back(std::move(call));
      at = calls_.erase(at);
    } else {
      ++at;
    }
  }
  return overdue;
}

bool DeferredCalls::uses(const void* self) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(calls_.begin(), calls_.end(), [self](const auto& entry) {
    const auto* route = entry.second.call.route;
    if (route == nullptr) return false;
    const auto& filters = route->filters;
    return route->handler == self ||
           std::any_of(filters.begin(), filters.end(), [self](const auto& step) { return step.self == self; });
  });
}

omnibroker_status decide_call(Shared& shared, std::uint64_t token, LateDecision decision) {
  DeferredCall call;
  switch (shared.deferred.decide(token, decision, call)) {
    case DeferredCalls::Taken::Unknown: return OMNIBROKER_NOT_FOUND;
    case DeferredCalls::Taken::Later: return OMNIBROKER_OK;
    case DeferredCalls::Taken::Now: break;
  }
  auto& worker = *shared.workers[worker_of(call.session)];
  worker.post_submission(
      [call = std::move(call), decision = std::move(decision)](Worker& home) { home.decide_deferred(call, decision); });
  return OMNIBROKER_OK;
}

std::uint64_t HostTimers::add(Entry entry) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kMost || entry.record->is_closed()) return 0;
  entries_.emplace(++last_, entry);
  return last_;
}

std::optional<HostTimers::Entry> HostTimers::take(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  const auto entry = found->second;
  entries_.erase(found);
  if (!entry.record->begin_work()) return std::nullopt;
  return entry;
}

void HostTimers::forget(const ComponentRecord& record) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.record == &record; });
}

bool Publications::add(std::size_t bytes) {
  const bool room = count_.fetch_add(1) < kMost;
  if (bytes_.fetch_add(bytes) < kMostBytes && room) return true;
  remove(bytes);
  return false;
}

void Publications::remove(std::size_t bytes) {
  count_.fetch_sub(1);
  bytes_.fetch_sub(bytes);
}

Shared::Shared(std::shared_ptr<const Pipeline> first, Log& process_log, Metrics& process_metrics)
    : log(process_log),
      metrics(process_metrics),
      counters(process_metrics),
      sessions(Pipeline::kMostRoles, first->limits.max_detached_sessions),
      pool(kPoolThreads, kPoolQueue),
      pipeline_(std::move(first)),
      limits_(pipeline_->limits) {}

std::shared_ptr<const Pipeline> Shared::pipeline() const {
  const std::lock_guard lock(pipeline_mutex_);
  return pipeline_;
}

void Shared::set_pipeline(std::shared_ptr<const Pipeline> next) {
  sessions.set_most_detached(next->limits.max_detached_sessions);
  const std::lock_guard lock(pipeline_mutex_);
  limits_ = next->limits;
  pipeline_.swap(next);
}

LimitsConfig Shared::limits() const {
  const std::lock_guard lock(pipeline_mutex_);
  return limits_;
}

void Shared::set_limits(LimitsConfig next) {
  const std::lock_guard lock(pipeline_mutex_);
  limits_ = next;
}

Shared::~Shared() = default;

bool Shared::wait_until_empty(std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, until, [this] { return open_.load() == 0; });
}

void Shared::connection_opened() {
  open_.fetch_add(1);
  counters.connections.add(1);
}

void Shared::connection_closed() {
  counters.connections.add(-1);
  if (open_.fetch_sub(1) == 1 && stopping.load()) {
    const std::lock_guard lock(mutex_);
    empty_.notify_all();
  }
}

}  // namespace omnibroker::core
