#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::plugins::websocket_beast {

/// What Boost.Beast does for this plugin, without its headers, which take long to compile: beast.cpp alone sees them.

/// Who owns a Stream. All calls come from inside `accept`, `resume` and `feed`.
class StreamOwner {
 public:
  /// Bytes for the peer: the answer to the upgrade, a pong, or the close frame of an error.
  virtual void send(std::string_view bytes) = 0;
  /// Where the next payload goes; not empty, and valid until `arrived`.
  virtual std::span<std::uint8_t> room() = 0;
  /// So much of it has been filled, unmasked, and checked where it is text. False: nothing more is wanted.
  virtual bool arrived(std::size_t size, bool message_ends) = 0;
  /// The peer broke the protocol. A close frame with this code has been sent.
  virtual void failed(std::uint16_t close_code, std::string_view reason) = 0;

 protected:
  ~StreamOwner() = default;
};

/// What all streams of a transport share: what Asio wants to have of an execution context. Nothing ever runs on it; it
/// costs three file descriptors.
///
/// Lifecycle: outlives its streams. Threads: any.
class StreamContext {
 public:
  StreamContext();
  ~StreamContext();

 private:
  friend class Stream;
  struct Asio;
  std::unique_ptr<Asio> asio_;
};

/// The header fields that an upgrade is answered with, beside those that every answer has.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// One `beast::websocket::stream` in memory: it reads what `feed` gives it, and writes to its owner.
///
/// Beast's synchronous interface gives a stream up once bytes are missing, so this is its asynchronous one: a read is
/// always under way and waits for `feed`. What Beast wants to run later runs before `feed` returns, on its thread.
///
/// Compression is not Beast's here (see exchange.hpp), so it is compiled out of the stream. With it a connection
/// takes about 3.5 KiB more than one of the component type `websocket`, of which 1.5 KiB are Beast's own buffer.
///
/// Threads: one at a time.
class Stream {
 public:
  Stream(StreamContext& context, StreamOwner& owner);
  ~Stream();

  /// Answers an upgrade that has been judged to be one.
  void accept(std::string_view key, const Fields& fields);
  /// The same for a connection that has been upgraded before: nothing is sent.
  void resume();
  /// The largest message, from the next frame on; 0: any.
  void limit(std::uint64_t bytes);
  /// Takes all of it. The head of a frame must be whole, and a control frame, too.
  void feed(std::span<const std::uint8_t> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Compresses whole messages (RFC 7692, 7.2.1), each by itself. Made once and used again, for what it needs (about 260
/// KiB for the widest window).
///
/// Threads: one at a time.
class Deflater {
 public:
  /// `window_bits`: 9 to 15.
  explicit Deflater(int window_bits);
  ~Deflater();

  /// The payload of a compressed frame, valid until the next call; nothing where that would not be smaller than the
  /// message. `level`: 1 to 9.
  std::optional<std::string_view> deflate(std::string_view message, int level);
  /// Lets go of a buffer that an unusually large message needed.
  void trim();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Decompresses whole messages (RFC 7692, 7.2.2), each by itself. What comes out is bounded while it comes.
///
/// A message may go on behind a final block, but not refer to what was before it: Beast's inflate forgets its window
/// there. No compressor that is known writes such a message.
///
/// Threads: one at a time.
class Inflater {
 public:
  Inflater();
  ~Inflater();

  enum class Outcome {
    Whole,
    TooLarge,  ///< More than `limit` bytes would come out.
    Broken,    ///< Not deflate data, or cut off.
  };
  /// `payload`: of all frames of the message together.
  Outcome inflate(std::span<const std::uint8_t> payload, std::uint64_t limit);
  /// Of the last call, where it was whole; valid until the next one.
  std::span<std::uint8_t> message();
  /// Lets go of a buffer that an unusually large message needed.
  void trim();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace omnibroker::plugins::websocket_beast
