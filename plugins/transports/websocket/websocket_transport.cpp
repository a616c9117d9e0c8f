#include "websocket_transport.hpp"

#include "exchange.hpp"
#include "handover.hpp"

#include <utility>
#include <variant>

namespace omnibroker::plugins::websocket {

WebSocketTransport::WebSocketTransport(Host host, Config config) : shared_(host, std::move(config)) {}

std::unique_ptr<Exchange> WebSocketTransport::open(Connection connection, const Request& request) {
  const auto config = shared_.config.get();
  auto verdict = judge(request, *config);
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) {
    refuse(connection, request, *refusal);
    return nullptr;
  }
  auto& acceptance = std::get<Acceptance>(verdict);
  auto session = connection.open_session();
  if (!session) {
    refuse(connection, request,
           {Refused::Sessions, 503, "No more clients can connect now: " + session.error().message + "."});
    return nullptr;
  }
  connection.write(acceptance_response(acceptance, session->client_id));
  shared_.counters.accepted();
  auto exchange = std::make_unique<WebSocketExchange>(shared_, connection, acceptance.subprotocol);
  // A message may follow from this, and must find its receiver ready.
  if (!acceptance.subprotocol.empty()) connection.agree(acceptance.subprotocol);
  return exchange;
}

void WebSocketTransport::refuse(Connection& connection, const Request& request, const Refusal& refusal) const {
  shared_.counters.refused(refusal.why);
  shared_.host.log().debug("WebSocket refused",
                           {{"peer", connection.peer()}, {"status", refusal.status}, {"reason", refusal.sentence}});
  connection.write(refusal_response(refusal, request.method() != "HEAD"));
  connection.end_request(KeepAlive::No);
}

void WebSocketTransport::encode(const omnibroker_payload& payload, const Sink& out) const {
  const auto opcode = payload.encoding == OMNIBROKER_BINARY_PAYLOAD ? Opcode::Binary : Opcode::Text;
  out.append(FrameHead(opcode, payload.bytes.size).bytes());
  out.append(view(payload.bytes));
}

omnibroker_reconfigured WebSocketTransport::reconfigure(const Config&, const Config& after, std::string&) {
  shared_.config.set(after);
  return OMNIBROKER_APPLIED;
}

omnibroker_status WebSocketTransport::export_session(Exchange& exchange, const Sink& out) {
  const auto blob = write_blob(static_cast<WebSocketExchange&>(exchange).export_state());
  if (blob.size() > kMaxBlob) return OMNIBROKER_UNAVAILABLE;
  out.append(blob);
  return OMNIBROKER_OK;
}

Result<std::unique_ptr<Exchange>> WebSocketTransport::import_session(Connection connection, std::string_view blob) {
  auto state = read_blob(blob);
  if (!state) return state.error();
  std::unique_ptr<Exchange> exchange = std::make_unique<WebSocketExchange>(shared_, connection, std::move(*state));
  return exchange;
}

}  // namespace omnibroker::plugins::websocket
