#include "handover.hpp"

namespace omnibroker::plugins::websocket_beast {
namespace {

constexpr std::string_view kFormat = "ws.session/1";
constexpr std::string_view kAnyVersion = "ws.session/";
constexpr std::size_t kHeadBytes = 60;

enum Flag : unsigned {
  kInFrame = 1,
  kFinal = 2,
  kInPlace = 4,
  kInMessage = 8,
  kPing = 16,
  kCompressed = 32,
  kAll = 63
};

unsigned flags_of(const Session& session) {
  const auto flag = [](bool set, unsigned bit) { return set ? bit : 0; };
  return flag(session.in_frame, kInFrame) | flag(session.final, kFinal) | flag(session.in_place, kInPlace) |
         flag(session.in_message, kInMessage) | flag(session.ping_unanswered, kPing) |
         flag(session.in_message && session.compressed, kCompressed);
}

/// Goes over the fixed part of a blob, in its order: to write it, or to read it.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual std::uint64_t number(std::uint64_t value, std::size_t size) = 0;

  template <class Number>
  void pass(Number& value, std::size_t size = sizeof(Number)) {
    value = static_cast<Number>(number(static_cast<std::uint64_t>(value), size));
  }
};

class Writing final : public Cursor {
 public:
  explicit Writing(std::string& out) : out_(out) {}
  std::uint64_t number(std::uint64_t value, std::size_t size) override {
    for (std::size_t i = 0; i < size; ++i) out_.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return value;
  }

 private:
  std::string& out_;
};

class Reading final : public Cursor {
 public:
  explicit Reading(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number(std::uint64_t, std::size_t size) override {
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i) value = value << 8 | static_cast<std::uint8_t>(bytes_[i - 1]);
    bytes_.remove_prefix(size);
    return value;
  }

 private:
  std::string_view bytes_;
};

struct Sizes {
  std::uint32_t subprotocol = 0;
  std::uint32_t fragments = 0;
};

/// The fixed part behind the format's name; flags and phase as numbers.
void pass_all(Cursor& cursor, Session& session, std::uint8_t& phase, std::uint8_t& flags, Sizes& sizes) {
  cursor.pass(phase);
  cursor.pass(flags);
  cursor.pass(session.opcode);
  cursor.pass(session.message_opcode);
  for (auto& byte : session.mask) cursor.pass(byte);
  cursor.pass(session.cut.missing);
  cursor.pass(session.cut.low);
  cursor.pass(session.cut.high);
  cursor.pass(session.window_bits);
  cursor.pass(session.length);
  cursor.pass(session.taken);
  cursor.pass(session.ready);
  cursor.pass(session.pings);
  cursor.pass(sizes.subprotocol);
  cursor.pass(sizes.fragments);
}

bool frame_makes_sense(const Session& session) {
  const bool control = session.opcode >= opcode::kClose;
  if (session.length >> 63 != 0 || session.taken > session.length) return false;
  if (session.ready > session.length - session.taken) return false;
  if (control) return session.in_place && session.taken == 0 && session.final && session.length <= kLongestControl;
  if (!session.in_place) return session.ready == 0 && (session.closing || session.in_message);
  return session.taken == 0 && session.final && session.opcode != opcode::kContinuation && !session.in_message;
}

bool makes_sense(const Session& session) {
  const bool known =
      session.opcode <= opcode::kBinary || (session.opcode >= opcode::kClose && session.opcode <= opcode::kPong);
  const bool data = session.message_opcode == opcode::kText || session.message_opcode == opcode::kBinary;
  const bool window = session.window_bits == 0 || (session.window_bits >= 9 && session.window_bits <= 15);
  const bool cut = session.cut.missing <= 3 && session.cut.low >= 0x80 && session.cut.high <= 0xBF &&
                   session.cut.low <= session.cut.high;
  if (!known || !data || !window || !cut) return false;
  if (session.in_frame && !frame_makes_sense(session)) return false;
  if (!session.in_message) return session.fragments.empty() && !session.compressed;
  return !session.compressed || session.window_bits != 0;
}

}  // namespace

std::string write_session(const Session& session) {
  std::string blob(kFormat);
  Writing writing(blob);
  auto copy = session;  // what is written is passed through
  std::uint8_t phase = session.closing ? 1 : 0;
  auto flags = static_cast<std::uint8_t>(flags_of(session));
  Sizes sizes{static_cast<std::uint32_t>(session.subprotocol.size()),
              static_cast<std::uint32_t>(session.fragments.size())};
  pass_all(writing, copy, phase, flags, sizes);
  return blob + session.subprotocol + session.fragments;
}

Result<Session> read_session(std::string_view blob) {
  if (!blob.starts_with(kAnyVersion)) return Error{ErrorCode::Unsupported, "not a WebSocket session"};
  if (!blob.starts_with(kFormat) || blob.size() < kHeadBytes) {
    return Error{ErrorCode::Unsupported, "a WebSocket session of another version"};
  }
  const Error broken{ErrorCode::InvalidArgument, "a WebSocket session that contradicts itself"};
  Session session;
  Reading reading(blob.substr(kFormat.size()));
  std::uint8_t phase = 0;
  std::uint8_t flags = 0;
  Sizes sizes;
  pass_all(reading, session, phase, flags, sizes);
  const auto rest = blob.substr(kHeadBytes);
  if (phase > 1 || flags > kAll || rest.size() != std::uint64_t{sizes.subprotocol} + sizes.fragments) return broken;
  session.closing = phase == 1;
  session.in_frame = (flags & kInFrame) != 0;
  session.final = (flags & kFinal) != 0;
  session.in_place = (flags & kInPlace) != 0;
  session.in_message = (flags & kInMessage) != 0;
  session.ping_unanswered = (flags & kPing) != 0;
  session.compressed = (flags & kCompressed) != 0;
  session.subprotocol = rest.substr(0, sizes.subprotocol);
  session.fragments = rest.substr(sizes.subprotocol);
  if (!makes_sense(session)) return broken;
  if (!session.in_frame) {  // what the blob says of the last one does not matter any more
    session.in_place = false;
    session.length = session.taken = session.ready = 0;
  }
  return session;
}

}  // namespace omnibroker::plugins::websocket_beast
