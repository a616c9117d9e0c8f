// Any bytes as a chunked body: the decoder must come to the same end however they are cut, and to the same as a second
// reader that looks at all of them at once.

#include "chunked.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using omnibroker::plugins::http::ChunkedDecoder;

constexpr std::uint64_t kLimit = 256;

struct Reading {
  ChunkedDecoder::State state = ChunkedDecoder::State::More;
  std::string content;
  std::size_t taken = 0;
};

Reading decode(std::string_view wire, std::size_t piece_size) {
  ChunkedDecoder decoder(kLimit);
  std::vector<std::uint8_t> content;
  Reading reading;
  while (reading.taken < wire.size() && decoder.state() == ChunkedDecoder::State::More) {
    const std::string piece(wire.substr(reading.taken, piece_size));  // a block of its own, for the sanitizer
    reading.taken += decoder.feed({reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()}, content);
  }
  reading.state = decoder.state();
  reading.content.assign(content.begin(), content.end());
  return reading;
}

/// The content of a body that is whole and without extensions and trailers, read line by line; nothing for any other.
std::optional<Reading> read_plainly(std::string_view wire) {
  Reading reading;
  while (true) {
    const auto line_end = wire.find("\r\n", reading.taken);
    if (line_end == std::string_view::npos) return std::nullopt;
    const std::string digits(wire.substr(reading.taken, line_end - reading.taken));
    if (digits.empty() || digits.size() > 8) return std::nullopt;
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return std::nullopt;
    const auto size = std::strtoull(digits.c_str(), nullptr, 16);
    if (size > wire.size()) return std::nullopt;
    reading.taken = line_end + 2;
    reading.content += wire.substr(reading.taken, size);
    if (reading.content.size() > kLimit) return std::nullopt;
    reading.taken += size;
    if (reading.taken + 2 > wire.size() || wire.substr(reading.taken, 2) != "\r\n") return std::nullopt;
    reading.taken += 2;
    if (size == 0) break;
  }
  reading.state = ChunkedDecoder::State::Done;
  return reading;
}

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "The chunked decoder: %s\n", what);
  std::abort();
}

void require_same(const Reading& a, const Reading& b, const char* what) {
  require(a.state == b.state, what);
  if (a.state == ChunkedDecoder::State::Done) require(a.content == b.content && a.taken == b.taken, what);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  const auto whole = decode(wire, wire.size() + 1);

  for (const std::size_t piece : {1u, 2u, 7u}) require_same(decode(wire, piece), whole, "the cut makes a difference");
  require(whole.content.size() <= kLimit, "more than the limit was taken");
  require(whole.state != ChunkedDecoder::State::More || whole.taken == wire.size(), "bytes were left without a reason");
  if (const auto plain = read_plainly(wire)) require_same(*plain, whole, "it reads a plain body differently");
  return 0;
}
