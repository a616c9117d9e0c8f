#pragma once

#include "responder.hpp"

#include <memory>
#include <string_view>

#include <omnibroker/result.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// `GET /events`: a connection that carries what a session gets, as Server-Sent Events, until one side leaves.
///
/// Every message is an event of the default type, its text in `data`. The last event is of type `bye` and says why the
/// stream ends; a client that sees no `bye` was cut off, and may connect again.
///
/// Lifecycle: made when the head of the answer has been sent and the session is attached. Threads: the connection's
/// worker.
class EventStream final : public Exchange {
 public:
  /// What its state looks like when it moves to another generation of the transport: the session is the host's, so the
  /// name of the format is all of it.
  static constexpr std::string_view kHandoverFormat = "http.sse/1\n";
  /// The first bytes of the body: how long a client waits before it connects again. Also brings the head through
  /// proxies.
  static constexpr std::string_view kPreamble = "retry: 2000\n\n";

  EventStream(const Lent& lent, Connection connection, std::chrono::milliseconds keep_alive);
  ~EventStream() override;

  std::size_t receive(std::span<std::uint8_t> bytes) override;
  void timer() override;
  void shutdown(ShutdownReason reason, std::string_view sentence) override;
  void end_of_input() override;

 private:
  const Lent* lent_;
  Connection connection_;
  std::chrono::milliseconds keep_alive_;
};

/// Writes one message as an event, for any number of streams.
void write_event(const omnibroker_payload& payload, const Sink& out);

}  // namespace omnibroker::plugins::http
