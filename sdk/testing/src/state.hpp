#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/testing/fake_call.hpp>
#include <omnibroker/testing/fake_connection.hpp>
#include <omnibroker/testing/fake_host.hpp>

/// What the fakes share behind their public faces. Opaque pointers of the boundary are these objects:
/// omnibroker_host -> HostState (its first member), omnibroker_connection -> ConnectionState, omnibroker_call ->
/// FakeCall, omnibroker_message -> ParsedMessage, omnibroker_metric -> MetricState.
namespace omnibroker::testing::detail {

struct ConnectionState;

struct MetricState {
  std::string name;
  bool counter = true;
  HostState* host = nullptr;
  std::atomic<std::int64_t> value{0};
};

struct SessionState {
  std::string client_id;
  std::string key;
  bool detached = false;
  ConnectionState* opened_on = nullptr;
  ConnectionState* receiver = nullptr;
};

struct Work {
  void (*run)(void*) = nullptr;
  void* context = nullptr;
};

struct ExecutorTimer {
  std::uint64_t id = 0;
  std::int64_t due = 0;
  Work work;
};

struct LatestState {
  std::string payload;
  std::int64_t since = 0;
};

struct HostState {
  omnibroker_host raw{};
  std::string component;
  FakeHost* self = nullptr;
  std::atomic<std::int64_t> now{0};

  mutable std::mutex mutex;  // everything below; never held while a component or the test is called
  std::set<std::string, std::less<>> absent_tables;
  std::vector<LogLine> log;
  std::deque<MetricState> metrics;
  std::vector<ExecutorTimer> timers;
  std::uint64_t next_timer = 1;
  std::deque<Work> blocking;
  std::size_t blocking_capacity = 1024;
  std::map<std::string, std::uint64_t, std::less<>> limits;
  std::vector<std::unique_ptr<FakeConnection>> connections;
  std::vector<ConnectionState*> connection_states;
  std::map<omnibroker_session, SessionState> sessions;
  omnibroker_session next_session = 1;
  std::string session_refusal;
  std::function<RouterAnswer(const Submitted&)> router;
  std::vector<Submitted> submitted;
  std::map<std::string, std::uint64_t, std::less<>> role_counts;
  std::map<std::string, std::map<std::string, LatestState, std::less<>>, std::less<>> latest;  // type, key
  std::set<std::uint64_t> open_tokens;
  std::uint64_t next_token = 1;
  std::vector<Completion> completions;
  std::vector<std::string> published;
  omnibroker_status publish_status = OMNIBROKER_OK;
  std::set<std::uint64_t> woken;  // connections that wait for it
  std::vector<std::string> violations;

  static HostState& of(const omnibroker_host* host) {
    return *reinterpret_cast<HostState*>(const_cast<omnibroker_host*>(host));
  }
  void violation(std::string sentence) {
    const std::lock_guard lock(mutex);
    violations.push_back(std::move(sentence));
  }
};

/// What the transport has asked for, done when the calls under way have returned.
enum class Ending { None, NextRequest, Close, CloseWithFlush };

struct ConnectionState {
  ConnectionState(HostState& host_state, ComponentUnderTest& transport, std::string mounted_at);

  /// Presents what there is: a request head, then bytes, until nothing more is consumed.
  void pump();
  /// Presents the unconsumed bytes once; answers how many were consumed.
  std::size_t present();
  void open(omnibroker_status (*opening)(ConnectionState&, void** state, const void* argument), const void* argument);
  /// Carries `ending` out.
  void finish();
  /// Ends the connection from the host's side.
  void end(Ending how);
  /// Asks for a wake-up where what is unsent has become few enough bytes.
  void wake_if_sent();
  /// Calls the transport, and afterwards does what it has asked for.
  void call(const std::function<void(const omnibroker_transport_v1&, void* self)>& body);
  omnibroker_connection* raw() { return reinterpret_cast<omnibroker_connection*>(this); }
  static ConnectionState& of(omnibroker_connection* connection) {
    return *reinterpret_cast<ConnectionState*>(connection);
  }

  HostState& host;
  FakeConnection* self = nullptr;
  ComponentUnderTest* component;
  const omnibroker_transport_v1* transport;
  std::string mount;
  std::uint64_t id = 0;
  std::string peer;
  FakeConnection::Stage stage = FakeConnection::Stage::AwaitingHead;
  Ending ending = Ending::None;
  void* state = nullptr;  // the transport's
  bool live = false;      // between `open` and the beginning of `closed`
  bool taken = false;     // `open` has answered OK and `closed` has not been called
  bool input_ended = false;
  std::string in;
  std::string out;
  std::int64_t timer_due = 0;  // 0: not armed
  omnibroker_session session = 0;
  omnibroker_session opened_session = 0;
  std::uint32_t variant = 0;
  bool importing = false;
  std::string agreed;  // the sub-protocol
  omnibroker_status write_status = OMNIBROKER_OK;
  bool stalled = false;  // the peer takes nothing
  std::size_t unsent = 0;
  std::optional<std::size_t> wake_when_sent;
  std::size_t requests_opened = 0;
  std::size_t requests_ended = 0;
  const std::uint8_t* presented = nullptr;  // during `receive`
  std::size_t presented_size = 0;
};

/// A call into a component. What the host may not do inside it is put off until the outermost call of this thread
/// returns.
class Turn {
 public:
  Turn();
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  static void afterwards(std::function<void()> action);
};

/// Host tables by id; nullptr for an unknown one.
const void* host_table(std::string_view id);
const void* connection_table();
const void* session_table();
const void* clients_table();
const void* message_table();
const void* call_table();
const void* subscription_table();
const void* latest_table();

}  // namespace omnibroker::testing::detail
