#pragma once

#include "outbox.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <websocket/close_code.hpp>
#include <websocket/frame.hpp>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// How a WebSocket of a service behaves.
struct SocketRules {
  std::uint64_t max_message = 0;   ///< Bytes of one message.
  std::uint64_t max_greeting = 0;  ///< The same while the conversation does not know who it is; 0: no difference.
  std::chrono::nanoseconds greeting_time{0};  ///< How long that may last; 0: for ever.
  /// How long a message may take from its first byte to its last, give or take as much again; 0: for ever.
  std::chrono::nanoseconds message_time{0};
  std::size_t max_unsent = 0;  ///< What the host may hold for this connection.
  std::chrono::nanoseconds ping_interval{0};
  std::chrono::nanoseconds close_timeout = std::chrono::seconds(5);
};

/// What a service does with the messages of one WebSocket. Made with the connection, gone with it.
///
/// Threads: the connection's worker; what it hands to others refers to the outbox, not to this.
class Conversation {
 public:
  Conversation() = default;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  virtual ~Conversation() = default;

  /// Whether it takes another message now; else it is asked again when something has been sent or has come up.
  virtual bool is_ready() const = 0;
  /// Whether it knows who the client is. Until then less is taken from it.
  virtual bool is_welcome() const { return true; }
  /// A whole message. False: it is not of this protocol, and the connection ends; `problem` says why.
  virtual bool take(std::string_view message, std::string& problem) = 0;
  /// The server asks the client to go.
  virtual void going_away() {}
};

/// A WebSocket (RFC 6455) that a service speaks, without compression: messages to a Conversation, and what is in the
/// outbox to the client, as much as it takes.
///
/// Lifecycle: made after the handshake, ends itself. Threads: the connection's worker.
class Socket final : public Exchange {
 public:
  Socket(Host host, Connection connection, const SocketRules& rules, std::shared_ptr<Outbox> outbox,
         std::unique_ptr<Conversation> conversation);
  ~Socket() override;

  std::size_t receive(std::span<std::uint8_t> bytes) override;
  void woken() override;
  void timer() override;
  void shutdown(ShutdownReason reason, std::string_view sentence) override;
  void end_of_input() override;

 private:
  enum class Phase { Open, Closing, Ended };

  /// A frame that is being written: its head and its payload in two parts.
  struct Frame {
    std::string head;
    std::shared_ptr<const std::string> blob;
    std::size_t sent = 0;
  };

  /// Answers how much of the front was used; 0: a frame that has not come whole, or nobody takes it now.
  std::size_t take_frame(std::span<std::uint8_t> bytes);
  bool begin_message(const websocket::FrameHeader& header);
  void take_control(const websocket::FrameHeader& header, std::string_view payload);
  void take_close(std::string_view payload);
  void message(std::string_view payload);

  void arm_timer();
  bool is_moving();
  std::uint64_t max_message() const;
  void control(websocket::Opcode opcode, std::string_view payload);
  void pump();
  bool pump_frame(Frame& frame, std::size_t& room);
  void fail(websocket::CloseCode code, std::string_view reason);
  void end();

  const Host host_;
  Connection connection_;
  const SocketRules rules_;
  const std::shared_ptr<Outbox> outbox_;
  const std::unique_ptr<Conversation> conversation_;
  Phase phase_ = Phase::Open;
  std::deque<Frame> frames_;  // being written, and control frames behind it
  std::string fragments_;
  bool in_message_ = false;
  std::chrono::nanoseconds greeting_left_{0};  // 0: nobody waits for one
  std::chrono::nanoseconds until_look_{0};     // at whether a message has become whole
  bool begun_ = false;                         // a message has, and is not whole
  bool was_begun_ = false;                     // and had at the last look
  std::chrono::nanoseconds until_ping_{0};
  std::chrono::nanoseconds armed_{0};
  std::uint64_t written_ = 0;  // to the host, since it began
  std::uint64_t moved_ = 0;    // of this, what had left the host when it was looked at last
  bool heard_ = false;
  bool ping_unanswered_ = false;
};

}  // namespace omnibroker::plugins::nucleus
