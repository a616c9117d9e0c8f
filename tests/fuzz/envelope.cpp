// Any bytes as a message: the envelope and a second, plain reading of its rules must agree about them.

#include "routing/envelope.hpp"

#include "second_opinion.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLargest = 64 * 1024;
  static omnibroker::core::Envelope envelope(kLargest);  // one for all, as in a worker: nothing may stay behind
  if (size > kLargest) return 0;

  const auto difference = disagreement(envelope, {reinterpret_cast<const char*>(data), size});
  if (!difference.empty()) {
    std::fprintf(stderr, "The envelope and the second opinion differ: %s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
