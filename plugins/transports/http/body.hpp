#pragma once

#include "chunked.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// The body of one request, on its way in.
///
/// A body with a length stays in the host's buffer until it is whole, and is never copied; a chunked one is decoded
/// into a buffer of its own. `limit` binds both, and is judged as early as the client says how much will come.
///
/// Threads: the connection's worker.
class Body {
 public:
  using State = ChunkedDecoder::State;

  /// `limit` in bytes; 0: none.
  Body(const Request& request, std::uint64_t limit);

  /// Whether the head announces any byte. A chunked body counts, since its end must be read.
  static bool announced(const Request& request) {
    return request.chunked() || request.content_length().value_or(0) > 0;
  }

  /// Bytes that have come, beginning with the first not taken before. Answers how many are taken.
  std::size_t feed(std::span<std::uint8_t> bytes);

  /// `TooLarge` possibly before any byte came.
  State state() const { return state_; }

  /// The whole content, once `Done`. It may lie in the bytes of the last `feed`, and is valid as long as they are.
  std::span<std::uint8_t> content() { return content_; }

 private:
  bool chunked_;
  std::uint64_t length_;
  ChunkedDecoder decoder_;
  std::vector<std::uint8_t> decoded_;
  std::span<std::uint8_t> content_;
  State state_ = State::More;
};

}  // namespace omnibroker::plugins::http
