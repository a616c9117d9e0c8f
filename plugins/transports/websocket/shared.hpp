#pragma once

#include "compression.hpp"
#include "config.hpp"

#include <cstdint>
#include <websocket/close_code.hpp>
#include <websocket/handshake.hpp>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::websocket {

/// What this transport counts. Threads: any.
class Counters {
 public:
  explicit Counters(const Host& host);

  void accepted() const { accepted_.add(); }
  void compression_agreed() const { compression_agreed_.add(); }
  void refused(Refused why) const;
  void frames(std::int64_t count) const { frames_.add(count); }
  /// A connection that this end closes because of what the peer did, or did not do.
  void failed(CloseCode code) const;

 private:
  Metric accepted_, compression_agreed_;
  Metric refused_method_, refused_request_, refused_version_, refused_origin_, refused_sessions_;
  Metric frames_;
  Metric protocol_error_, invalid_payload_, policy_, too_big_, unanswered_;
};

/// What the connections of one transport have in common. Outlives them.
///
/// Threads: any.
struct Shared {
  Shared(const Host& component_host, const Config& initial);

  Host host;
  Counters counters;
  LiveConfig config;
  Compression compression;
  const std::uint64_t max_message;
  const std::uint64_t frames_per_second;
};

}  // namespace omnibroker::plugins::websocket
