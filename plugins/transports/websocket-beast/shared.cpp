#include "shared.hpp"

namespace omnibroker::plugins::websocket_beast {

Counters::Counters(const Host& host)
    : accepted(host.counter("websocket_handshakes_total", "Upgrades that were accepted.")),
      compression_agreed(
          host.counter("websocket_compression_agreed_total", "Upgrades on which compression was agreed.")),
      frames(host.counter("websocket_frames_received_total", "Frames that clients have sent.")),
      compressed_messages(
          host.counter("websocket_compressed_messages_total", "Messages that were compressed, once for all.")),
      compressed_saved(
          host.counter("websocket_compressed_saved_bytes_total", "Bytes that compressed messages are smaller.")),
      compressors_made(
          host.counter("websocket_compressors_made_total", "Compressors and decompressors: made once, then kept.")),
      refused_{host.counter("websocket_refused_method_total", "Upgrades refused: not a GET request (405)."),
               host.counter("websocket_refused_request_total", "Upgrades refused: malformed (400, 426)."),
               host.counter("websocket_refused_version_total", "Upgrades refused: not version 13 (426)."),
               host.counter("websocket_refused_origin_total", "Upgrades refused: the page's origin (403)."),
               host.counter("websocket_refused_sessions_total", "Upgrades refused: too many sessions (503).")},
      protocol_error_(host.counter("websocket_closed_1002_total", "Connections closed: protocol error.")),
      invalid_payload_(host.counter("websocket_closed_1007_total",
                                    "Connections closed: text that is not UTF-8, or broken compressed data.")),
      policy_(host.counter("websocket_closed_1008_total", "Connections closed: too many frames or messages.")),
      too_big_(host.counter("websocket_closed_1009_total", "Connections closed: a message too large.")),
      unanswered_(host.counter("websocket_closed_1011_total", "Connections closed: a ping unanswered, or a fault.")) {}

void Counters::closed(CloseCode code) const {
  switch (code) {
    case CloseCode::ProtocolError: return protocol_error_.add();
    case CloseCode::InvalidPayload: return invalid_payload_.add();
    case CloseCode::PolicyViolation: return policy_.add();
    case CloseCode::TooBig: return too_big_.add();
    case CloseCode::InternalError: return unanswered_.add();
    default: return;  // nobody's fault
  }
}

Shared::Shared(const Host& component_host, const Config& initial)
    : host(component_host),
      counters(component_host),
      config(initial),
      max_message(component_host.limit("max_message")),
      frames_per_second(component_host.limit("frames_per_second")) {}

}  // namespace omnibroker::plugins::websocket_beast
