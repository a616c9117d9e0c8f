#include "transport.hpp"

#include "exchange.hpp"
#include "handover.hpp"
#include "head.hpp"

#include <utility>
#include <variant>

namespace omnibroker::plugins::websocket_beast {
namespace {

std::uint8_t first_byte(const omnibroker_payload& payload) {
  const bool binary = payload.encoding == OMNIBROKER_BINARY_PAYLOAD;
  return kFinalBit | (binary ? opcode::kBinary : opcode::kText);
}

}  // namespace

std::unique_ptr<Exchange> BeastTransport::open(Connection connection, const Request& request) {
  const auto verdict = judge(request, *shared_.config.get());
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) return refuse(connection, request, *refusal), nullptr;
  const auto& upgrade = std::get<Upgrade>(verdict);
  connection.set_variant(upgrade.compression.window_bits);
  const auto session = connection.open_session();
  if (!session) {
    const auto sentence = "No more clients can connect now: " + session.error().message + ".";
    return refuse(connection, request, {Reason::Sessions, 503, sentence}), nullptr;
  }
  auto exchange = std::make_unique<BeastExchange>(shared_, connection, upgrade, session.value().client_id);
  shared_.counters.accepted.add();
  if (upgrade.compression.window_bits != 0) shared_.counters.compression_agreed.add();
  if (!upgrade.subprotocol.empty()) connection.agree(upgrade.subprotocol);  // last: a welcome may follow
  return exchange;
}

void BeastTransport::refuse(Connection& connection, const Request& request, const Refusal& refusal) const {
  shared_.counters.refused(refusal.reason);
  shared_.host.log().debug("WebSocket refused",
                           {{"peer", connection.peer()}, {"status", refusal.status}, {"reason", refusal.sentence}});
  connection.write(refusal.response(request.method() != "HEAD"));
  connection.end_request(KeepAlive::No);
}

void BeastTransport::encode(const omnibroker_payload& payload, const Sink& out) const {
  out.append(head_bytes(first_byte(payload), payload.bytes.size));
  out.append(view(payload.bytes));
}

void BeastTransport::encode_variant(std::uint32_t variant, const omnibroker_payload& payload, const Sink& out) const {
  const auto message = view(payload.bytes);
  const auto config = shared_.config.get();
  if (config->compression != "deflate" || message.size() < config->compression_min_size.bytes) {
    return encode(payload, out);
  }
  auto& shelf = shared_.deflaters.at(variant - 9);
  auto deflater = shelf.take();
  if (deflater == nullptr) {
    deflater = std::make_unique<Deflater>(static_cast<int>(variant));
    shared_.counters.compressors_made.add();
  }
  if (const auto smaller = deflater->deflate(message, config->compression_level)) {
    out.append(head_bytes(first_byte(payload) | kCompressedBit, smaller->size()));
    out.append(*smaller);
    shared_.counters.compressed_messages.add();
    shared_.counters.compressed_saved.add(static_cast<std::int64_t>(message.size() - smaller->size()));
  } else {
    encode(payload, out);
  }
  shelf.put(std::move(deflater));
}

omnibroker_reconfigured BeastTransport::reconfigure(const Config&, const Config& after, std::string&) {
  shared_.config.replace(after);
  return OMNIBROKER_APPLIED;
}

omnibroker_status BeastTransport::export_session(Exchange& exchange, const Sink& out) {
  const auto blob = write_session(static_cast<BeastExchange&>(exchange).session());
  if (blob.size() > kMostBytes) return OMNIBROKER_UNAVAILABLE;
  out.append(blob);
  return OMNIBROKER_OK;
}

Result<std::unique_ptr<Exchange>> BeastTransport::import_session(Connection connection, std::string_view blob) {
  auto session = read_session(blob);
  if (!session) return session.error();
  connection.set_variant(session->window_bits);
  std::unique_ptr<Exchange> exchange = BeastExchange::resume(shared_, connection, std::move(*session));
  if (exchange == nullptr) {
    return Error{ErrorCode::InvalidArgument, "a WebSocket session whose message so far cannot be one"};
  }
  return exchange;
}

}  // namespace omnibroker::plugins::websocket_beast
