#include "exchange.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

namespace omnibroker::plugins::websocket_beast {
namespace {

constexpr std::size_t kIdleRoom = 512;  // as much as most messages need
constexpr std::size_t kMostRoom = 64 * 1024;
constexpr std::size_t kKeptRoom = 4096;
constexpr Mask kNoMask{};

CloseCode code_for(ShutdownReason reason) {
  switch (reason) {
    case ShutdownReason::GoingAway: return CloseCode::GoingAway;
    case ShutdownReason::Restart: return CloseCode::ServiceRestart;
    case ShutdownReason::Idle: return CloseCode::Normal;
    case ShutdownReason::Fault: return CloseCode::InternalError;
    default: return CloseCode::PolicyViolation;
  }
}

/// Whether a peer may send it: what IANA has registered for use on the wire, and what is left to libraries.
bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

std::string close_payload(unsigned code, std::string_view reason) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  const auto cut = shortened(reason, kLongestControl - payload.size());
  return is_utf8(bytes_of(cut)) ? payload.append(cut) : payload;
}

/// The most that the frames of a compressed message may carry: data that cannot be made smaller becomes larger, a
/// little by stored blocks, more by many small ones.
std::uint64_t largest_compressed(std::uint64_t message) { return message == 0 ? 0 : message + message / 64 + 1024; }

}  // namespace

BeastExchange::BeastExchange(Shared& shared, Connection connection, Session session)
    : shared_(shared),
      connection_(connection),
      state_(std::move(session)),
      frames_left_(shared.frames_per_second),
      second_began_(shared.host.monotonic()),
      config_seen_(shared.config.changes()),
      config_(shared.config.get()) {
  if (!state_.closing) stream_ = std::make_unique<Stream>(shared.streams, static_cast<StreamOwner&>(*this));
}

BeastExchange::BeastExchange(Shared& shared, Connection connection, const Upgrade& upgrade,
                             const std::string& client_id)
    : BeastExchange(shared, connection, Session{}) {
  state_.subprotocol = upgrade.subprotocol;
  state_.window_bits = upgrade.compression.window_bits;
  stream_->accept(upgrade.key, upgrade.fields(client_id));
  arm_timer();
}

// ----------------------------------------------------------------------------------------------------------- handover

std::unique_ptr<BeastExchange> BeastExchange::resume(Shared& shared, Connection connection, Session session) {
  std::unique_ptr<BeastExchange> exchange(new BeastExchange(shared, connection, std::move(session)));
  exchange->replay();
  if (exchange->ended_) return nullptr;
  exchange->arm_timer();
  return exchange;
}

void BeastExchange::replay() {
  auto& state = state_;
  const auto so_far = std::exchange(state.fragments, {});
  const bool data = state.in_frame && state.opcode < opcode::kClose;
  if (state.closing) {
    if (data) state.in_place = false, state.ready = 0;  // it will be passed over
    return;
  }
  if (data && state.in_place) {
    state.in_place = false;
    state.in_message = true;
    state.message_opcode = state.opcode;
  }
  replaying_ = true;
  stream_->resume();
  stream_->limit(0);  // what has been taken was taken; the next frame is judged by the limits in force
  const auto taken = state.taken;
  const bool in_frame = std::exchange(state.in_frame, false);
  if (state.in_message) {
    const auto shown = state.compressed ? opcode::kBinary : state.message_opcode;
    stream_->feed(bytes_of(head_bytes(shown, so_far.size(), &kNoMask) + so_far));
    if (data) {
      Mask mask = state.mask;
      for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = state.mask[(i + taken) % mask.size()];
      const std::uint8_t final = state.final ? kFinalBit : 0;
      stream_->feed(bytes_of(head_bytes(final | opcode::kContinuation, state.length - taken, &mask)));
    }
  }
  state.taken = taken;
  state.in_frame = in_frame;
  stream_->limit(state.compressed ? largest_compressed(shared_.max_message) : shared_.max_message);
  replaying_ = false;
}

Session BeastExchange::session() const {
  auto session = state_;
  const bool control = session.in_frame && session.opcode >= opcode::kClose;
  if (session.closing) {
    session.in_message = false;
    session.compressed = false;
    if (!control) session.ready = 0;
    return session;
  }
  if (session.ready != 0 && !control) {  // as it came from the other transport
    session.in_place = true;
    session.in_message = false;
    return session;
  }
  if (!session.in_message) return session;
  session.fragments = text_of(std::span(message_).first(arrived_));
  const bool text = session.message_opcode == opcode::kText && !session.compressed;
  session.cut = text ? cut_at_end(std::span(message_).first(arrived_)) : CutCharacter{};
  return session;
}

// ---------------------------------------------------------------------------------------------------------- frames in

std::size_t BeastExchange::receive(std::span<std::uint8_t> bytes) {
  const bool changed = config_seen_ != shared_.config.changes();
  if (changed) take_config();
  const bool news = bytes.size() > left_;  // otherwise what was left is shown again
  if (news) heard_ = true;
  if ((news && std::exchange(state_.ping_unanswered, false)) || changed) arm_timer();

  if (state_.ready != 0) {
    const auto ready = static_cast<std::size_t>(std::min<std::uint64_t>(state_.ready, bytes.size()));
    turn_mask(bytes.first(ready), state_.mask);
    state_.ready = 0;
  }
  std::size_t used = 0;
  std::int64_t frames = 0;
  while (!ended_) {
    if (!state_.in_frame) {
      const auto head = read_head(bytes.subspan(used));
      if (!head) break;
      ++frames;
      begin_frame(*head, bytes.subspan(used, head->size));
      used += head->size;
      if (ended_ || !state_.in_frame) continue;
    }
    used += take_payload(bytes.subspan(used));
    if (state_.in_frame) break;  // the rest has not come
  }
  if (frames != 0) shared_.counters.frames.add(frames);
  left_ = bytes.size() - used;
  return used;
}

/// One second's worth at once, and then as many as the time that has gone by is worth.
bool BeastExchange::over_the_rate() {
  using namespace std::chrono_literals;
  const auto rate = shared_.frames_per_second;
  if (rate == 0) return false;
  if (frames_left_ == 0) {
    const auto now = shared_.host.monotonic();
    const auto each = std::chrono::nanoseconds(1s) / static_cast<std::int64_t>(rate);
    const auto worth = each.count() == 0 ? static_cast<std::int64_t>(rate) : (now - second_began_) / each;
    frames_left_ = std::min(static_cast<std::uint64_t>(worth), rate);
    second_began_ = frames_left_ == rate ? now : second_began_ + each * static_cast<std::int64_t>(frames_left_);
  }
  if (frames_left_ == 0) return true;
  --frames_left_;
  return false;
}

void BeastExchange::begin_frame(const Head& head, std::span<const std::uint8_t> bytes) {
  if (over_the_rate()) return fail(CloseCode::PolicyViolation, "too many frames");
  if (head.length >> 63 != 0) return fail(CloseCode::ProtocolError, "the length has its highest bit set");
  state_.final = head.final();
  state_.opcode = head.opcode();
  state_.length = head.length;
  state_.mask = head.mask;
  state_.taken = 0;
  state_.in_place = head.good_control();
  state_.in_frame = state_.in_place || head.length != 0;
  if (state_.in_place || state_.closing) return;
  std::string shown(text_of(bytes));
  if (!head.control()) begin_data(head, shown);
  stream_->feed(bytes_of(shown));
}

void BeastExchange::begin_data(const Head& head, std::string& bytes) {
  if (state_.in_message || head.opcode() == opcode::kContinuation) return;
  state_.in_message = true;
  state_.message_opcode = head.opcode();
  state_.compressed = state_.window_bits != 0 && (head.first & kReservedBits) == kCompressedBit;
  if (state_.compressed) bytes[0] = static_cast<char>((head.first & kFinalBit) | opcode::kBinary);
  stream_->limit(state_.compressed ? largest_compressed(shared_.max_message) : shared_.max_message);
}

std::size_t BeastExchange::take_payload(std::span<std::uint8_t> bytes) {
  const auto missing = state_.length - state_.taken;
  bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), missing)));
  if (state_.in_place) {
    if (bytes.size() < missing) return 0;
    state_.in_frame = false;
    take_control(bytes);
    return bytes.size();
  }
  if (state_.closing) {
    state_.taken += bytes.size();
  } else {
    stream_->feed(bytes);  // which has `taken` counted
  }
  if (state_.taken == state_.length) state_.in_frame = false;
  return bytes.size();
}

void BeastExchange::take_control(std::span<std::uint8_t> payload) {
  if (state_.opcode == opcode::kClose) {
    turn_mask(payload, state_.mask);
    return answer_close(payload);
  }
  if (state_.closing) return;
  auto frame = head_bytes(kFinalBit | state_.opcode, payload.size(), &state_.mask);
  frame += text_of(payload);
  stream_->feed(bytes_of(frame));
}

std::span<std::uint8_t> BeastExchange::room() {
  const auto missing = state_.in_frame && !state_.in_place ? state_.length - state_.taken : 0;
  const auto size = static_cast<std::size_t>(std::clamp<std::uint64_t>(missing, kIdleRoom, kMostRoom));
  if (message_.size() < arrived_ + size) message_.resize(arrived_ + size);
  return std::span(message_).subspan(arrived_, size);
}

bool BeastExchange::arrived(std::size_t size, bool message_ends) {
  arrived_ += size;
  state_.taken += size;
  if (message_ends) finish_message();
  return !ended_;
}

void BeastExchange::finish_message() {
  state_.in_message = false;
  const auto message = std::span(message_).first(arrived_);
  if (state_.compressed) {
    auto inflater = shared_.inflaters.take();
    if (inflater == nullptr) {
      inflater = std::make_unique<Inflater>();
      shared_.counters.compressors_made.add();
    }
    const auto most = shared_.max_message != 0 ? shared_.max_message : std::numeric_limits<std::uint64_t>::max();
    switch (inflater->inflate(message, most)) {
      case Inflater::Outcome::TooLarge: fail(CloseCode::TooBig, "the message is larger than this server takes"); break;
      // RFC 7692 names no code. 1007 is for data that does not fit the type of its message.
      case Inflater::Outcome::Broken: fail(CloseCode::InvalidPayload, "the compressed data is broken"); break;
      case Inflater::Outcome::Whole:
        if (state_.message_opcode == opcode::kText && !is_utf8(inflater->message())) {
          fail(CloseCode::InvalidPayload, "the text is not UTF-8");
        } else {
          submit(inflater->message());
        }
    }
    shared_.inflaters.put(std::move(inflater));
  } else if (state_.message_opcode == opcode::kText && cut_at_end(message).missing != 0) {
    fail(CloseCode::InvalidPayload, "the text ends inside a character");
  } else {
    submit(message);
  }
  arrived_ = 0;
  // A connection that once sent a large message does not keep its size.
  if (message_.capacity() > kKeptRoom) std::vector<std::uint8_t>().swap(message_);
}

void BeastExchange::submit(std::span<std::uint8_t> message) {
  const auto encoding = state_.message_opcode == opcode::kText ? Encoding::Text : Encoding::Binary;
  switch (connection_.submit(0, encoding, message)) {
    case OMNIBROKER_OK: return;
    case OMNIBROKER_RESOURCE_EXHAUSTED: return fail(CloseCode::PolicyViolation, "too many messages");
    case OMNIBROKER_NOT_FOUND: return fail(CloseCode::GoingAway, "the session has ended");
    default: return fail(CloseCode::InternalError, "the message could not be handled");
  }
}

// -------------------------------------------------------------------------------------------------------- the closing

void BeastExchange::answer_close(std::span<const std::uint8_t> payload) {
  const unsigned code = payload.size() < 2 ? 0u : static_cast<unsigned>(payload[0] << 8 | payload[1]);
  if (payload.size() == 1) return fail(CloseCode::ProtocolError, "a close code has two bytes");
  if (!payload.empty() && !may_be_sent(code)) return fail(CloseCode::ProtocolError, "the close code may not be sent");
  if (payload.size() > 2 && !is_utf8(payload.subspan(2))) {
    return fail(CloseCode::InvalidPayload, "the close reason is not UTF-8");
  }
  if (!state_.closing) write_frame(opcode::kClose, payload.empty() ? std::string() : close_payload(code, {}));
  end(Flush::Yes);
}

void BeastExchange::failed(std::uint16_t close_code, std::string_view reason) {
  if (!replaying_) note_failure(static_cast<CloseCode>(close_code), reason);
  end(Flush::Yes);
}

void BeastExchange::fail(CloseCode code, std::string_view reason) {
  if (!state_.closing) {  // a second close frame would be an error of ours
    write_frame(opcode::kClose, close_payload(static_cast<unsigned>(code), reason));
    note_failure(code, reason);
  }
  end(Flush::Yes);
}

void BeastExchange::note_failure(CloseCode code, std::string_view reason) {
  shared_.counters.closed(code);
  shared_.host.log().debug("WebSocket closed", {{"connection", connection_.id()},
                                                {"peer", connection_.peer()},
                                                {"code", static_cast<unsigned>(code)},
                                                {"reason", reason}});
}

void BeastExchange::end(Flush flush) {
  if (std::exchange(ended_, true)) return;
  state_.in_frame = false;
  if (!replaying_) connection_.close(flush);
}

void BeastExchange::shutdown(ShutdownReason reason, std::string_view sentence) {
  if (ended_ || state_.closing) return;
  write_frame(opcode::kClose, close_payload(static_cast<unsigned>(code_for(reason)), sentence));
  state_.closing = true;
  stream_.reset();
  message_ = {};
  arm_timer();
}

// --------------------------------------------------------------------------------------------------------- keep-alive

void BeastExchange::timer() {
  if (ended_) return;
  if (state_.closing) return end(Flush::No);
  take_config();
  if (state_.ping_unanswered) return fail(CloseCode::InternalError, "ping timeout");
  if (!heard_ && config_->ping_interval.count() != 0) {
    const auto number = ++state_.pings;
    const std::array<char, 4> payload{static_cast<char>(number >> 24), static_cast<char>(number >> 16 & 0xFF),
                                      static_cast<char>(number >> 8 & 0xFF), static_cast<char>(number & 0xFF)};
    write_frame(opcode::kPing, {payload.data(), payload.size()});
    state_.ping_unanswered = config_->ping_timeout.count() != 0;
  }
  arm_timer();
}

void BeastExchange::take_config() {
  config_seen_ = shared_.config.changes();  // before the configuration: a change in between is seen again
  config_ = shared_.config.get();
  if (config_->ping_timeout.count() == 0) state_.ping_unanswered = false;
}

void BeastExchange::arm_timer() {
  heard_ = false;  // silence is measured from here
  const auto after = state_.closing           ? config_->close_timeout
                     : state_.ping_unanswered ? config_->ping_timeout
                                              : config_->ping_interval;
  connection_.set_timer(after);
}

void BeastExchange::write_frame(std::uint8_t opcode, std::string_view payload) {
  connection_.write(head_bytes(kFinalBit | opcode, payload.size()).append(payload));
}

}  // namespace omnibroker::plugins::websocket_beast
