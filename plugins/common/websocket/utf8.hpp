#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace omnibroker::plugins::websocket {

/// Checks UTF-8 as it arrives, cut anywhere: overlong forms, surrogates and what lies beyond U+10FFFF are refused at
/// the first byte that cannot be right.
///
/// Threads: a value.
class Utf8Validator {
 public:
  /// Where a sequence stands between two pieces; what a handover carries.
  struct State {
    std::uint8_t missing = 0;  ///< Bytes that the present sequence still needs.
    std::uint8_t low = 0x80;   ///< The next byte of the sequence lies between these, inclusive.
    std::uint8_t high = 0xBF;
  };

  Utf8Validator() = default;
  explicit Utf8Validator(State state) : state_(state) {}

  /// False: the text is not UTF-8, whatever follows. Then only `reset` makes sense.
  bool feed(std::span<const std::uint8_t> bytes);
  /// Whether the text may end here.
  bool complete() const { return state_.missing == 0; }
  void reset() { state_ = {}; }
  State state() const { return state_; }

 private:
  bool begin_sequence(std::uint8_t lead);

  State state_;
};

/// Whether this is UTF-8, whole.
bool is_utf8(std::string_view text);

/// The longest beginning of at most `limit` bytes that does not cut a character.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

}  // namespace omnibroker::plugins::websocket
