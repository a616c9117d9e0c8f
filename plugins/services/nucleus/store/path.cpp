#include "path.hpp"

#include "refusal.hpp"

#include <algorithm>
#include <cstdint>

namespace omnibroker::nucleus::store {

namespace {

constexpr std::size_t kLongestSegment = 255;

/// A path as an error shows it: shortened, and only what can be printed.
std::string shown(std::string_view path) {
  std::string out;
  for (const char c : path.substr(0, 200)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return path.size() > 200 ? out + "..." : out;
}

/// How many bytes the character at the beginning takes; 0 if there is no valid one (RFC 3629).
std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool beyond = first == 0xf4 && byte(1) > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// What is wrong with the characters of a text; nothing if all are fine.
const char* wrong_characters(std::string_view text) {
  while (!text.empty()) {
    const auto size = character(text);
    if (size == 0) return "is not UTF-8";
    const auto first = static_cast<unsigned char>(text[0]);
    const bool high_control = size == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (first < 0x20 || first == 0x7f || high_control) return "has a control character";
    text.remove_prefix(size);
  }
  return nullptr;
}

}  // namespace

Segments parse_path(std::string_view path, const Options& options) {
  const auto bad = [&](const std::string& why) { refuse(Code::InvalidUri, "the path " + why + ": " + shown(path)); };
  if (path.empty() || path[0] != '/') bad("does not begin with '/'");
  if (path.size() > options.longest_path) bad("is longer than " + std::to_string(options.longest_path) + " bytes");
  if (const char* wrong = wrong_characters(path)) bad(wrong);
  Segments segments;
  for (std::size_t begin = 1; begin < path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto segment = path.substr(begin, end - begin);
    if (segment.empty()) bad("has an empty segment");
    if (segment == "." || segment == "..") bad("has a segment '.' or '..'");
    if (segment.size() > kLongestSegment) bad("has a segment of more than 255 bytes");
    segments.emplace_back(segment);
    begin = end + 1;
  }
  if (segments.size() > options.deepest_path)
    bad("has more than " + std::to_string(options.deepest_path) + " segments");
  return segments;
}

void check_branch(std::string_view branch) {
  if (branch.size() > kLongestSegment || branch.find('/') != std::string_view::npos || wrong_characters(branch)) {
    refuse(Code::InvalidUri, "this cannot be the name of a branch: " + shown(branch));
  }
}

std::string join(std::string_view parent, std::string_view name, bool folder) {
  std::string out(parent);
  out += name;
  if (folder && !name.empty()) out += '/';
  return out;
}

std::string spell(const Segments& segments, bool folder) {
  std::string out = "/";
  for (std::size_t i = 0; i < segments.size(); ++i) out = join(out, segments[i], folder || i + 1 < segments.size());
  return out;
}

bool is_within(const Segments& inner, const Segments& outer) {
  return inner.size() >= outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

}  // namespace omnibroker::nucleus::store
