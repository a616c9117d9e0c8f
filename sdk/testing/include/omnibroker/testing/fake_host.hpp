#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/host.hpp>
#include <omnibroker/testing/fake_connection.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::testing {

class ComponentUnderTest;

namespace detail {
struct HostState;
}

/// One line that a component has written to the log.
struct LogLine {
  omnibroker_log_level level = OMNIBROKER_LOG_INFO;
  std::string sentence;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The value of a field; empty if the line has none of this name.
  std::string_view field(std::string_view key) const;
};

/// One message that a transport has handed to the router.
struct Submitted {
  FakeConnection* connection = nullptr;
  omnibroker_session session = 0;  ///< The number; never 0, also where the transport wrote 0 for "the one opened here".
  Encoding encoding = Encoding::Text;
  std::string payload;
  std::uint64_t correlation = 0;
  bool in_place = false;  ///< It lay in the bytes that `receive` was given: nothing had to be copied.
};

/// What the router makes of a submitted message.
struct RouterAnswer {
  omnibroker_status status = OMNIBROKER_OK;
  /// The ack or the error; nothing: there is no direct answer. With a correlation a `reply` callback always follows.
  std::optional<std::string> payload = {};
  bool refused = false;
  std::string code = {};  ///< Of the refusal: "UNAUTHORIZED".
  bool later = false;     ///< The reply follows when the test calls `FakeConnection::reply`.
};

/// What a component has asked of `omnibroker.host.call/1` with `complete`.
struct Completion {
  std::uint64_t token = 0;
  omnibroker_action action = OMNIBROKER_ACCEPT;
  std::string code;
  std::string message;
  std::string payload;
};

/// A host for the tests of one plugin: every table of abi.h, with memory in place of sockets, clocks and threads.
///
/// ```
/// FakeHost host;
/// host.on_submit([](const Submitted&) { return RouterAnswer{.payload = R"({"type":"ack"})"}; });
/// ComponentUnderTest component(host, *omnibroker_plugin_entry_v1(), "websocket", {{"ping_interval", "5s"}});
/// ASSERT_TRUE(component.bring_up());
///
/// FakeConnection& connection = host.connect(component, "/ws");
/// connection.feed("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n");
/// EXPECT_EQ(connection.take_written(), "HTTP/1.1 400 ...");
///
/// host.advance(5s);                           // timers that fall due are called, in order
/// EXPECT_EQ(host.violations(), kNone);        // the plugin kept its side of the contract
/// ```
/// Time passes only in `advance`; blocking work runs only in `run_blocking_work`; nobody is woken but in
/// `run_wake_ups`. What abi.h forbids a component is not done silently: it is listed in `violations`, which a test
/// should expect to be empty.
///
/// Lifecycle: outlives the components and connections made with it. Connections live as long as the host, so that a
/// test can look at one that has ended. Threads: what a component may call from any thread may be called from any here;
/// connections are not guarded, so each is used by one thread at a time, as in the broker.
class FakeHost {
 public:
  /// `component`: the name that the component reads as its own.
  explicit FakeHost(std::string component = "tests.component");
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const omnibroker_host* raw() const;
  /// The same as the C++ layer sees it.
  Host host() const { return Host(raw()); }
  /// Makes `table` answer NULL for this id, like a host that does not have it. Before the component is created.
  void take_away(std::string_view table_id);

  // ------------------------------------------------------------------------------------------------ log and metrics
  std::vector<LogLine> log() const;
  /// Whether a line of at least this level has this sentence.
  bool logged(std::string_view sentence, omnibroker_log_level least = OMNIBROKER_LOG_DEBUG) const;
  /// 0 for a metric that was never asked for.
  std::int64_t metric(std::string_view name) const;

  // ----------------------------------------------------------------------------------------------- time and threads
  /// Moves the clock, and calls what falls due on the way, each at its time: timers of connections and of the executor.
  void advance(std::chrono::nanoseconds by);
  std::chrono::nanoseconds now() const;
  /// Runs what `run_blocking` has queued, also what that queues; answers how many ran.
  std::size_t run_blocking_work();
  /// How much work the pool's queue takes before it answers RESOURCE_EXHAUSTED.
  void set_blocking_queue(std::size_t capacity);

  /// Calls `woken` of the connections that `wake` and `wake_when_sent` have asked for, also those that this brings;
  /// answers how many calls there were.
  std::size_t run_wake_ups();

  // ----------------------------------------------------------------------------------------------------------- limits
  /// Bytes, nanoseconds or a number. Limits that were never set are off.
  void set_limit(std::string_view name, std::uint64_t value);

  // -------------------------------------------------------------------------------------- connections and sessions
  /// A new connection to a transport that is mounted at `mount`. It waits for a request head: `feed` it one.
  FakeConnection& connect(ComponentUnderTest& transport, std::string mount = "/");
  /// From now on `open` of a session is refused with this sentence; an empty one lets them in again.
  void refuse_sessions(std::string reason);
  /// Says what becomes of submitted messages. Without it: OK, and no answer. As the broker may, the host overwrites the
  /// submitted bytes before `submit` returns.
  void on_submit(std::function<RouterAnswer(const Submitted&)> router);
  std::vector<Submitted> submitted() const;
  /// Forgets what was submitted.
  void clear_submitted();
  /// Open sessions.
  std::size_t session_count() const;
  /// Ends a session as the host does by itself (kicked, timed out): its receiving connection gets `shutdown(reason)`.
  void end_session(omnibroker_session session, ShutdownReason reason, std::string_view sentence);
  /// What `omnibroker.host.clients/1` answers for a role.
  void set_role_count(std::string_view role, std::uint64_t clients);
  /// From now on some route keeps the latest messages of this type; without it, none does.
  void keep_latest(std::string_view type);
  /// The same, and this is the latest message of a key. It grows old in `advance`.
  void set_latest(std::string_view type, std::string_view key, std::string_view payload);

  // ------------------------------------------------------------------------------------------------ calls and bridges
  /// What was decided by `complete`, in order. Tokens come from `FakeCall`.
  std::vector<Completion> completions() const;
  /// What a bridge has published.
  std::vector<std::string> published() const;
  /// What `publish` answers from now on.
  void set_publish_status(omnibroker_status status);

  /// What a component did that abi.h forbids, as sentences.
  std::vector<std::string> violations() const;

 private:
  friend class ComponentUnderTest;
  friend class FakeCall;
  std::unique_ptr<detail::HostState> state_;
};

}  // namespace omnibroker::testing
