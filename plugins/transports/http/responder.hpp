#pragma once

#include "config.hpp"
#include "origins.hpp"
#include "response.hpp"

#include <memory>
#include <string>

#include <omnibroker/host.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// The options in force, with what is made of them once. Immutable: a request keeps those that it began with.
struct Settings {
  explicit Settings(Config given) : config(std::move(given)), origins(config.allowed_origins) {}

  Config config;
  Origins origins;
};

/// What the host lends to this transport, looked up once. Threads: any, but where a table says otherwise.
struct Lent {
  explicit Lent(Host lender);

  /// Seconds since 1970.
  std::int64_t unix_seconds() const;
  /// The largest body that is worth reading: what the router takes is a message. 0: no limit.
  std::uint64_t max_body() const;

  Host host;
  const omnibroker_host_session_v1* sessions;
  const omnibroker_host_clients_v1* clients;
  const omnibroker_host_clock_v1* clock;
  Metric requests;
  Metric client_errors;
  Metric server_errors;
  Metric over_limit;
  Metric streams;
};

enum class RequestBody {
  Consumed,
  Left,  ///< Bytes of it may still come: the next request could not be told from them.
};

/// Answers one request, once.
///
/// Threads: the connection's worker.
class Responder {
 public:
  Responder(const Lent& lent, Connection connection, const Request& request, const Origins& origins);

  /// Sends the answer and ends the request; the connection stays open where the client asked for that and the body is
  /// consumed. A second answer is thrown away.
  void finish(const Response& response, RequestBody body);
  /// Sends the head of an answer that goes on until the connection closes. With HEAD that is all, and the request ends.
  void begin_stream(const Response& response);
  /// Asks for the body that the client holds back (RFC 9110, 10.1.1).
  void invite_body();

  /// From now on the connection will not be kept alive.
  void will_close() { shape_.keep_alive = false; }
  bool finished() const { return finished_; }
  bool head_only() const { return shape_.head_only; }
  Connection& connection() { return connection_; }

 private:
  void count(unsigned status) const;

  const Lent* lent_;
  Connection connection_;
  AnswerShape shape_;
  bool finished_ = false;
};

}  // namespace omnibroker::plugins::http
