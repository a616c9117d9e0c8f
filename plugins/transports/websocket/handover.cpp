#include "handover.hpp"

#include <cstring>
#include <utility>

namespace omnibroker::plugins::websocket {
namespace {

constexpr std::string_view kFormat = "ws.session/";
constexpr std::string_view kVersion = "1";
constexpr std::size_t kHead = 60;
enum : std::uint8_t {
  kInFrame = 1,
  kFinal = 2,
  kInPlace = 4,
  kInMessage = 8,
  kPingUnanswered = 16,
  kCompressed = 32,
  kAllFlags = 63
};

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF));
  }
}

/// Reads the fixed head front to back; its size has been checked.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Number take() {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      number |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes_[i])) << (8 * i);
    }
    bytes_.remove_prefix(sizeof(Number));
    return static_cast<Number>(number);
  }

 private:
  std::string_view bytes_;
};

bool is_data(std::uint8_t opcode) { return opcode == 0x1 || opcode == 0x2; }

/// Whether the parts fit together as they do between two calls of an exchange.
bool is_consistent(const HandoverState& state) {
  const auto& frame = state.frame;
  if (state.in_frame) {
    if (frame.header.length >> 63 != 0 || frame.taken > frame.header.length) return false;
    if (frame.ready > frame.header.length - frame.taken) return false;
    if (frame.in_place ? frame.taken != 0 : frame.ready != 0) return false;
    const bool control = is_control(frame.header.opcode);
    if (control && (!frame.in_place || !frame.header.fin || frame.header.length > kMaxControlPayload)) return false;
    if (frame.in_place && !control && (!frame.header.fin || frame.header.opcode == Opcode::Continuation)) return false;
    const bool joins = !frame.in_place && state.phase == Phase::Open;
    if (joins && !state.in_message) return false;
    if (frame.in_place && !control && state.in_message) return false;
  }
  if (!state.in_message && !state.fragments.empty()) return false;
  if (state.window_bits != 0 && (state.window_bits < 9 || state.window_bits > 15)) return false;
  if (state.compressed && (!state.in_message || state.window_bits == 0)) return false;
  const auto utf8 = state.utf8.state();
  return utf8.missing <= 3 && utf8.low >= 0x80 && utf8.high <= 0xBF && utf8.low <= utf8.high;
}

}  // namespace

std::string write_blob(const HandoverState& state) {
  const auto& frame = state.frame;
  std::string blob;
  blob.reserve(kHead + state.subprotocol.size() + state.fragments.size());
  blob.append(kFormat).append(kVersion);
  put(blob, static_cast<std::uint8_t>(state.phase));
  put(blob, static_cast<std::uint8_t>((state.in_frame ? kInFrame : 0) | (frame.header.fin ? kFinal : 0) |
                                      (frame.in_place ? kInPlace : 0) | (state.in_message ? kInMessage : 0) |
                                      (state.ping_unanswered ? kPingUnanswered : 0) |
                                      (state.in_message && state.compressed ? kCompressed : 0)));
  put(blob, static_cast<std::uint8_t>(frame.header.opcode));
  put(blob, static_cast<std::uint8_t>(state.message_opcode));
  for (const std::uint8_t byte : frame.header.mask) put(blob, byte);
  put(blob, state.utf8.state().missing);
  put(blob, state.utf8.state().low);
  put(blob, state.utf8.state().high);
  put(blob, state.window_bits);
  put(blob, frame.header.length);
  put(blob, frame.taken);
  put(blob, frame.ready);
  put(blob, state.pings);
  put(blob, static_cast<std::uint32_t>(state.subprotocol.size()));
  put(blob, static_cast<std::uint32_t>(state.fragments.size()));
  blob += state.subprotocol;
  blob.append(reinterpret_cast<const char*>(state.fragments.data()), state.fragments.size());
  return blob;
}

Result<HandoverState> read_blob(std::string_view blob) {
  if (!blob.starts_with(kFormat)) return Error{ErrorCode::Unsupported, "not a WebSocket session"};
  if (blob.size() < kHead || blob.substr(kFormat.size(), kVersion.size()) != kVersion) {
    return Error{ErrorCode::Unsupported, "a WebSocket session of another version"};
  }
  const Error broken{ErrorCode::InvalidArgument, "a WebSocket session that contradicts itself"};
  Reader reader(blob.substr(kFormat.size() + kVersion.size()));
  const auto phase = reader.take<std::uint8_t>();
  const auto flags = reader.take<std::uint8_t>();
  const auto opcode = reader.take<std::uint8_t>();
  const auto message_opcode = reader.take<std::uint8_t>();
  if (phase > 1 || flags > kAllFlags || !is_known(opcode) || !is_data(message_opcode)) return broken;

  HandoverState state;
  state.phase = static_cast<Phase>(phase);
  state.in_frame = (flags & kInFrame) != 0;
  state.frame.header.fin = (flags & kFinal) != 0;
  state.frame.in_place = (flags & kInPlace) != 0;
  state.in_message = (flags & kInMessage) != 0;
  state.ping_unanswered = (flags & kPingUnanswered) != 0;
  state.compressed = (flags & kCompressed) != 0;
  state.frame.header.opcode = static_cast<Opcode>(opcode);
  state.message_opcode = static_cast<Opcode>(message_opcode);
  for (auto& byte : state.frame.header.mask) byte = reader.take<std::uint8_t>();
  Utf8Validator::State utf8;
  utf8.missing = reader.take<std::uint8_t>();
  utf8.low = reader.take<std::uint8_t>();
  utf8.high = reader.take<std::uint8_t>();
  state.utf8 = Utf8Validator(utf8);
  state.window_bits = reader.take<std::uint8_t>();
  state.frame.header.length = reader.take<std::uint64_t>();
  state.frame.taken = reader.take<std::uint64_t>();
  state.frame.ready = reader.take<std::uint64_t>();
  state.pings = reader.take<std::uint32_t>();
  const auto name_size = reader.take<std::uint32_t>();
  const auto fragments_size = reader.take<std::uint32_t>();
  const auto rest = blob.substr(kHead);
  if (rest.size() != std::uint64_t{name_size} + fragments_size) return broken;
  state.subprotocol = rest.substr(0, name_size);
  const auto fragments = rest.substr(name_size);
  state.fragments.assign(fragments.begin(), fragments.end());
  if (!is_consistent(state)) return broken;
  return state;
}

}  // namespace omnibroker::plugins::websocket
