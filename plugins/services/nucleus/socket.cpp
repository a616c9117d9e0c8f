#include "socket.hpp"

#include <algorithm>
#include <utility>
#include <websocket/utf8.hpp>

namespace omnibroker::plugins::nucleus {

using websocket::CloseCode;
using websocket::HeaderRead;
using websocket::Opcode;

namespace {

constexpr std::string_view kPing = "nucleus";

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Socket::Socket(Host host, Connection connection, const SocketRules& rules, std::shared_ptr<Outbox> outbox,
               std::unique_ptr<Conversation> conversation)
    : host_(host),
      connection_(connection),
      rules_(rules),
      outbox_(std::move(outbox)),
      conversation_(std::move(conversation)) {
  greeting_left_ = rules_.greeting_time;
  until_look_ = rules_.message_time;
  until_ping_ = rules_.ping_interval;
  arm_timer();
}

Socket::~Socket() { outbox_->close(); }

std::size_t Socket::receive(std::span<std::uint8_t> bytes) {
  heard_ = true;
  ping_unanswered_ = false;
  std::size_t used = 0;
  while (phase_ != Phase::Ended && used < bytes.size()) {
    const auto taken = take_frame(bytes.subspan(used));
    if (taken == 0) break;
    used += taken;
  }
  // What nobody takes now is not the client's doing.
  begun_ = in_message_ || (used < bytes.size() && conversation_->is_ready());
  pump();
  return phase_ == Phase::Ended ? bytes.size() : used;
}

std::size_t Socket::take_frame(std::span<std::uint8_t> bytes) {
  const auto read = websocket::read_header(bytes);
  if (read.outcome == HeaderRead::Outcome::Incomplete) return 0;
  if (read.outcome == HeaderRead::Outcome::Broken) return fail(CloseCode::ProtocolError, read.problem), 0;
  const auto& header = read.header;
  const bool control_frame = websocket::is_control(header.opcode);
  if (!control_frame && !begin_message(header)) return 0;
  if (bytes.size() - read.size < header.length) return 0;
  const bool completes = !control_frame && header.fin;
  if (completes && phase_ == Phase::Open && !conversation_->is_ready()) return 0;
  auto payload = bytes.subspan(read.size, static_cast<std::size_t>(header.length));
  websocket::unmask(payload, header.mask, 0);
  if (control_frame) {
    take_control(header, text_of(payload));
  } else if (!header.fin) {
    in_message_ = true;
    fragments_ += text_of(payload);
  } else if (in_message_) {
    in_message_ = false;
    auto whole = std::exchange(fragments_, {});
    message(whole += text_of(payload));
  } else {
    message(text_of(payload));
  }
  return read.size + payload.size();
}

/// False: the connection has been failed.
bool Socket::begin_message(const websocket::FrameHeader& header) {
  const bool continues = header.opcode == Opcode::Continuation;
  if (continues != in_message_) {
    fail(CloseCode::ProtocolError,
         continues ? "there is nothing to continue" : "a message begins before the last one has ended");
    return false;
  }
  const auto most = max_message();
  const auto left = most - std::min<std::uint64_t>(most, fragments_.size());
  if (header.length <= left) return true;
  fail(CloseCode::TooBig, most == rules_.max_message ? "the message is larger than this server takes"
                                                     : "the message is larger than this server takes before a login");
  return false;
}

std::uint64_t Socket::max_message() const {
  if (rules_.max_greeting == 0 || conversation_->is_welcome()) return rules_.max_message;
  return std::min(rules_.max_greeting, rules_.max_message);
}

void Socket::message(std::string_view payload) {
  if (phase_ != Phase::Open) return;
  was_begun_ = false;
  std::string problem;
  if (!conversation_->take(payload, problem)) fail(CloseCode::InvalidPayload, problem);
}

void Socket::take_control(const websocket::FrameHeader& header, std::string_view payload) {
  if (header.opcode == Opcode::Close) return take_close(payload);
  if (header.opcode == Opcode::Ping && phase_ == Phase::Open) control(Opcode::Pong, payload);
}

void Socket::take_close(std::string_view payload) {
  const auto received = websocket::read_close(payload);
  if (received.error) return fail(*received.error, received.problem);
  if (phase_ == Phase::Open) {
    control(Opcode::Close, received.code ? websocket::close_payload(*received.code, {}) : std::string());
  }
  end();
}

void Socket::fail(CloseCode code, std::string_view reason) {
  if (phase_ == Phase::Open) {
    host_.log().debug("WebSocket closed", {{"connection", connection_.id()},
                                           {"peer", connection_.peer()},
                                           {"code", static_cast<unsigned>(code)},
                                           {"reason", reason}});
    control(Opcode::Close, websocket::close_payload(static_cast<std::uint16_t>(code), reason));
  }
  end();
}

void Socket::end() {
  if (phase_ == Phase::Ended) return;
  phase_ = Phase::Ended;
  for (const auto& frame : frames_) {
    const bool begun = frame.sent > 0;
    // There may be no room for the rest of a long one, and behind half a frame nothing means anything.
    if (frame.blob && begun) return connection_.close(Flush::No);
    if (frame.blob) continue;
    if (!connection_.write(std::string_view(frame.head).substr(frame.sent))) break;
  }
  frames_.clear();
  connection_.close(Flush::Yes);
}

void Socket::control(Opcode opcode, std::string_view payload) {
  const websocket::FrameHead head(opcode, payload.size());
  Frame frame{std::string(head.bytes()).append(payload), nullptr, 0};
  // One pong answers all pings before it (RFC 6455, section 5.5.3): a client that pings and does not read waits for
  // one.
  if (opcode == Opcode::Pong) {
    const auto waits = std::find_if(frames_.begin(), frames_.end(),
                                    [&](const Frame& one) { return one.sent == 0 && one.head[0] == frame.head[0]; });
    if (waits != frames_.end()) return void(*waits = std::move(frame));
  }
  // Behind a frame that has been begun, and ahead of everything else.
  const bool begun = !frames_.empty() && frames_.front().sent > 0;
  auto at = frames_.begin() + (begun ? 1 : 0);
  while (at != frames_.end() && (static_cast<std::uint8_t>(at->head.front()) & 0x08) != 0) ++at;
  frames_.insert(at, std::move(frame));
}

void Socket::woken() { pump(); }

/// Writes what the host takes now, and asks to be woken when there is room again.
void Socket::pump() {
  if (phase_ == Phase::Ended) return;
  const auto unsent = connection_.unsent();
  std::size_t room = rules_.max_unsent - std::min(rules_.max_unsent, unsent);
  while (true) {
    if (frames_.empty()) {
      Outgoing next;
      if (phase_ != Phase::Open || room == 0 || !outbox_->take(next)) break;
      const websocket::FrameHead head(next.text ? Opcode::Text : Opcode::Binary, next.size());
      frames_.push_back({std::string(head.bytes()) + next.head, std::move(next.blob), 0});
    }
    if (!pump_frame(frames_.front(), room)) break;
    frames_.pop_front();
  }
  if (phase_ != Phase::Ended && room == 0) connection_.wake_when_sent(rules_.max_unsent / 2);
}

/// False: there is no room for the rest of it.
bool Socket::pump_frame(Frame& frame, std::size_t& room) {
  const auto put = [&](std::string_view part) {
    const auto now = std::min(part.size(), room);
    if (now > 0 && !connection_.write(part.substr(0, now))) {
      phase_ = Phase::Ended;
      return false;
    }
    frame.sent += now;
    written_ += now;
    room -= now;
    return now == part.size();
  };
  if (frame.sent < frame.head.size() && !put(std::string_view(frame.head).substr(frame.sent))) return false;
  if (!frame.blob) return true;
  return put(std::string_view(*frame.blob).substr(frame.sent - frame.head.size()));
}

/// For what comes first: the next ping, the next look at messages that do not come whole, or the end of the time for a
/// greeting.
void Socket::arm_timer() {
  armed_ = until_ping_;
  for (const auto left : {greeting_left_, until_look_}) {
    if (left.count() > 0 && (armed_.count() == 0 || left < armed_)) armed_ = left;
  }
  if (armed_.count() > 0) connection_.set_timer(armed_);
}

/// Whether the client has taken something since this was asked last.
bool Socket::is_moving() {
  const auto moved = written_ - std::min<std::uint64_t>(written_, connection_.unsent());
  return std::exchange(moved_, moved) < moved;
}

void Socket::timer() {
  if (phase_ == Phase::Closing) return end();
  if (phase_ == Phase::Ended) return;
  if (conversation_->is_welcome()) greeting_left_ = {};
  if (greeting_left_.count() > 0 && (greeting_left_ -= armed_).count() <= 0) {
    return fail(CloseCode::PolicyViolation, "nobody has logged in in time");
  }
  if (rules_.message_time.count() > 0 && (until_look_ -= armed_).count() <= 0) {
    until_look_ = rules_.message_time;
    if (begun_ && was_begun_) return fail(CloseCode::PolicyViolation, "a message has not come whole in time");
    was_begun_ = begun_;
  }
  if (rules_.ping_interval.count() > 0 && (until_ping_ -= armed_).count() <= 0) {
    until_ping_ = rules_.ping_interval;
    // A ping waits behind what is on its way, so one who takes that is not silent.
    const bool alive = is_moving() || heard_;
    if (ping_unanswered_ && !alive) return fail(CloseCode::InternalError, "ping timeout");
    if (!alive) {
      control(Opcode::Ping, kPing);
      ping_unanswered_ = true;
      pump();
      moved_ += kPing.size() + 2;  // that the ping itself has gone is no sign of life
    }
    heard_ = false;
  }
  if (phase_ == Phase::Open) arm_timer();
}

void Socket::shutdown(ShutdownReason reason, std::string_view sentence) {
  if (phase_ != Phase::Open) return;
  conversation_->going_away();
  pump();
  control(Opcode::Close, websocket::close_payload(static_cast<std::uint16_t>(websocket::close_code(reason)), sentence));
  phase_ = Phase::Closing;
  pump();
  connection_.set_timer(rules_.close_timeout);
}

void Socket::end_of_input() { end(); }

}  // namespace omnibroker::plugins::nucleus
