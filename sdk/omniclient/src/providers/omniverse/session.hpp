#pragma once

#include "engine/content.hpp"
#include "engine/operation.hpp"
#include "providers/host.hpp"
#include "providers/omniverse/discovery.hpp"
#include "providers/omniverse/login.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <nucleus/types.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omniclient::omniverse {

namespace wire = omnibroker::nucleus;
using OperationPtr = std::shared_ptr<Operation>;

/// What is asked of the API.
struct Call {
  enum class Kind {
    Once,    ///< One message answers it.
    Pages,   ///< Messages up to one that is neither OK nor PARTIALLY_COMPLETED.
    Stream,  ///< Messages until it is dropped, or one is the last.
  };
  /// Whether it may be sent again where nobody knows if it was carried out.
  enum class Repeat { Safe, Never };

  std::string command;
  std::string params = "{}";  ///< A JSON object; empty where it cannot be said: answered with INVALID_PARAMETERS.
  SharedContent blob = nullptr;
  Kind kind = Kind::Once;
  Repeat repeat = Repeat::Safe;
  /// Where a server has no time it is asked again from here; otherwise whoever asks is told so. Streams always are.
  bool patient = false;
  /// A stream that nobody waits for: where the server does not want it, or the connection is lost, it has ended.
  bool optional = false;
  OperationPtr operation = nullptr;  ///< Not sent any more once it is cancelled.
};

/// A message to somebody who has asked.
struct Answer {
  enum class Fate {
    Answered,     ///< By the server.
    Interrupted,  ///< The connection was lost and is being made again. Pages: they begin anew. Stream: it has ended.
    Gone,         ///< There is no connection, nor will there be one soon. The last message.
  };
  Fate fate;
  wire::Status status;
  const nlohmann::json& fields;
  std::string_view blob;      ///< Valid during the call.
  bool last;                  ///< Of a stream: the server says no more.
  std::uint32_t wait_ms = 0;  ///< Of SLOW_DOWN: how long the server wants to be left alone.
};
using OnAnswer = std::function<void(const Answer&)>;

/// What the server has told of a connection.
struct Welcome {
  std::string version;
  std::string username;
  std::string session_token;
  std::string connection_id;
  std::string connection_signature;
  std::string lft_address;
  std::uint64_t lft_threshold = 65536;
  std::uint64_t part_size = 5'242'880;
  std::uint64_t max_in_flight = 0;  ///< 0: no bound.
  std::chrono::milliseconds backoff{1000};
  bool omni_objects = false;
  bool checkpoints = false;
  bool undelete = false;
};

/// The API connection to one server, shared by all that is asked of it.
///
/// It connects at the first call. Requests are sent without waiting for answers, and found by their ids. When the
/// connection is lost and somebody still waits, it is made again, with growing pauses: what had not been sent, and what
/// may be repeated, is sent then; what may not fails. A first connection that fails is not tried again before
/// `reconnect`. A server that asks to slow down gets the same request later; an access token that has expired is
/// renewed, and the request repeated.
///
/// Lifecycle: `close` once, by the provider. Threads: the loop's alone. Nobody is called from inside of `call`.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const ProviderHost& host, std::string name, std::string server, std::optional<std::string> port);
  ~Session();

  /// Answers the id for `drop`.
  std::uint64_t call(Call call, OnAnswer on_answer);
  /// Nobody is told any more; a stream is stopped.
  void drop(std::uint64_t id);

  /// Calls once there is a connection (true), or will be none.
  void when_connected(std::function<void(bool)> then);
  /// Gets a new access token. With the result, and the token.
  void renew_token(std::function<void(OmniClientResult, std::string)> done);

  /// A call that is made later, unless this is closed before.
  void later(std::chrono::milliseconds delay, std::function<void()> function);
  /// For how long what may pass is tried again.
  std::chrono::milliseconds retry_limit() const;

  void reconnect();
  void sign_out();
  /// Ends everything without a word.
  void close();
  /// What is asked where the server allows no more streams: whether optional ones have been dropped, so that there is
  /// room.
  void on_no_room(std::function<bool()> make_room) { make_room_ = std::move(make_room); }

  bool connected() const { return state_ == State::Connected; }
  /// Of the connection that is there, or was last.
  const Welcome& welcome() const { return welcome_; }
  const Identity& identity() const { return identity_; }
  const std::string& name() const { return name_; }
  Loop& loop() { return host_.loop; }
  const ProviderHost& host() const { return host_; }

 private:
  enum class State { Idle, Connecting, Connected, Pausing, Failed };
  struct Pending {
    Call call;
    OnAnswer on_answer;
    bool sent = false;
    bool answered = false;  ///< With a first message.
    bool renewed = false;   ///< It has been repeated with a new token.
    unsigned slowed = 0;
    std::chrono::steady_clock::time_point first_slowed{};
    std::unique_ptr<Loop::Timer> timer;
  };

  // session_connect.cpp
  void begin();
  void attempt();
  void authenticate();
  void log_in();
  void logged_in(wire::AuthStatus status, Identity identity, const Problem* problem, bool refreshed);
  void open_api();
  void send_setup(int id, std::string_view command, const nlohmann::json& params);
  void set_up(std::uint64_t id, const nlohmann::json& fields);
  void welcomed(const nlohmann::json& fields);
  void connect_failed(OmniClientConnectionStatus status, const std::string& problem, bool may_pass);
  void give_up(OmniClientConnectionStatus status);
  void pause();
  void lost(const Problem& problem);
  void interrupt_all();
  void leave_connection();
  std::chrono::milliseconds connect_limit() const;

  // session.cpp
  void renewed(wire::AuthStatus status, Identity identity, const Problem* problem);
  void pump();
  void send(std::uint64_t id, Pending& pending);
  void received(std::string_view message);
  void answered(std::uint64_t id, const nlohmann::json& fields, std::string_view blob);
  bool put_off(std::uint64_t id, Pending& pending, wire::Status status);
  bool has_made_room(std::uint64_t id, Pending& pending, wire::Status status);
  void deliver(std::uint64_t id, const Answer& answer, bool ends);
  void answer_gone(std::uint64_t id);
  void answer_all_gone();
  void tell(OmniClientConnectionStatus status);

  const ProviderHost host_;
  const std::string name_;  ///< As in status callbacks.
  const std::string server_;
  const std::optional<std::string> port_;

  State state_ = State::Idle;
  bool was_connected_ = false;
  bool retrying_ = false;  ///< A connection has been lost, and somebody waits for the next one.
  unsigned attempts_ = 0;  ///< Since the connection was lost.
  std::chrono::steady_clock::time_point lost_at_{};
  bool token_is_new_ = false;  ///< In this attempt.
  unsigned rejected_ = 0;      ///< Tokens, in this attempt.
  std::optional<Services> services_;
  Identity identity_;
  Welcome welcome_;
  int probes_ = 0;
  OperationPtr asking_;  ///< For credentials.
  std::unique_ptr<Discovery> discovery_;
  std::unique_ptr<Login> login_;
  std::unique_ptr<Login> renewal_;
  std::vector<std::function<void(OmniClientResult, std::string)>> renewing_;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<Loop::Timer> timer_;

  std::uint64_t last_id_ = 15;  ///< Those below are for setting up.
  std::map<std::uint64_t, Pending> pending_;
  std::deque<std::uint64_t> unsent_;
  std::uint64_t in_flight_ = 0;
  std::vector<std::function<void(bool)>> waiting_;
  std::map<std::uint64_t, std::unique_ptr<Loop::Timer>> later_;
  std::function<bool()> make_room_;
};
using SessionPtr = std::shared_ptr<Session>;

}  // namespace omniclient::omniverse
