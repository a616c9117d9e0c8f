#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <omnibroker/result.hpp>

namespace omnibroker::load {

/// What a coordinate_update of this run looks like: every one has the same size, and what differs between two of them
/// (object, number, time) stands at the same place with the same number of digits.
///
/// So a prepared message is renewed by writing digits, and a received one is recognized and read without a parser. The
/// messages are nevertheless whole and valid JSON, of the fields that the gateway's contract asks for.
/// A value; immutable.
class UpdateLayout {
 public:
  static constexpr std::size_t kLeast = 215;
  static constexpr std::size_t kMost = 65535;  // what a frame head with two bytes of length can say
  static constexpr std::uint64_t kMostPrims = 99'999;
  static constexpr std::size_t kPrimDigits = 5;
  static constexpr std::size_t kDigits = 16;
  static constexpr std::uint64_t kBase = 1'000'000'000'000'000;  // so that a number has kDigits without leading zeros

  /// `run`: eight characters that no other run has. InvalidArgument where `size` is out of bounds.
  static Result<UpdateLayout> of_size(std::size_t size, std::string_view run);

  std::size_t size() const { return size_; }
  std::size_t mark_at() const { return mark_at_; }      ///< Eight bytes that are the same in all messages of the run.
  std::size_t number_at() const { return number_at_; }  ///< kDigits.
  std::size_t time_at() const { return time_at_; }      ///< kDigits.
  std::size_t prim_at() const { return prim_at_; }      ///< kPrimDigits.
  std::uint64_t mark() const { return mark_; }          ///< Those eight bytes as they lie in memory.

  /// The message of one object, with number and time 0.
  std::string update(std::uint64_t prim) const;

 private:
  UpdateLayout() = default;

  std::string run_;
  std::size_t size_ = 0;
  std::size_t mark_at_ = 0, number_at_ = 0, time_at_ = 0, prim_at_ = 0;
  std::uint64_t mark_ = 0;
};

/// The number that `digits` decimal digits at `text` say, without a look at whether they are digits.
inline std::uint64_t read_digits(const char* text, std::size_t digits) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
  return value;
}

/// Writes the last `digits` decimal digits of `value`.
inline void write_digits(char* text, std::size_t digits, std::uint64_t value) {
  for (std::size_t i = digits; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
}

}  // namespace omnibroker::load
