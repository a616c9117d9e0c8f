#include "request_head.hpp"
#include "state.hpp"

#include <algorithm>
#include <cstring>

#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_connection.hpp>

namespace omnibroker::testing {
namespace detail {
namespace {

thread_local int turn_depth = 0;
thread_local std::deque<std::function<void()>> turn_actions;

}  // namespace

Turn::Turn() { ++turn_depth; }

Turn::~Turn() {
  if (turn_depth == 1) {
    while (!turn_actions.empty()) {  // at depth 1 still: what an action calls puts off behind the present ones
      const auto action = std::move(turn_actions.front());
      turn_actions.pop_front();
      action();
    }
  }
  --turn_depth;
}

void Turn::afterwards(std::function<void()> action) { turn_actions.push_back(std::move(action)); }

ConnectionState::ConnectionState(HostState& host_state, ComponentUnderTest& transport_component, std::string mounted_at)
    : host(host_state),
      component(&transport_component),
      transport(transport_component.table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT)),
      mount(std::move(mounted_at)) {}

void ConnectionState::call(const std::function<void(const omnibroker_transport_v1&, void*)>& body) {
  const Turn turn;
  if (taken && ending == Ending::None) body(*transport, component->self());
}

void ConnectionState::open(omnibroker_status (*opening)(ConnectionState&, void**, const void*), const void* argument) {
  const Turn turn;
  ++requests_opened;
  stage = FakeConnection::Stage::Open;
  live = true;
  state = nullptr;
  const auto status = opening(*this, &state, argument);
  taken = status == OMNIBROKER_OK;
  if (taken && ending != Ending::None) return;  // answered at once: `finish` follows, with `closed`
  if (!taken && ending == Ending::None) {
    host.violation("open answered " + std::to_string(status) + " without having ended the request");
    end(Ending::Close);
  }
}

void ConnectionState::wake_if_sent() {
  if (!wake_when_sent || unsent > *wake_when_sent) return;
  wake_when_sent.reset();
  const std::lock_guard lock(host.mutex);
  host.woken.insert(id);
}

void ConnectionState::end(Ending how) {
  if (ending != Ending::None || stage == FakeConnection::Stage::Closed ||
      stage == FakeConnection::Stage::ClosedWithFlush) {
    return;
  }
  const Turn turn;
  ending = how;
  Turn::afterwards([this] { finish(); });
}

void ConnectionState::finish() {
  timer_due = 0;
  wake_when_sent.reset();
  live = false;
  if (taken) {
    taken = false;
    transport->closed(component->self(), state);
  }
  const auto how = std::exchange(ending, Ending::None);
  if (how == Ending::NextRequest) {
    stage = FakeConnection::Stage::AwaitingHead;
    pump();
    return;
  }
  stage = how == Ending::CloseWithFlush ? FakeConnection::Stage::ClosedWithFlush : FakeConnection::Stage::Closed;
  in.clear();
  const std::lock_guard lock(host.mutex);
  if (const auto own = host.sessions.find(opened_session); own != host.sessions.end() && !own->second.detached) {
    host.sessions.erase(own);
  }
  if (const auto attached = host.sessions.find(session); attached != host.sessions.end()) {
    attached->second.receiver = nullptr;
  }
  session = 0;
}

void ConnectionState::pump() {
  if (stage == FakeConnection::Stage::AwaitingHead) {
    RequestHead head;
    switch (head.parse(in)) {
      case RequestHead::Outcome::Incomplete: return;
      case RequestHead::Outcome::NotAHead:
        host.violation("the test sent something that is no request head: " + in.substr(0, 80));
        return end(Ending::Close);
      case RequestHead::Outcome::Complete: break;
    }
    in.erase(0, head.size());
    open(
        [](ConnectionState& self_state, void** made, const void* request) {
          return self_state.transport->open(self_state.component->self(), self_state.raw(),
                                            static_cast<const omnibroker_request*>(request), made);
        },
        head.raw(mount));
  }
  while (!in.empty() && stage == FakeConnection::Stage::Open && taken && ending == Ending::None) {
    if (present() == 0) return;
  }
}

std::size_t ConnectionState::present() {
  std::size_t consumed = 0;
  call([this, &consumed](const auto& table, void* component_self) {
    // A block of exactly this size: a sanitizer sees who reads behind it, or keeps a pointer into it.
    const auto size = in.size();
    const std::unique_ptr<std::uint8_t[]> block(new std::uint8_t[size]);
    std::memcpy(block.get(), in.data(), size);
    presented = block.get();
    presented_size = size;
    consumed = table.receive(component_self, state, block.get(), size);
    presented = nullptr;
    if (consumed > size) {
      host.violation("receive consumed " + std::to_string(consumed) + " of " + std::to_string(size) + " bytes");
      consumed = size;
    }
    in.assign(reinterpret_cast<const char*>(block.get()) + consumed, size - consumed);
  });
  return consumed;
}

namespace {

/// A function of the connection table was called: notes a call that comes too late. False: nothing may be done any
/// more.
bool allowed(ConnectionState& connection, const char* function) {
  if (!connection.live) {
    connection.host.violation(std::string(function) + " was called on a connection after its request was over");
    return false;
  }
  return true;
}

omnibroker_status write_bytes(omnibroker_connection* raw, const void* data, std::size_t size) {
  auto& connection = ConnectionState::of(raw);
  if (!allowed(connection, "write")) return OMNIBROKER_CLOSED;
  if (connection.ending == Ending::NextRequest) {
    connection.host.violation("write was called after end_request");
    return OMNIBROKER_CLOSED;
  }
  if (connection.ending != Ending::None) return OMNIBROKER_CLOSED;
  if (connection.write_status != OMNIBROKER_OK) return connection.write_status;
  connection.out.append(static_cast<const char*>(data), size);
  if (connection.stalled) connection.unsent += size;
  return OMNIBROKER_OK;
}

void end_request(omnibroker_connection* raw, std::uint32_t keep_alive) {
  auto& connection = ConnectionState::of(raw);
  if (!allowed(connection, "end_request")) return;
  if (connection.ending != Ending::None) return;
  ++connection.requests_ended;
  connection.end(keep_alive != 0 ? Ending::NextRequest : Ending::CloseWithFlush);
}

void close_connection(omnibroker_connection* raw, std::uint32_t flush) {
  auto& connection = ConnectionState::of(raw);
  if (!allowed(connection, "close")) return;
  connection.end(flush != 0 ? Ending::CloseWithFlush : Ending::Close);
}

void set_timer(omnibroker_connection* raw, std::uint64_t after_ns) {
  auto& connection = ConnectionState::of(raw);
  if (!allowed(connection, "set_timer")) return;
  connection.timer_due = after_ns == 0 ? 0 : connection.host.now.load() + static_cast<std::int64_t>(after_ns);
}

omnibroker_status attach(omnibroker_connection* raw, omnibroker_session session) {
  auto& connection = ConnectionState::of(raw);
  if (!allowed(connection, "attach")) return OMNIBROKER_CLOSED;
  ConnectionState* earlier = nullptr;
  {
    const std::lock_guard lock(connection.host.mutex);
    const auto found = connection.host.sessions.find(session);
    if (found == connection.host.sessions.end()) return OMNIBROKER_NOT_FOUND;
    if (connection.session != 0 && connection.session != session) return OMNIBROKER_CONFLICT;
    if (found->second.receiver != &connection) earlier = std::exchange(found->second.receiver, &connection);
    connection.session = session;
    if (earlier != nullptr) earlier->session = 0;
  }
  if (earlier != nullptr) {
    Turn::afterwards([earlier] { earlier->self->shutdown(ShutdownReason::Restart, "another connection took over"); });
  }
  return OMNIBROKER_OK;
}

constexpr omnibroker_host_connection_v1 kConnections{
    sizeof(omnibroker_host_connection_v1),
    [](omnibroker_connection* raw) { return ConnectionState::of(raw).id; },
    [](omnibroker_connection* raw) { return text(ConnectionState::of(raw).peer); },
    write_bytes,
    end_request,
    close_connection,
    set_timer,
    attach,
    [](omnibroker_connection* raw, std::uint32_t variant) {
      auto& connection = ConnectionState::of(raw);
      const bool late = connection.opened_session != 0 && !connection.importing;
      if (late) connection.host.violation("set_variant came after a session was opened");
      connection.variant = variant;
    },
    [](omnibroker_connection* raw) { return ConnectionState::of(raw).unsent; },
    [](omnibroker_connection* raw, std::size_t bytes) {
      auto& connection = ConnectionState::of(raw);
      if (!allowed(connection, "wake_when_sent")) return;
      connection.wake_when_sent = bytes;
      connection.wake_if_sent();
    },
    [](const omnibroker_host* host, std::uint64_t id) {
      auto& state = HostState::of(host);
      const std::lock_guard lock(state.mutex);
      state.woken.insert(id);
    }};

}  // namespace

const void* connection_table() { return &kConnections; }

}  // namespace detail

using detail::Ending;

FakeConnection::FakeConnection(std::unique_ptr<detail::ConnectionState> state) : state_(std::move(state)) {}
FakeConnection::~FakeConnection() = default;

void FakeConnection::feed(std::string_view bytes) {
  if (ended() || state_->input_ended) return;
  const detail::Turn turn;
  state_->in += bytes;
  state_->pump();
}

void FakeConnection::feed_in_pieces(std::string_view bytes, std::size_t size) {
  for (std::size_t at = 0; at < bytes.size(); at += size) feed(bytes.substr(at, size));
}

void FakeConnection::end_input() {
  state_->input_ended = true;
  if (!state_->taken || state_->transport->end_of_input == nullptr) return state_->end(Ending::Close);
  state_->call([this](const auto& table, void* self) { table.end_of_input(self, state_->state); });
}

void FakeConnection::disconnect() { state_->end(Ending::Close); }

void FakeConnection::shutdown(ShutdownReason reason, std::string_view sentence) {
  if (!state_->taken) return state_->end(Ending::CloseWithFlush);
  state_->call([&](const auto& table, void* self) {
    table.shutdown(self, state_->state, static_cast<omnibroker_shutdown_reason>(reason), text(sentence));
  });
}

void FakeConnection::deliver(std::string_view payload, Encoding encoding) {
  if (state_->session == 0 || !state_->taken) {
    return state_->host.violation("the test delivered to a connection without a session");
  }
  state_->out += state_->component->encode(payload, static_cast<omnibroker_encoding>(encoding), state_->variant);
}

void FakeConnection::reply(std::uint64_t correlation, std::string_view payload, std::string_view refusal_code) {
  const omnibroker_reply reply{sizeof(omnibroker_reply),
                               refusal_code.empty() ? 0u : 1u,
                               text(refusal_code),
                               {sizeof(omnibroker_payload), OMNIBROKER_TEXT_PAYLOAD, text(payload)}};
  state_->call([&](const auto& table, void* self) {
    if (table.reply == nullptr) return state_->host.violation("a correlation was given by a transport without `reply`");
    table.reply(self, state_->state, correlation, &reply);
  });
  if (state_->presented == nullptr) state_->pump();
}

std::optional<std::string> FakeConnection::export_session() {
  const auto* table = state_->component->table<omnibroker_session_handover_v1>(OMNIBROKER_SESSION_HANDOVER);
  if (table == nullptr || !state_->taken) return std::nullopt;
  std::string blob;
  const detail::Turn turn;
  if (table->session_export(state_->component->self(), state_->state, StringSink(blob).get()) != OMNIBROKER_OK) {
    return std::nullopt;
  }
  if (blob.size() > 64 * 1024) state_->host.violation("an exported session is larger than 64 KiB");
  return blob;
}

namespace {

struct Import {
  const omnibroker_session_handover_v1* table = nullptr;
  std::string_view blob;
  mutable omnibroker_status status = OMNIBROKER_UNSUPPORTED;
};

omnibroker_status run_import(detail::ConnectionState& connection, void* self, void** made, const Import& import) {
  std::string reason;
  const auto variant = std::exchange(connection.variant, 0);  // each generation has numbers of its own
  connection.importing = true;
  import.status =
      import.table->session_import(self, connection.raw(), text(import.blob), made, StringSink(reason).get());
  connection.importing = false;
  if (import.status != OMNIBROKER_OK) connection.variant = variant;
  if (import.status != OMNIBROKER_OK && reason.empty()) connection.host.violation("a refused import gave no reason");
  return import.status;
}

}  // namespace

omnibroker_status FakeConnection::import_session(std::string_view blob) {
  const Import import{state_->component->table<omnibroker_session_handover_v1>(OMNIBROKER_SESSION_HANDOVER), blob};
  if (import.table == nullptr || state_->stage != Stage::AwaitingHead) return OMNIBROKER_UNSUPPORTED;
  state_->open(
      [](detail::ConnectionState& connection, void** made, const void* argument) {
        const auto status =
            run_import(connection, connection.component->self(), made, *static_cast<const Import*>(argument));
        if (status != OMNIBROKER_OK) connection.end(Ending::Close);
        return status;
      },
      &import);
  return import.status;
}

omnibroker_status FakeConnection::hand_over(ComponentUnderTest& to) {
  const auto* from = state_->component->table<omnibroker_session_handover_v1>(OMNIBROKER_SESSION_HANDOVER);
  Import import{to.table<omnibroker_session_handover_v1>(OMNIBROKER_SESSION_HANDOVER), {}};
  if (from == nullptr || import.table == nullptr || !state_->taken) return OMNIBROKER_UNSUPPORTED;

  const detail::Turn turn;
  std::string blob;
  const auto exported = from->session_export(state_->component->self(), state_->state, StringSink(blob).get());
  if (exported != OMNIBROKER_OK) return exported;
  if (blob.size() > 64 * 1024) state_->host.violation("an exported session is larger than 64 KiB");
  import.blob = blob;
  const auto timer = std::exchange(state_->timer_due, 0);
  void* made = nullptr;
  if (run_import(*state_, to.self(), &made, import) != OMNIBROKER_OK) {
    state_->timer_due = timer;
    return import.status;
  }
  state_->live = false;  // `closed` may not touch the connection: it is the new one's
  state_->transport->closed(state_->component->self(), state_->state);
  state_->live = true;
  state_->component = &to;
  state_->transport = to.table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT);
  state_->state = made;
  return OMNIBROKER_OK;
}

void FakeConnection::set_reading(bool reads) {
  state_->stalled = !reads;
  if (!reads) return;
  state_->unsent = 0;
  state_->wake_if_sent();
}

void FakeConnection::set_write_status(omnibroker_status status) { state_->write_status = status; }

FakeConnection::Stage FakeConnection::stage() const { return state_->stage; }
const std::string& FakeConnection::written() const { return state_->out; }
std::string FakeConnection::take_written() { return std::exchange(state_->out, {}); }
const std::string& FakeConnection::unconsumed() const { return state_->in; }

std::optional<std::chrono::nanoseconds> FakeConnection::timer() const {
  if (state_->timer_due == 0) return std::nullopt;
  return std::chrono::nanoseconds(std::max<std::int64_t>(state_->timer_due - state_->host.now.load(), 0));
}

omnibroker_session FakeConnection::session() const { return state_->session; }
std::uint32_t FakeConnection::variant() const { return state_->variant; }
std::string FakeConnection::agreed() const { return state_->agreed; }

std::string FakeConnection::client_id() const {
  const std::lock_guard lock(state_->host.mutex);
  const auto found = state_->host.sessions.find(state_->session);
  return found == state_->host.sessions.end() ? std::string() : found->second.client_id;
}

std::size_t FakeConnection::requests_opened() const { return state_->requests_opened; }
std::size_t FakeConnection::requests_ended() const { return state_->requests_ended; }

}  // namespace omnibroker::testing
