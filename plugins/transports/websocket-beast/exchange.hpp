#pragma once

#include "beast.hpp"
#include "handover.hpp"
#include "head.hpp"
#include "shared.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::websocket_beast {

/// One upgraded connection, whose frames Beast reads.
///
/// Beast checks and unmasks frames, joins fragments, checks text as it arrives, answers pings, and closes the
/// connection of a peer that breaks the protocol. It keeps to itself how far it has come, so this class reads the heads
/// of frames, too: that is enough to know at any byte what another generation would have to know. A head is given to
/// Beast when it is whole, a control frame with its payload, any other payload as it comes.
///
/// Three things are not left to Beast:
///
/// - Close frames. It answers an empty one with 1000, refuses 1014, and refuses a reason that is not UTF-8 as a
/// protocol
///   error. Once a close frame of ours is out, Beast is shown nothing more.
/// - Compressed messages. It ends a connection without a close frame where data is broken, and takes a final block for
///   broken. So they are shown to it as binary messages that are not compressed; when one is whole, it is decompressed
///   (by Beast's inflate), and text is checked then.
/// - The end of a text whose last frame is empty: it would pass inside of a character.
///
/// Lifecycle: made after the upgrade, or by `resume`; ends itself by `Connection::close`.
/// Threads: the connection's worker.
class BeastExchange final : public Exchange, private StreamOwner {
 public:
  /// Answers the upgrade.
  BeastExchange(Shared& shared, Connection connection, const Upgrade& upgrade, const std::string& client_id);
  /// Goes on where another generation left off. Nothing: Beast does not take what the session says to have come.
  static std::unique_ptr<BeastExchange> resume(Shared& shared, Connection connection, Session session);

  std::size_t receive(std::span<std::uint8_t> bytes) override;
  void timer() override;
  void shutdown(ShutdownReason reason, std::string_view sentence) override;
  void end_of_input() override { end(Flush::Yes); }

  /// What another generation needs to go on. Nothing may be called afterwards.
  Session session() const;

 private:
  BeastExchange(Shared& shared, Connection connection, Session session);

  // ------------------------------------------------------------------------------------------------- what Beast calls
  void send(std::string_view bytes) override { connection_.write(bytes); }
  std::span<std::uint8_t> room() override;
  bool arrived(std::size_t size, bool message_ends) override;
  void failed(std::uint16_t close_code, std::string_view reason) override;

  /// Shows a new stream of Beast what has come so far.
  void replay();
  bool over_the_rate();
  void begin_frame(const Head& head, std::span<const std::uint8_t> bytes);
  void begin_data(const Head& head, std::string& bytes);
  /// Answers how much of the present frame's payload is consumed.
  std::size_t take_payload(std::span<std::uint8_t> bytes);
  void take_control(std::span<std::uint8_t> payload);
  void answer_close(std::span<const std::uint8_t> payload);
  void finish_message();
  void submit(std::span<std::uint8_t> message);

  void write_frame(std::uint8_t opcode, std::string_view payload);
  void fail(CloseCode code, std::string_view reason);
  void note_failure(CloseCode code, std::string_view reason);
  void end(Flush flush);
  void take_config();
  void arm_timer();

  Shared& shared_;
  Connection connection_;
  Session state_;                   // without fragments, which are in message_
  std::unique_ptr<Stream> stream_;  // none while closing
  std::vector<std::uint8_t> message_;
  std::size_t arrived_ = 0;  // bytes of message_ that are the message so far
  std::size_t left_ = 0;     // bytes not consumed
  bool ended_ = false;
  bool replaying_ = false;
  bool heard_ = false;  // something has come since the timer was armed

  std::uint64_t frames_left_;  // of this second's
  std::chrono::nanoseconds second_began_;
  unsigned config_seen_;
  std::shared_ptr<const Config> config_;
};

}  // namespace omnibroker::plugins::websocket_beast
