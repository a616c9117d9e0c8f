// Any bytes from a WebSocket client, in any pieces, on a host of memory. What comes of them is compared with a second,
// slow and simple reading of RFC 6455 and RFC 7692; and it must be the same whole, in pieces, and with the connection
// handed over to another generation between pieces.
//
// The input: a byte of how many piece sizes follow (below 8; with 8 added compression is agreed), the sizes, then what
// the client sends.

#include "second_inflate.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace {

using namespace omnibroker;
using testing::ComponentUnderTest;
using testing::FakeConnection;
using testing::FakeHost;

constexpr std::uint64_t kMaxMessage = 300;
constexpr std::uint64_t kMaxCompressed = kMaxMessage + kMaxMessage / 64 + 1024;
constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

struct Happened {
  std::vector<std::string> messages;  // 't' or 'b', then the payload
  std::string answers;                // pongs and the close frame; of a close frame of ours, its code alone
  bool ended = false;
  friend bool operator==(const Happened&, const Happened&) = default;
};

std::string describe(const char* name, const Happened& outcome) {
  std::string text = std::string(name) + ": " + std::to_string(outcome.messages.size()) + " messages, " +
                     std::to_string(outcome.answers.size()) + " bytes of answers" +
                     (outcome.ended ? ", ended\n" : "\n");
  for (const auto& message : outcome.messages) text += "  " + message + "\n";
  for (const char c : outcome.answers) text += " " + std::to_string(static_cast<unsigned char>(c));
  return text + "\n";
}

// -------------------------------------------------------------------------------------------------- the second reading

/// Whether `text` is UTF-8, and if not whole, could become it.
enum class Utf8 { Whole, Beginning, Broken };
Utf8 judge_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto at = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const std::size_t size = at(i) < 0x80 ? 1 : at(i) >> 5 == 6 ? 2 : at(i) >> 4 == 14 ? 3 : at(i) >> 3 == 30 ? 4 : 0;
    if (size == 0) return Utf8::Broken;
    std::uint32_t lowest = size == 1 ? at(i) : at(i) & (0xFFu >> (size + 1));
    std::uint32_t highest = lowest;
    bool whole = true;
    for (std::size_t k = 1; k < size; ++k) {  // what is missing may be anything between 80 and BF
      const bool there = i + k < text.size();
      if (there && at(i + k) >> 6 != 2) return Utf8::Broken;
      whole = whole && there;
      lowest = lowest << 6 | (there ? at(i + k) & 0x3Fu : 0u);
      highest = highest << 6 | (there ? at(i + k) & 0x3Fu : 0x3Fu);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (highest < least[size] || lowest > 0x10FFFF || (lowest >= 0xD800 && highest <= 0xDFFF)) return Utf8::Broken;
    if (!whole) return Utf8::Beginning;
    i += size;
  }
  return Utf8::Whole;
}

class SecondReading {
 public:
  static Happened of(std::string_view sent, bool compression) {
    SecondReading reading(sent, compression);
    while (!reading.outcome_.ended && reading.frame()) {
    }
    return reading.outcome_;
  }

 private:
  SecondReading(std::string_view sent, bool compression) : rest_(sent), compression_(compression) {}

  unsigned byte(std::size_t at) const { return static_cast<unsigned char>(rest_[at]); }

  bool end(unsigned code) {
    outcome_.answers += "\x88";
    outcome_.answers += {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
    outcome_.ended = true;
    return false;
  }

  /// One frame from the front; false where it is not whole, or was the last.
  bool frame() {
    if (rest_.empty()) return false;
    const bool fin = byte(0) >= 0x80;
    const unsigned opcode = byte(0) & 0xF;
    const bool control = opcode >= 8;
    const bool compressed = compression_ && (opcode == 1 || opcode == 2) && (byte(0) & 0x40) != 0;
    if ((byte(0) & (compressed ? 0x30 : 0x70)) != 0 || (opcode > 2 && opcode < 8) || opcode > 10 || (control && !fin))
      return end(1002);
    if (rest_.size() < 2) return false;
    if (byte(1) < 0x80 || (control && byte(1) > 0x80 + 125)) return end(1002);
    std::uint64_t length = byte(1) & 0x7F;
    const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (rest_.size() < 2 + extra) return false;
    if (extra != 0) {
      length = 0;
      for (std::size_t i = 0; i < extra; ++i) length = length * 256 + byte(2 + i);
      if (length < (extra == 2 ? 126u : 65536u) || length > 0x7FFFFFFFFFFFFFFF) return end(1002);
    }
    if (rest_.size() < 6 + extra) return false;
    if (!control && (opcode == 0) != open_.has_value()) return end(1002);
    if (!control && !open_) compressed_ = compressed;
    const auto most = compressed_ ? kMaxCompressed : kMaxMessage;
    if (!control && (open_ ? open_->size() - 1 : 0) + static_cast<unsigned __int128>(length) > most) return end(1009);

    std::string payload;
    for (std::size_t i = 0; i < length && 6 + extra + i < rest_.size(); ++i) {
      payload.push_back(static_cast<char>(byte(6 + extra + i) ^ byte(2 + extra + i % 4)));
    }
    const bool whole = payload.size() == length;
    if (control ? !whole : !data(opcode, fin, whole, payload)) return false;
    if (control && !handle_control(opcode, payload)) return false;
    rest_.remove_prefix(6 + extra + length);
    return true;
  }

  bool data(unsigned opcode, bool fin, bool whole, const std::string& payload) {
    auto message = open_ ? *open_ : std::string(opcode == 1 ? "t" : "b");
    message += payload;
    if (compressed_ && whole && fin) {
      const auto inflated = SecondInflate::of(message.substr(1), kMaxMessage);
      if (inflated.outcome != SecondInflate::Outcome::Whole) {
        return end(inflated.outcome == SecondInflate::Outcome::TooLarge ? 1009 : 1007);
      }
      message = message[0] + inflated.message;
    }
    const bool judged = !compressed_ || (whole && fin);
    if (judged && message[0] == 't') {
      const auto verdict = judge_utf8(std::string_view(message).substr(1));
      if (verdict == Utf8::Broken || (verdict == Utf8::Beginning && whole && fin)) return end(1007);
    }
    if (!whole) return false;
    open_ = message;
    if (fin) {
      outcome_.messages.push_back(*open_);
      open_.reset();
    }
    return true;
  }

  bool handle_control(unsigned opcode, const std::string& payload) {
    if (opcode == 9) outcome_.answers += "\x8A" + std::string(1, static_cast<char>(payload.size())) + payload;
    if (opcode != 8) return true;
    if (payload.empty()) {
      outcome_.answers += std::string("\x88\0", 2);
      outcome_.ended = true;
      return false;
    }
    if (payload.size() == 1) return end(1002);
    const unsigned code = static_cast<unsigned char>(payload[0]) * 256u + static_cast<unsigned char>(payload[1]);
    const bool fine =
        (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) || (code >= 3000 && code < 5000);
    if (!fine) return end(1002);
    return end(judge_utf8(std::string_view(payload).substr(2)) == Utf8::Whole ? code : 1007);
  }

  std::string_view rest_;
  const bool compression_;
  bool compressed_ = false;          // the present message
  std::optional<std::string> open_;  // 't' or 'b', then the fragments so far
  Happened outcome_;
};

// ------------------------------------------------------------------------------------------------------- the transport

/// What went out, the words of our own close frame left out.
std::string without_reason(std::string_view written) {
  std::string answers;
  while (!written.empty()) {
    require(written.size() >= 2, "a frame is cut off");
    const auto first = static_cast<unsigned char>(written[0]);
    const std::size_t size = static_cast<unsigned char>(written[1]);
    require(first == 0x88 || first == 0x8A, "neither a close nor a pong");
    require(size <= 125 && written.size() >= 2 + size, "a control frame of the wrong length");
    const auto payload = written.substr(2, size);
    answers += written[0];
    if (first == 0x8A || size == 0) answers += written[1];
    answers += first == 0x88 ? payload.substr(0, 2) : payload;
    written.remove_prefix(2 + size);
    require(first != 0x88 || written.empty(), "something follows the close frame");
  }
  return answers;
}

struct Run {
  std::vector<std::size_t> pieces;  // used in turn; empty: all at once
  bool hand_over = false;           // between pieces
};

Happened run(std::string_view sent, bool compression, const Run& how) {
  FakeHost host;
  host.set_limit("max_message", kMaxMessage);
  const testing::Options options{{"compression", compression ? "deflate" : "off"}};
  ComponentUnderTest one(host, *omnibroker_plugin_entry_v1(), "websocket", options);
  ComponentUnderTest other(host, *omnibroker_plugin_entry_v1(), "websocket", options);
  require(static_cast<bool>(one.bring_up()) && static_cast<bool>(other.bring_up()), "the component does not start");
  FakeConnection& connection = host.connect(one);
  connection.feed(kRequest);
  require(connection.open(), "the upgrade failed");
  static_cast<void>(connection.take_written());

  std::size_t turn = 0;
  while (!sent.empty()) {
    const auto wanted =
        how.pieces.empty() ? sent.size() : std::max<std::size_t>(how.pieces[turn % how.pieces.size()], 1);
    const auto piece = sent.substr(0, wanted);
    sent.remove_prefix(piece.size());
    connection.feed(piece);
    if (how.hand_over && connection.open()) {
      require(connection.hand_over(turn % 2 == 0 ? other : one) == OMNIBROKER_OK, "the handover failed");
    }
    ++turn;
  }
  Happened outcome;
  for (const auto& message : host.submitted()) {
    outcome.messages.push_back((message.encoding == Encoding::Text ? "t" : "b") + message.payload);
  }
  outcome.answers = without_reason(connection.written());
  outcome.ended = connection.ended();
  require((connection.variant() == 15) == compression, "compression was not agreed as it should be");
  require(connection.unconsumed().size() <= kMaxMessage + 14, "more is left unconsumed than a message can need");
  const bool open = connection.open();
  connection.shutdown(ShutdownReason::GoingAway, "");
  connection.feed("\x81\x80zzzz");
  require(host.submitted().size() == outcome.messages.size(), "a message was submitted after the close frame");
  host.advance(std::chrono::seconds(60));
  require(connection.ended(), "the connection outlives its closing");
  require(!open || host.session_count() == 0, "the session outlives its connection");
  for (const auto& violation : host.violations()) require(false, violation);
  require(host.metric("plugin_exceptions_total") == 0, "the plugin threw");
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const std::size_t count = std::min<std::size_t>(data[0] % 8, bytes.size() - 1);
  std::vector<std::size_t> pieces(data + 1, data + 1 + count);
  const auto sent = bytes.substr(1 + count);

  const bool compression = (data[0] & 8) != 0;
  const auto expected = SecondReading::of(sent, compression);
  const auto check = [&expected](const char* name, const Happened& got) {
    require(got == expected, describe("expected", expected) + describe(name, got));
  };
  check("whole", run(sent, compression, {}));
  check("in pieces", run(sent, compression, {pieces, false}));
  check("handed over", run(sent, compression, {pieces, true}));
  if (sent.size() <= 64) check("byte by byte", run(sent, compression, {{1}, true}));
  return 0;
}
