#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace omnibroker::plugins::http {

/// Takes a chunked body (RFC 9112, 7.1) apart, however its bytes are cut into pieces.
///
/// Strict, because what one HTTP program reads as the end of a body and another does not is how requests are smuggled:
/// lines end in CR LF, never in one of them; a size is one to eight hexadecimal digits and nothing else. Extensions and
/// trailer fields are checked, counted and forgotten.
///
/// Threads: a value.
class ChunkedDecoder {
 public:
  enum class State {
    More,       ///< The body goes on.
    Done,       ///< Its last byte has been taken.
    Malformed,  ///< It is none; nothing after this can be trusted.
    TooLarge,   ///< It is, or says that it will be, longer than `limit`.
  };

  /// How many bytes all extensions and trailer fields of one body may have together.
  static constexpr std::size_t kMaxIgnored = 8 * 1024;
  static constexpr int kMaxSizeDigits = 8;

  /// `limit`: of the decoded body, in bytes.
  explicit ChunkedDecoder(std::uint64_t limit) : limit_(limit) {}

  /// Takes what belongs to the body, appending its content to `content`. Answers how many bytes it took: all of them
  /// while there is `More`, those up to the end of the body when it is `Done`.
  std::size_t feed(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& content);

  State state() const { return state_; }

 private:
  enum class Expect {
    SizeDigit,        ///< A digit of a chunk's size, or what may follow one.
    BeforeExtension,  ///< White space behind the size: only an extension may follow.
    Extension,
    SizeLineFeed,
    Content,
    ContentReturn,
    ContentLineFeed,
    TrailerStart,  ///< A trailer field's first byte, or the return of the last, empty line.
    TrailerName,
    TrailerValue,
    TrailerLineFeed,
    LastLineFeed,
  };

  void take(std::uint8_t byte);
  void take_size(std::uint8_t byte);
  void take_trailer(std::uint8_t byte);
  void end_size_line(std::uint8_t byte);
  void expect_only(std::uint8_t byte, std::uint8_t wanted, Expect next);
  void ignore(std::uint8_t byte);

  std::uint64_t limit_;
  std::uint64_t decoded_ = 0;    ///< Of the whole body, with the chunk that is under way.
  std::uint64_t remaining_ = 0;  ///< Of the chunk that is under way; while its size is read, the size so far.
  std::size_t ignored_ = 0;
  int digits_ = 0;
  Expect expect_ = Expect::SizeDigit;
  State state_ = State::More;
};

}  // namespace omnibroker::plugins::http
