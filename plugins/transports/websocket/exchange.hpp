#pragma once

#include "frame_rate.hpp"
#include "handover.hpp"
#include "shared.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/close_code.hpp>
#include <websocket/frame.hpp>
#include <websocket/handshake.hpp>
#include <websocket/utf8.hpp>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket {

/// One upgraded connection: frames in, messages to the router, and the closing of RFC 6455.
///
/// An unfragmented message is never copied: its payload stays in the host's buffer, unconsumed, is unmasked and checked
/// there as it arrives, and is submitted where it lies. How far that has come (`PresentFrame::ready`) is all that is
/// remembered between two calls. Fragments are joined in a buffer, bounded like every message. What is wrong is
/// answered at the first byte that shows it, however little of the frame has come.
///
/// A compressed message is kept as it comes, and decompressed when it is whole: so a connection holds no decompressor
/// while it waits, and a half-received message moves to another generation like any other. What is wrong inside of it,
/// or too large, is answered then, by the first byte that comes out and shows it.
///
/// Closing: an error, or the peer's close frame, is answered and the connection ends with what is queued. A close that
/// the host asks for waits `close_timeout` for the peer's own. After a close frame of ours nothing is submitted.
///
/// Lifecycle: made after the handshake, or from a handover's state; ends itself by `Connection::close`.
/// Threads: the connection's worker.
class WebSocketExchange final : public Exchange {
 public:
  WebSocketExchange(Shared& shared, Connection connection, const Acceptance& acceptance);
  /// Goes on where another generation left off.
  WebSocketExchange(Shared& shared, Connection connection, HandoverState state);

  std::size_t receive(std::span<std::uint8_t> bytes) override;
  void timer() override;
  void shutdown(ShutdownReason reason, std::string_view sentence) override;
  void end_of_input() override;

  /// What another generation needs to go on. Nothing may be called afterwards.
  HandoverState export_state() const { return state_; }

 private:
  void take_frames(std::span<std::uint8_t> bytes, std::size_t& used);
  /// Judges a frame by its head alone. False: the connection has been failed.
  bool begin_frame(const FrameHeader& header);
  /// The most that a message's frames may carry together: some more where they are compressed, see the .cpp.
  std::uint64_t max_frames(bool compressed) const;
  /// Answers how many bytes of the present frame's payload are consumed.
  std::size_t take_payload(std::span<std::uint8_t> bytes);
  std::size_t take_in_place(std::span<std::uint8_t> bytes);
  std::size_t take_streamed(std::span<std::uint8_t> bytes);
  /// The last bytes of a message that is not in place.
  void finish(std::span<std::uint8_t> bytes);
  void inflate(std::span<const std::uint8_t> payload);
  /// Unmasks, and checks where it is text. False: the connection has been failed.
  bool make_ready(std::span<std::uint8_t> bytes, std::uint64_t phase);

  void handle_control(std::span<std::uint8_t> payload);
  void handle_close(std::string_view payload);
  void submit(Opcode opcode, std::span<std::uint8_t> payload);

  void send(Opcode opcode, std::string_view payload);
  /// Ends the connection because of what the peer did: a close frame, then the end, without waiting for an answer.
  void fail(CloseCode code, std::string_view reason);
  void end(Flush flush);
  void ping();
  void take_config();
  void arm_timer();

  Shared& shared_;
  Connection connection_;
  HandoverState state_;
  FrameRate rate_;
  std::uint32_t config_version_;
  std::shared_ptr<const Config> config_;
  std::size_t left_ = 0;  // bytes not consumed
  bool ended_ = false;
  bool heard_ = false;  // something has come since the timer was armed
};

}  // namespace omnibroker::plugins::websocket
