#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::plugins::websocket {

/// A message as clients compress it, made by zlib itself, and every way it may be done.
struct DeflatedBy {
  int level = 6;  ///< 0: stored blocks.
  int window_bits = 15;
  int flush = 2;           ///< How each piece ends: Z_SYNC_FLUSH 2, Z_FULL_FLUSH 3, Z_FINISH 4.
  std::size_t piece = 0;   ///< A block, or more, for each so many bytes; 0: all at once.
  bool keep_tail = false;  ///< 00 00 FF FF is sent too.
};

/// The payload of a compressed message. Pieces that end by Z_FINISH become final blocks, with a zero byte behind the
/// last one as RFC 7692, 7.2.3.4, has it.
std::string deflated(std::string_view message, const DeflatedBy& by = {});

/// The message of a payload that a window of `window_bits` must be enough for; fails the test where it is none.
std::string inflated(std::string_view payload, int window_bits = 15);

/// Text that compresses as messages do: `size` bytes of JSON.
std::string json_of(std::size_t size);
/// Bytes that do not compress.
std::string noise_of(std::size_t size);

}  // namespace omnibroker::plugins::websocket
