#pragma once

#include "probe.hpp"
#include "wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::load {

/// What a server said that is not one of the run's updates, and that somebody must act on.
struct Notice {
  enum class Kind {
    Greeted,   ///< The greeting was accepted.
    Refused,   ///< `text`: an error that the server answered.
    Ping,      ///< `text`: the pong to send, as a frame's payload.
    NatsPing,  ///< A PING of the NATS protocol.
    Closed,    ///< `text`: the close frame's code and reason, for people.
    Broken,    ///< `text`: what came that cannot be read any further.
  };
  Kind kind;
  std::string text;
};

/// Reads what a server sends behind the upgrade, without I/O: counts the run's updates, shows them to a probe where
/// there is one, and reports everything else.
///
/// An update of the run has a known size and a known mark at a known place, so it is recognized by two comparisons and
/// stepped over; only what is not one goes through a real parser. Messages of others are passed over and not counted.
/// Threads: one.
class Receiver {
 public:
  /// The largest other message that is read; more is Broken.
  static constexpr std::size_t kLargestOther = 1 << 20;

  /// `wire` outlives it.
  explicit Receiver(const Wire& wire) : wire_(&wire) {}

  /// Reads `bytes`, which begin where the last call ended, and answers how many it consumed. The rest is to be given
  /// again with more behind it. `now` on the run's clock. `probe` may be null.
  std::size_t read(std::string_view bytes, std::uint64_t now, Probe* probe, std::vector<Notice>& notices);

  std::uint64_t updates() const { return updates_; }

 private:
  std::size_t pass_updates(std::string_view bytes, std::uint64_t now, Probe* probe);
  std::size_t read_gateway(std::string_view bytes, std::uint64_t now, Probe* probe, std::vector<Notice>& notices);
  std::size_t read_nats(std::string_view bytes, std::uint64_t now, Probe* probe, std::vector<Notice>& notices);
  std::size_t begin_frame(std::string_view bytes, std::vector<Notice>& notices);
  std::size_t read_protocol(std::string_view text, std::uint64_t now, Probe* probe, std::vector<Notice>& notices);
  std::size_t join_split(std::string_view text, std::uint64_t now, Probe* probe, std::vector<Notice>& notices);
  void take_text(std::string_view payload, std::vector<Notice>& notices);
  bool take_control(const FrameHead& head, std::string_view payload, std::vector<Notice>& notices);

  const Wire* wire_;
  std::uint64_t updates_ = 0;
  std::uint64_t frame_left_ = 0;  // NATS: what the present frame still has
  std::string split_;             // NATS: a protocol line or message that goes on in the next frame
  bool broken_ = false;
};

}  // namespace omnibroker::load
