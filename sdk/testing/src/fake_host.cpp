#include "state.hpp"

#include <algorithm>
#include <map>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::testing {

using detail::ConnectionState;
using detail::HostState;

std::string_view LogLine::field(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return value;
  }
  return {};
}

FakeHost::FakeHost(std::string component) : state_(std::make_unique<HostState>()) {
  state_->component = std::move(component);
  state_->self = this;
  state_->raw = {sizeof(omnibroker_host),
                 OMNIBROKER_ABI_MAJOR,
                 OMNIBROKER_ABI_MINOR,
                 "0.1.0",
                 text(state_->component),
                 [](const omnibroker_host* host, const char* id) -> const void* {
                   auto& state = HostState::of(host);
                   {
                     const std::lock_guard lock(state.mutex);
                     if (state.absent_tables.contains(std::string_view(id))) return nullptr;
                   }
                   return detail::host_table(id);
                 }};
}

FakeHost::~FakeHost() = default;

const omnibroker_host* FakeHost::raw() const { return &state_->raw; }

void FakeHost::take_away(std::string_view table_id) {
  const std::lock_guard lock(state_->mutex);
  state_->absent_tables.emplace(table_id);
}

std::vector<LogLine> FakeHost::log() const {
  const std::lock_guard lock(state_->mutex);
  return state_->log;
}

bool FakeHost::logged(std::string_view sentence, omnibroker_log_level least) const {
  const std::lock_guard lock(state_->mutex);
  return std::any_of(state_->log.begin(), state_->log.end(),
                     [&](const LogLine& line) { return line.level >= least && line.sentence == sentence; });
}

std::int64_t FakeHost::metric(std::string_view name) const {
  const std::lock_guard lock(state_->mutex);
  for (const auto& metric : state_->metrics) {
    if (metric.name == name) return metric.value.load();
  }
  return 0;
}

namespace {

/// Takes the work that falls due first, not later than `until`, and sets the clock to its time.
std::function<void()> next_due(HostState& host, std::int64_t until) {
  const std::lock_guard lock(host.mutex);
  std::int64_t due = until + 1;
  std::function<void()> action;
  for (std::size_t i = 0; i < host.timers.size(); ++i) {
    if (host.timers[i].due >= due) continue;
    due = host.timers[i].due;
    action = [&host, id = host.timers[i].id] {
      detail::Work work;
      {
        const std::lock_guard inner(host.mutex);
        const auto found = std::find_if(host.timers.begin(), host.timers.end(), [&](auto& t) { return t.id == id; });
        if (found == host.timers.end()) return;
        work = found->work;
        host.timers.erase(found);
      }
      const detail::Turn turn;
      work.run(work.context);
    };
  }
  for (ConnectionState* connection : host.connection_states) {
    if (connection->timer_due == 0 || connection->timer_due >= due) continue;
    due = connection->timer_due;
    action = [connection] {
      connection->timer_due = 0;
      connection->call([&](const auto& transport, void* self) {
        if (transport.timer != nullptr) transport.timer(self, connection->state);
      });
      connection->pump();
    };
  }
  if (action) host.now = std::max(host.now.load(), due);
  return action;
}

}  // namespace

void FakeHost::advance(std::chrono::nanoseconds by) {
  const auto until = state_->now.load() + by.count();
  while (const auto action = next_due(*state_, until)) action();
  state_->now = until;
}

std::chrono::nanoseconds FakeHost::now() const { return std::chrono::nanoseconds(state_->now.load()); }

std::size_t FakeHost::run_blocking_work() {
  std::size_t ran = 0;
  for (;; ++ran) {
    detail::Work work;
    {
      const std::lock_guard lock(state_->mutex);
      if (state_->blocking.empty()) return ran;
      work = state_->blocking.front();
      state_->blocking.pop_front();
    }
    const detail::Turn turn;
    work.run(work.context);
  }
}

std::size_t FakeHost::run_wake_ups() {
  std::size_t called = 0;
  while (true) {
    ConnectionState* connection = nullptr;
    {
      const std::lock_guard lock(state_->mutex);
      if (state_->woken.empty()) return called;
      const auto id = state_->woken.extract(state_->woken.begin()).value();
      for (auto* candidate : state_->connection_states) {
        if (candidate->id == id) connection = candidate;
      }
    }
    if (connection == nullptr || !connection->taken) continue;
    connection->call([&](const auto& transport, void* self) {
      if (transport.woken == nullptr) return;
      transport.woken(self, connection->state);
      ++called;
    });
    connection->pump();
  }
}

void FakeHost::set_blocking_queue(std::size_t capacity) {
  const std::lock_guard lock(state_->mutex);
  state_->blocking_capacity = capacity;
}

void FakeHost::set_limit(std::string_view name, std::uint64_t value) {
  const std::lock_guard lock(state_->mutex);
  state_->limits[std::string(name)] = value;
}

FakeConnection& FakeHost::connect(ComponentUnderTest& transport, std::string mount) {
  auto connection_state = std::make_unique<ConnectionState>(*state_, transport, std::move(mount));
  auto* raw_state = connection_state.get();
  std::unique_ptr<FakeConnection> connection(new FakeConnection(std::move(connection_state)));
  raw_state->self = connection.get();

  const std::lock_guard lock(state_->mutex);
  raw_state->id = state_->connections.size() + 1;
  raw_state->peer = "127.0.0.1:" + std::to_string(50'000 + raw_state->id % 10'000);
  state_->connection_states.push_back(raw_state);
  state_->connections.push_back(std::move(connection));
  return *state_->connections.back();
}

void FakeHost::refuse_sessions(std::string reason) {
  const std::lock_guard lock(state_->mutex);
  state_->session_refusal = std::move(reason);
}

void FakeHost::on_submit(std::function<RouterAnswer(const Submitted&)> router) {
  const std::lock_guard lock(state_->mutex);
  state_->router = std::move(router);
}

std::vector<Submitted> FakeHost::submitted() const {
  const std::lock_guard lock(state_->mutex);
  return state_->submitted;
}

void FakeHost::clear_submitted() {
  const std::lock_guard lock(state_->mutex);
  state_->submitted.clear();
}

std::size_t FakeHost::session_count() const {
  const std::lock_guard lock(state_->mutex);
  return state_->sessions.size();
}

void FakeHost::end_session(omnibroker_session session, ShutdownReason reason, std::string_view sentence) {
  ConnectionState* receiver = nullptr;
  {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->sessions.find(session);
    if (found == state_->sessions.end()) return;
    receiver = found->second.receiver;
    state_->sessions.erase(found);
  }
  if (receiver != nullptr) receiver->self->shutdown(reason, sentence);
}

void FakeHost::set_role_count(std::string_view role, std::uint64_t clients) {
  const std::lock_guard lock(state_->mutex);
  state_->role_counts[std::string(role)] = clients;
}

void FakeHost::keep_latest(std::string_view type) {
  const std::lock_guard lock(state_->mutex);
  state_->latest.try_emplace(std::string(type));
}

void FakeHost::set_latest(std::string_view type, std::string_view key, std::string_view payload) {
  const std::lock_guard lock(state_->mutex);
  state_->latest[std::string(type)].insert_or_assign(std::string(key),
                                                     detail::LatestState{std::string(payload), state_->now.load()});
}

std::vector<Completion> FakeHost::completions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->completions;
}

std::vector<std::string> FakeHost::published() const {
  const std::lock_guard lock(state_->mutex);
  return state_->published;
}

void FakeHost::set_publish_status(omnibroker_status status) {
  const std::lock_guard lock(state_->mutex);
  state_->publish_status = status;
}

std::vector<std::string> FakeHost::violations() const {
  const std::lock_guard lock(state_->mutex);
  return state_->violations;
}

}  // namespace omnibroker::testing
