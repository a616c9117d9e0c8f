// Any bytes as the payload of a compressed WebSocket message. What the transport's decompressor makes of them is
// compared with a second, slow and simple reading, on one that is used again for every input.
//
// The input: two bytes of the limit, then the payload.

#include "deflate.hpp"
#include "second_inflate.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using omnibroker::plugins::websocket::Inflater;

void require(bool holds, const char* what, const SecondInflate::Result& expected, const Inflater::Inflated& got) {
  if (holds) return;
  std::fprintf(stderr, "%s: expected outcome %d with %zu bytes, got %d with %zu\n", what,
               static_cast<int>(expected.outcome), expected.message.size(), static_cast<int>(got.outcome),
               got.message.size());
  std::abort();
}

SecondInflate::Outcome outcome_of(Inflater::Outcome outcome) {
  switch (outcome) {
    case Inflater::Outcome::Whole: return SecondInflate::Outcome::Whole;
    case Inflater::Outcome::TooLarge: return SecondInflate::Outcome::TooLarge;
    case Inflater::Outcome::Broken: break;
  }
  return SecondInflate::Outcome::Broken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Inflater inflater;
  if (size < 2) return 0;
  const std::size_t limit = data[0] * 256u + data[1];
  const std::string payload(reinterpret_cast<const char*>(data + 2), size - 2);

  const auto expected = SecondInflate::of(payload, limit);
  const auto got = inflater.inflate({data + 2, size - 2}, limit);
  inflater.trim();

  require(outcome_of(got.outcome) == expected.outcome, "another outcome", expected, got);
  const std::string_view message(reinterpret_cast<const char*>(got.message.data()), got.message.size());
  require(message == expected.message, "another message", expected, got);
  return 0;
}
