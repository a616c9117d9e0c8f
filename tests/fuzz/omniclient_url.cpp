// URLs of the client library: two texts, with a NUL between them. Nothing may crash, and what is written must be read
// as the same parts again.
#include "url/url.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace omniclient;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_one(std::string_view text) {
  const auto url = break_url(text);
  require(url.raw || url.scheme.has_value());
  if (!url.raw) require(break_url(make_url(url)) == url);
  const auto reference = break_reference(text);
  require(break_reference(make_url(reference)) == reference);
  const auto once = normalize_url(text);
  require(normalize_url(once) == once);

  for (const char c : make_printable(text)) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);

  if (const auto version = read_checkpoint_query(text)) {
    const auto query = make_checkpoint_query(version->branch, version->checkpoint);
    const auto again = read_checkpoint_query(query);
    // A branch's name that looks like the rest of a query cannot be told from it.
    if (version->branch.find('&') == std::string::npos) {
      require(again && again->branch == version->branch && again->checkpoint == version->checkpoint);
    }
  }
}

void check_two(std::string_view base, std::string_view other) {
  const auto combined = combine(base, other);
  require(make_url(combine(break_url(base), other)) == combined);
  const auto relative = make_relative(base, other);
  if (relative != other) require(combine(base, relative) == normalize_url(other));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto nul = std::min(input.find('\0'), input.size());
  const auto first = input.substr(0, nul);
  const auto second = input.substr(std::min(nul + 1, input.size()));
  check_one(first);
  check_one(second);
  check_two(first, second);
  return 0;
}
