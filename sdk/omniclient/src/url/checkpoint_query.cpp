// Which version of a file a URL's query names.
#include "url.hpp"

#include <charconv>

namespace omniclient {
namespace {

constexpr std::string_view kBranch = "branch=";
constexpr std::string_view kCheckpoint = "checkpoint=";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<BranchAndCheckpoint> read_expanded(std::string_view query) {
  BranchAndCheckpoint result;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.substr(0, kBranch.size()) == kBranch) {
      result.branch = part.substr(kBranch.size());
    } else if (part.substr(0, kCheckpoint.size()) == kCheckpoint) {
      const auto checkpoint = number(part.substr(kCheckpoint.size()));
      if (!checkpoint) return std::nullopt;
      result.checkpoint = *checkpoint;
    } else {
      return std::nullopt;
    }
  }
  return result;
}

}  // namespace

std::optional<BranchAndCheckpoint> read_checkpoint_query(std::string_view query) {
  if (query.empty()) return std::nullopt;
  if (query.find('=') != std::string_view::npos) return read_expanded(query);
  const auto ampersand = query.find('&');
  if (ampersand == std::string_view::npos) return BranchAndCheckpoint{std::string(query), 0};
  const auto checkpoint = query.substr(ampersand + 1);
  if (checkpoint.empty()) return BranchAndCheckpoint{std::string(query.substr(0, ampersand)), 0};
  const auto value = number(checkpoint);
  if (!value) return std::nullopt;
  return BranchAndCheckpoint{std::string(query.substr(0, ampersand)), *value};
}

std::string make_checkpoint_query(std::string_view branch, std::uint64_t checkpoint) {
  std::string query(kBranch);
  query += branch;
  if (checkpoint != 0) query += "&" + std::string(kCheckpoint) + std::to_string(checkpoint);
  return query;
}

}  // namespace omniclient
