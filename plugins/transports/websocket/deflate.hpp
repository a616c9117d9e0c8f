#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

struct z_stream_s;

namespace omnibroker::plugins::websocket {

/// Compresses whole messages (RFC 7692, 7.2.1), each by itself. Made once and used again, because what it needs
/// (about 260 KiB for the widest window) is far more than a message.
///
/// Throws std::bad_alloc where there is no memory for it. Threads: one at a time.
class Deflater {
 public:
  /// `window_bits`: 9 to 15.
  explicit Deflater(unsigned window_bits);
  ~Deflater();

  /// The payload of a compressed frame, valid until the next call; nothing where that would not be smaller than the
  /// message. `level`: 1 to 9.
  std::optional<std::string_view> deflate(std::string_view message, int level);
  /// Lets go of a buffer that an unusually large message needed.
  void trim();

 private:
  std::unique_ptr<z_stream_s> stream_;
  int level_ = 1;
  std::vector<std::uint8_t> out_;
};

/// Decompresses whole messages (RFC 7692, 7.2.2), each by itself: of any window, of blocks of any kind and number, also
/// final ones. What comes out is bounded while it comes, so a small message cannot become a huge one.
///
/// Throws std::bad_alloc where there is no memory for it. Threads: one at a time.
class Inflater {
 public:
  Inflater();
  ~Inflater();

  enum class Outcome {
    Whole,
    TooLarge,  ///< More than `limit` bytes would come out.
    Broken,    ///< Not deflate data, or cut off.
  };
  struct Inflated {
    Outcome outcome = Outcome::Broken;
    std::span<std::uint8_t> message;  ///< Whole: valid until the next call.
  };
  /// `payload`: of all frames of the message together.
  Inflated inflate(std::span<const std::uint8_t> payload, std::uint64_t limit);
  /// Lets go of a buffer that an unusually large message needed.
  void trim();

 private:
  Outcome feed(std::span<const std::uint8_t> bytes, std::uint64_t limit);
  Outcome feed_tail(std::uint64_t limit);
  /// Between two blocks, with no bits of a byte left over.
  bool between_blocks() const;

  std::unique_ptr<z_stream_s> stream_;
  std::vector<std::uint8_t> out_;
  std::size_t size_ = 0;  // how much of out_ is the message
  bool ended_ = false;    // the last block was a final one
};

}  // namespace omnibroker::plugins::websocket
