#include "shared.hpp"

#include <limits>
#include <utility>

namespace omnibroker::plugins::websocket {

Counters::Counters(const Host& host)
    : accepted_(host.counter("websocket_handshakes_total", "Upgrades that were accepted.")),
      compression_agreed_(
          host.counter("websocket_compression_agreed_total", "Upgrades on which compression was agreed.")),
      refused_method_(host.counter("websocket_refused_method_total", "Upgrades refused: not a GET request (405).")),
      refused_request_(host.counter("websocket_refused_request_total", "Upgrades refused: malformed (400, 426).")),
      refused_version_(host.counter("websocket_refused_version_total", "Upgrades refused: not version 13 (426).")),
      refused_origin_(host.counter("websocket_refused_origin_total", "Upgrades refused: the page's origin (403).")),
      refused_sessions_(host.counter("websocket_refused_sessions_total", "Upgrades refused: too many sessions (503).")),
      frames_(host.counter("websocket_frames_received_total", "Frames that clients have sent.")),
      protocol_error_(host.counter("websocket_closed_1002_total", "Connections closed: protocol error.")),
      invalid_payload_(host.counter("websocket_closed_1007_total",
                                    "Connections closed: text that is not UTF-8, or broken compressed data.")),
      policy_(host.counter("websocket_closed_1008_total", "Connections closed: too many frames or messages.")),
      too_big_(host.counter("websocket_closed_1009_total", "Connections closed: a message too large.")),
      unanswered_(host.counter("websocket_closed_1011_total", "Connections closed: a ping unanswered, or a fault.")) {}

void Counters::refused(Refused why) const {
  switch (why) {
    case Refused::Method: return refused_method_.add();
    case Refused::Request: return refused_request_.add();
    case Refused::Version: return refused_version_.add();
    case Refused::Origin: return refused_origin_.add();
    case Refused::Sessions: return refused_sessions_.add();
  }
}

void Counters::failed(CloseCode code) const {
  switch (code) {
    case CloseCode::ProtocolError: return protocol_error_.add();
    case CloseCode::InvalidPayload: return invalid_payload_.add();
    case CloseCode::PolicyViolation: return policy_.add();
    case CloseCode::TooBig: return too_big_.add();
    case CloseCode::InternalError: return unanswered_.add();
    case CloseCode::Normal:
    case CloseCode::GoingAway:
    case CloseCode::ServiceRestart: return;
  }
}

Shared::Shared(const Host& component_host, const Config& initial)
    : host(component_host),
      counters(component_host),
      config(initial),
      compression(component_host, initial),
      max_message(component_host.limit("max_message") != 0 ? component_host.limit("max_message")
                                                           : std::numeric_limits<std::uint64_t>::max()),
      frames_per_second(component_host.limit("frames_per_second")) {}

}  // namespace omnibroker::plugins::websocket
