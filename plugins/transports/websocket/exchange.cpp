#include "exchange.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace omnibroker::plugins::websocket {
namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

WebSocketExchange::WebSocketExchange(Shared& shared, Connection connection, const Acceptance& acceptance)
    : WebSocketExchange(shared, connection, HandoverState{}) {
  state_.subprotocol = acceptance.subprotocol;
  state_.window_bits = acceptance.deflate.window_bits;
}

WebSocketExchange::WebSocketExchange(Shared& shared, Connection connection, HandoverState state)
    : shared_(shared),
      connection_(connection),
      state_(std::move(state)),
      rate_(shared.frames_per_second),
      config_version_(shared.config.version()),
      config_(shared.config.get()) {
  rate_.start(shared_.host.monotonic());
  arm_timer();
}

// ---------------------------------------------------------------------------------------------------------- frames in

std::size_t WebSocketExchange::receive(std::span<std::uint8_t> bytes) {
  const bool changed = config_version_ != shared_.config.version();
  if (changed) take_config();
  const bool life = bytes.size() > left_;  // the host may also show again what was left
  if (life) heard_ = true;
  if ((life && std::exchange(state_.ping_unanswered, false)) || changed) arm_timer();

  std::size_t used = 0;
  take_frames(bytes, used);
  left_ = bytes.size() - used;
  return used;
}

void WebSocketExchange::take_frames(std::span<std::uint8_t> bytes, std::size_t& used) {
  std::int64_t frames = 0;
  const auto rsv1 = state_.window_bits != 0 ? Rsv1::Allowed : Rsv1::Refused;
  while (!ended_) {
    if (!state_.in_frame) {
      const auto read = read_header(bytes.subspan(used), rsv1);
      if (read.outcome == HeaderRead::Outcome::Incomplete) break;
      ++frames;
      if (read.outcome == HeaderRead::Outcome::Broken) {
        fail(CloseCode::ProtocolError, read.problem);
        break;
      }
      used += read.size;
      if (!begin_frame(read.header)) break;
    }
    used += take_payload(bytes.subspan(used));
    if (state_.in_frame) break;  // the rest of its payload has not come
  }
  if (frames != 0) shared_.counters.frames(frames);
}

bool WebSocketExchange::begin_frame(const FrameHeader& header) {
  const auto refuse = [this](CloseCode code, const char* reason) { return fail(code, reason), false; };
  if (!rate_.admit([this] { return shared_.host.monotonic(); })) {
    return refuse(CloseCode::PolicyViolation, "too many frames");
  }
  const bool control = is_control(header.opcode);
  if (!control) {
    const bool continues = header.opcode == Opcode::Continuation;
    if (continues && !state_.in_message) return refuse(CloseCode::ProtocolError, "there is nothing to continue");
    if (!continues && state_.in_message) {
      return refuse(CloseCode::ProtocolError, "a message begins before the last one has ended");
    }
    const auto most = max_frames(continues ? state_.compressed : header.compressed);
    if (header.length > most - std::min<std::uint64_t>(most, state_.fragments.size())) {
      return refuse(CloseCode::TooBig, "the message is larger than this server takes");
    }
    if (!continues) {
      state_.utf8.reset();
      state_.message_opcode = header.opcode;
      state_.compressed = header.compressed;
      state_.in_message = !header.fin || header.compressed;
    }
  }
  const bool whole_message = header.fin && header.opcode != Opcode::Continuation && !header.compressed;
  state_.frame = {header, control || (whole_message && state_.phase == Phase::Open), 0, 0};
  state_.in_frame = true;
  return true;
}

std::uint64_t WebSocketExchange::max_frames(bool compressed) const {
  const auto most = shared_.max_message;
  if (!compressed) return most;
  // What cannot be made smaller becomes larger: a little by stored blocks, more by many small ones.
  const auto more = most / 64 + 1024;
  return most + std::min(more, std::numeric_limits<std::uint64_t>::max() - most);
}

std::size_t WebSocketExchange::take_payload(std::span<std::uint8_t> bytes) {
  const auto left = state_.frame.header.length - state_.frame.taken;
  bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left)));
  return state_.frame.in_place ? take_in_place(bytes) : take_streamed(bytes);
}

std::size_t WebSocketExchange::take_in_place(std::span<std::uint8_t> bytes) {
  auto& frame = state_.frame;
  if (!make_ready(bytes.subspan(static_cast<std::size_t>(frame.ready)), frame.ready)) return 0;
  frame.ready = bytes.size();
  if (frame.ready < frame.header.length) return 0;

  state_.in_frame = false;
  if (is_control(frame.header.opcode)) {
    handle_control(bytes);
  } else if (state_.phase == Phase::Open) {
    submit(frame.header.opcode, bytes);
  }
  return bytes.size();
}

std::size_t WebSocketExchange::take_streamed(std::span<std::uint8_t> bytes) {
  auto& frame = state_.frame;
  const bool wanted = state_.phase == Phase::Open;
  if (wanted && !make_ready(bytes, frame.taken)) return 0;
  frame.taken += bytes.size();
  const bool frame_ends = frame.taken == frame.header.length;
  if (frame_ends) state_.in_frame = false;
  if (frame_ends && frame.header.fin) {
    finish(bytes);
  } else if (wanted) {
    state_.fragments.insert(state_.fragments.end(), bytes.begin(), bytes.end());
  }
  return bytes.size();
}

void WebSocketExchange::finish(std::span<std::uint8_t> bytes) {
  state_.in_message = false;
  // Let go of the buffer: a connection that once sent a large message does not keep its size.
  auto message = std::exchange(state_.fragments, {});
  if (state_.phase != Phase::Open) return;
  if (!message.empty()) {
    message.insert(message.end(), bytes.begin(), bytes.end());
    bytes = message;
  }
  if (state_.compressed) return inflate(bytes);
  submit(state_.message_opcode, bytes);
}

void WebSocketExchange::inflate(std::span<const std::uint8_t> payload) {
  const auto inflater = shared_.compression.inflater();
  const auto [outcome, message] = inflater->inflate(payload, shared_.max_message);
  switch (outcome) {
    case Inflater::Outcome::TooLarge: return fail(CloseCode::TooBig, "the message is larger than this server takes");
    case Inflater::Outcome::Broken:
      // RFC 7692 names no code. 1007 is for data that does not fit the type of its message, and the frame was in order.
      return fail(CloseCode::InvalidPayload, "the compressed data is broken");
    case Inflater::Outcome::Whole: break;
  }
  if (state_.message_opcode == Opcode::Text && !state_.utf8.feed(message)) {
    return fail(CloseCode::InvalidPayload, "the text is not UTF-8");
  }
  submit(state_.message_opcode, message);
}

bool WebSocketExchange::make_ready(std::span<std::uint8_t> bytes, std::uint64_t phase) {
  unmask(bytes, state_.frame.header.mask, phase);
  const bool control = is_control(state_.frame.header.opcode);
  const bool text = !control && !state_.compressed && state_.message_opcode == Opcode::Text;
  if (!text || state_.phase != Phase::Open || state_.utf8.feed(bytes)) return true;
  fail(CloseCode::InvalidPayload, "the text is not UTF-8");
  return false;
}

void WebSocketExchange::submit(Opcode opcode, std::span<std::uint8_t> payload) {
  if (opcode == Opcode::Text && !state_.utf8.complete()) {
    return fail(CloseCode::InvalidPayload, "the text ends inside a character");
  }
  const auto encoding = opcode == Opcode::Text ? Encoding::Text : Encoding::Binary;
  switch (connection_.submit(0, encoding, payload)) {
    case OMNIBROKER_OK: return;
    case OMNIBROKER_RESOURCE_EXHAUSTED: return fail(CloseCode::PolicyViolation, "too many messages");
    case OMNIBROKER_NOT_FOUND: return fail(CloseCode::GoingAway, "the session has ended");
    default: return fail(CloseCode::InternalError, "the message could not be handled");
  }
}

void WebSocketExchange::handle_control(std::span<std::uint8_t> payload) {
  switch (state_.frame.header.opcode) {
    case Opcode::Close: return handle_close(text_of(payload));
    case Opcode::Ping:
      if (state_.phase == Phase::Open) send(Opcode::Pong, text_of(payload));
      return;
    default: return;  // a pong: that something came is all it says
  }
}

// -------------------------------------------------------------------------------------------------------- the closing

void WebSocketExchange::handle_close(std::string_view payload) {
  const auto received = read_close(payload);
  if (received.error) return fail(*received.error, received.problem);
  if (state_.phase == Phase::Open) {
    send(Opcode::Close, received.code ? close_payload(*received.code, {}) : std::string());
  }
  end(Flush::Yes);
}

void WebSocketExchange::fail(CloseCode code, std::string_view reason) {
  if (state_.phase == Phase::Open) {  // a second close frame would be an error of ours
    send(Opcode::Close, close_payload(static_cast<std::uint16_t>(code), reason));
    shared_.counters.failed(code);
    shared_.host.log().debug("WebSocket closed", {{"connection", connection_.id()},
                                                  {"peer", connection_.peer()},
                                                  {"code", static_cast<unsigned>(code)},
                                                  {"reason", reason}});
  }
  end(Flush::Yes);
}

void WebSocketExchange::end(Flush flush) {
  if (ended_) return;
  ended_ = true;
  state_.in_frame = false;
  connection_.close(flush);
}

void WebSocketExchange::shutdown(ShutdownReason reason, std::string_view sentence) {
  if (ended_ || state_.phase != Phase::Open) return;
  send(Opcode::Close, close_payload(static_cast<std::uint16_t>(close_code(reason)), sentence));
  state_.phase = Phase::Closing;
  arm_timer();
}

void WebSocketExchange::end_of_input() { end(Flush::Yes); }

// --------------------------------------------------------------------------------------------------------- keep-alive

void WebSocketExchange::timer() {
  if (ended_) return;
  if (state_.phase == Phase::Closing) return end(Flush::No);
  take_config();
  if (state_.ping_unanswered) return fail(CloseCode::InternalError, "ping timeout");
  if (!heard_ && config_->ping_interval.count() != 0) ping();
  arm_timer();
}

void WebSocketExchange::ping() {
  ++state_.pings;
  std::string payload(4, '\0');
  for (std::size_t i = 0; i < payload.size(); ++i) {
    payload[i] = static_cast<char>(state_.pings >> (24 - 8 * i) & 0xFF);
  }
  send(Opcode::Ping, payload);
  state_.ping_unanswered = config_->ping_timeout.count() != 0;
}

void WebSocketExchange::take_config() {
  config_version_ = shared_.config.version();  // before the configuration: a change in between is seen again
  config_ = shared_.config.get();
  if (config_->ping_timeout.count() == 0) state_.ping_unanswered = false;
}

void WebSocketExchange::arm_timer() {
  heard_ = false;  // silence is measured from here
  if (state_.phase == Phase::Closing) return connection_.set_timer(config_->close_timeout);
  connection_.set_timer(state_.ping_unanswered ? config_->ping_timeout : config_->ping_interval);
}

void WebSocketExchange::send(Opcode opcode, std::string_view payload) {
  const FrameHead head(opcode, payload.size());
  std::string frame(head.bytes());
  frame += payload;
  connection_.write(frame);
}

}  // namespace omnibroker::plugins::websocket
