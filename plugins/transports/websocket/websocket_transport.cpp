#include "websocket_transport.hpp"

#include "exchange.hpp"
#include "handover.hpp"

#include <utility>
#include <variant>

namespace omnibroker::plugins::websocket {

namespace {

Opcode opcode_of(const omnibroker_payload& payload) {
  return payload.encoding == OMNIBROKER_BINARY_PAYLOAD ? Opcode::Binary : Opcode::Text;
}

}  // namespace

WebSocketTransport::WebSocketTransport(Host host, const Config& config) : shared_(host, config) {}

std::unique_ptr<Exchange> WebSocketTransport::open(Connection connection, const Request& request) {
  const auto config = shared_.config.get();
  auto verdict = judge(request, {config->allowed_origins, config->subprotocols, config->compresses()});
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) {
    refuse(connection, request, *refusal);
    return nullptr;
  }
  auto& acceptance = std::get<Acceptance>(verdict);
  connection.set_variant(acceptance.deflate.window_bits);
  auto session = connection.open_session();
  if (!session) {
    refuse(connection, request,
           {Refused::Sessions, 503, "No more clients can connect now: " + session.error().message + "."});
    return nullptr;
  }
  connection.write(acceptance_response(acceptance, session->client_id));
  shared_.counters.accepted();
  if (acceptance.deflate.window_bits != 0) shared_.counters.compression_agreed();
  auto exchange = std::make_unique<WebSocketExchange>(shared_, connection, acceptance);
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
  out.append(FrameHead(opcode_of(payload), payload.bytes.size).bytes());
  out.append(view(payload.bytes));
}

void WebSocketTransport::encode_variant(std::uint32_t variant, const omnibroker_payload& payload,
                                        const Sink& out) const {
  const auto message = view(payload.bytes);
  auto& compression = shared_.compression;
  if (!compression.wants(message.size())) return encode(payload, out);
  const auto deflater = compression.deflater(variant);
  const auto smaller = deflater->deflate(message, compression.level());
  if (!smaller) return encode(payload, out);
  out.append(FrameHead(opcode_of(payload), smaller->size(), Payload::Compressed).bytes());
  out.append(*smaller);
  compression.count(message.size(), smaller->size());
}

omnibroker_reconfigured WebSocketTransport::reconfigure(const Config&, const Config& after, std::string&) {
  shared_.config.set(after);
  shared_.compression.set(after);
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
  connection.set_variant(state->window_bits);
  std::unique_ptr<Exchange> exchange = std::make_unique<WebSocketExchange>(shared_, connection, std::move(*state));
  return exchange;
}

}  // namespace omnibroker::plugins::websocket
