#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>
#include <omnibroker/host.hpp>

namespace omnibroker {

/// The request head that a connection began with. A view: valid during the call that passes it.
class Request {
 public:
  explicit Request(const omnibroker_request* raw) : raw_(raw) {}

  std::string_view method() const { return view(raw_->method); }
  std::string_view target() const { return view(raw_->target); }
  /// Percent-decoded, without the query.
  std::string_view path() const { return view(raw_->path); }
  /// As sent, without "?"; empty if absent.
  std::string_view query() const { return view(raw_->query); }
  /// The configured path that brought the request here: "/api".
  std::string_view mount() const { return view(raw_->mount); }
  /// The path below the mount: "/status" of "/api/status"; empty for the mount itself.
  std::string_view path_below_mount() const {
    auto rest = path();
    if (mount() != "/") rest.remove_prefix(std::min(mount().size(), rest.size()));
    return rest;
  }

  /// The header of this name (compared without regard to case), or nothing. `line`: which, where it is there
  /// repeatedly.
  std::optional<std::string_view> header(std::string_view name, std::size_t line = 0) const {
    for (std::size_t i = 0; i < raw_->header_count; ++i) {
      if (equal_ignoring_case(view(raw_->headers[i]->name), name) && line-- == 0) return view(raw_->headers[i]->value);
    }
    return std::nullopt;
  }
  /// How many headers have this name.
  std::size_t header_count(std::string_view name) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < raw_->header_count; ++i) {
      if (equal_ignoring_case(view(raw_->headers[i]->name), name)) ++count;
    }
    return count;
  }
  /// Whether a header of this name lists `token`, in any of its lines, without regard to case.
  bool header_has_token(std::string_view name, std::string_view token) const;

  /// Bytes of the body, or nothing where the head does not say.
  std::optional<std::uint64_t> content_length() const {
    if (raw_->content_length < 0) return std::nullopt;
    return static_cast<std::uint64_t>(raw_->content_length);
  }
  bool chunked() const { return raw_->chunked != 0; }
  bool keep_alive() const { return raw_->keep_alive != 0; }
  bool upgrade() const { return raw_->upgrade != 0; }
  bool secure() const { return raw_->secure != 0; }
  unsigned http_minor() const { return raw_->http_minor; }

  static bool equal_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
  }

 private:
  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

  const omnibroker_request* raw_;
};

enum class Encoding : omnibroker_encoding { Text = OMNIBROKER_TEXT_PAYLOAD, Binary = OMNIBROKER_BINARY_PAYLOAD };
enum class ShutdownReason : omnibroker_shutdown_reason {
  GoingAway = OMNIBROKER_SHUTDOWN_GOING_AWAY,
  Restart = OMNIBROKER_SHUTDOWN_RESTART,
  Policy = OMNIBROKER_SHUTDOWN_POLICY,
  TooSlow = OMNIBROKER_SHUTDOWN_TOO_SLOW,
  Idle = OMNIBROKER_SHUTDOWN_IDLE,
  Kicked = OMNIBROKER_SHUTDOWN_KICKED,
  Fault = OMNIBROKER_SHUTDOWN_FAULT,
};
enum class KeepAlive { No, Yes };
enum class Flush { No, Yes };

struct OpenedSession {
  omnibroker_session number = 0;
  std::string client_id;
};

/// One connection: a decrypted byte stream with an id, owned by the host. A view: valid from `Transport::open` until
/// the exchange is destroyed.
///
/// Threads: the connection's worker, that is: inside a callback of its exchange.
class Connection {
 public:
  Connection() = default;
  Connection(const Host& host, omnibroker_connection* raw)
      : raw_(raw),
        connections_(host.table<omnibroker_host_connection_v1>(OMNIBROKER_HOST_CONNECTION)),
        sessions_(host.table<omnibroker_host_session_v1>(OMNIBROKER_HOST_SESSION)) {}

  std::uint64_t id() const { return connections_->id(raw_); }
  std::string_view peer() const { return view(connections_->peer(raw_)); }

  /// Queues bytes ahead of every waiting message, never in the middle of one. Copies; sent at the end of the turn.
  /// False when the connection is being closed.
  bool write(std::string_view bytes) { return connections_->write(raw_, bytes.data(), bytes.size()) == OMNIBROKER_OK; }
  /// The request is answered; its body must be consumed to keep the connection alive.
  void end_request(KeepAlive keep_alive) { connections_->end_request(raw_, keep_alive == KeepAlive::Yes ? 1 : 0); }
  /// Ends the connection, with `Flush::Yes` after everything written has been sent.
  void close(Flush flush) { connections_->close(raw_, flush == Flush::Yes ? 1 : 0); }
  /// Arms the one timer of the connection; zero disarms.
  void set_timer(std::chrono::nanoseconds after) {
    connections_->set_timer(raw_, static_cast<std::uint64_t>(after.count()));
  }

  /// How much of what was written the peer has not taken.
  std::size_t unsent() const { return connections_->unsent(raw_); }
  /// Has `Exchange::woken` called once no more than `bytes` are unsent; soon, where it is that already.
  void wake_when_sent(std::size_t bytes) { connections_->wake_when_sent(raw_, bytes); }

  /// What this connection receives is written by `encode_variant` with this number; 0: by `encode`. Before a session is
  /// opened on it.
  void set_variant(std::uint32_t variant) { connections_->set_variant(raw_, variant); }

  /// Opens a session that ends with this connection and is received by it.
  Result<OpenedSession> open_session() { return open(OMNIBROKER_SESSION_WITH_CONNECTION, {}); }
  /// Opens a session that outlives connections, found again by `key`.
  Result<OpenedSession> open_detached_session(std::string_view key) { return open(OMNIBROKER_SESSION_DETACHED, key); }
  /// Makes this connection the one that carries what the session gets.
  omnibroker_status attach(omnibroker_session session) { return connections_->attach(raw_, session); }

  /// Hands a whole message to the router (abi.h, `submit`, has the whole contract).
  omnibroker_status submit(omnibroker_session session, Encoding encoding, std::span<std::uint8_t> payload,
                           std::uint64_t correlation = 0) {
    return sessions_->submit(raw_, session, static_cast<omnibroker_encoding>(encoding), payload.data(), payload.size(),
                             correlation);
  }

  /// The client has agreed to a sub-protocol; where it is the one of the broker's notices, it gets a welcome.
  void agree(std::string_view subprotocol) { sessions_->agree(raw_, text(subprotocol)); }

  omnibroker_connection* raw() const { return raw_; }

 private:
  Result<OpenedSession> open(std::uint32_t mode, std::string_view key) {
    OpenedSession session;
    std::string reason;
    session.number =
        sessions_->open(raw_, mode, text(key), StringSink(session.client_id).get(), StringSink(reason).get());
    if (session.number == 0) return Error{ErrorCode::ResourceExhausted, reason};
    return session;
  }

  omnibroker_connection* raw_ = nullptr;
  const omnibroker_host_connection_v1* connections_ = nullptr;
  const omnibroker_host_session_v1* sessions_ = nullptr;
};

/// Has connections looked after by their workers, from wherever something has come up for them.
///
/// Threads: any, also those that a library of the plugin's has made. A value.
class Waker {
 public:
  Waker() = default;
  explicit Waker(const Host& host)
      : host_(host.raw()), connections_(host.table<omnibroker_host_connection_v1>(OMNIBROKER_HOST_CONNECTION)) {}

  /// `Exchange::woken` follows on the connection with this id (`Connection::id`), if it is still there.
  void wake(std::uint64_t connection) const { connections_->wake(host_, connection); }

 private:
  const omnibroker_host* host_ = nullptr;
  const omnibroker_host_connection_v1* connections_ = nullptr;
};

/// A transport's state for one request or upgraded connection. Destroyed when that is over.
///
/// Threads: the connection's worker.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  /// Bytes have come, beginning with the first that was not consumed before; may be changed in place. Answers how many
  /// are consumed.
  virtual std::size_t receive(std::span<std::uint8_t> bytes) = 0;
  /// The answer to a `submit` with this correlation.
  virtual void reply(std::uint64_t correlation, const omnibroker_reply& reply) {
    static_cast<void>(correlation), static_cast<void>(reply);
  }
  /// The timer of `Connection::set_timer`.
  virtual void timer() {}
  /// Asked for by `Waker::wake` or `Connection::wake_when_sent`. There may be nothing to do. Its transport must say
  /// that it wants this (`Transport`).
  virtual void woken() {}
  /// The host wants it ended: say so in the protocol, then `Connection::close`.
  virtual void shutdown(ShutdownReason reason, std::string_view sentence) = 0;
  /// The peer will send no more, but may still read.
  virtual void end_of_input() = 0;
};

/// A protocol without I/O: turns the bytes of connections into messages, and messages into bytes.
///
/// Where a subclass `T` also has
///   `omnibroker_status export_session(Exchange&, const Sink&)` and
///   `Result<std::unique_ptr<Exchange>> import_session(Connection, std::string_view blob)`,
/// its live connections can move to another generation. Where it has
///   `void encode_variant(std::uint32_t variant, const omnibroker_payload&, const Sink&) const`,
/// its receivers can want the same message in other bytes (`Connection::set_variant`). Where it has
///   `static constexpr bool wakes = true`,
/// its exchanges can be woken (`Exchange::woken`); others cost nothing for it.
///
/// Threads: workers call at once, each for its own connections.
class Transport : public Component {
 public:
  /// Takes a request. Nothing where it has been answered, and ended, already.
  virtual std::unique_ptr<Exchange> open(Connection connection, const Request& request) = 0;
  /// Writes one message as it goes over the wire to any receiver.
  virtual void encode(const omnibroker_payload& payload, const Sink& out) const = 0;
};

inline bool Request::header_has_token(std::string_view name, std::string_view token) const {
  for (std::size_t i = 0; i < raw_->header_count; ++i) {
    if (!equal_ignoring_case(view(raw_->headers[i]->name), name)) continue;
    auto rest = view(raw_->headers[i]->value);
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      auto item = rest.substr(0, comma);
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
      if (equal_ignoring_case(item, token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

}  // namespace omnibroker
