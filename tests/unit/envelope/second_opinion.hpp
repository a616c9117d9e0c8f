#pragma once

#include "parsed.hpp"
#include "routing/envelope.hpp"
#include "strict_json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Reads `message` with `envelope` and with StrictJson, and answers in what they differ: nothing if they agree about
/// the verdict and about every member of the outermost object.
inline std::string disagreement(omnibroker::core::Envelope& envelope, std::string_view message) {
  using Verdict = omnibroker::core::Envelope::Verdict;
  using Kind = StrictJson::Kind;

  // On the heap and of exactly this size, so that a sanitizer sees every byte that is read beyond the padding.
  std::vector<std::uint8_t> buffer(message.begin(), message.end());
  buffer.resize(message.size() + omnibroker::core::Envelope::kPadding, static_cast<std::uint8_t>('9'));
  const auto verdict = envelope.parse(buffer.data(), message.size());
  const StrictJson opinion(message);

  if (static_cast<int>(verdict) != static_cast<int>(opinion.judgement())) {
    return "verdict " + std::to_string(static_cast<int>(verdict)) + " against " +
           std::to_string(static_cast<int>(opinion.judgement()));
  }
  if (verdict != Verdict::Ok) return (verdict == Verdict::InvalidFormat) == envelope.problem().empty() ? "problem" : "";

  if (envelope.type() != opinion.members().at("type").text) return "type";
  for (const auto& [key, expected] : opinion.members()) {
    auto field = Parsed::empty();
    if (envelope.field(key, field) != OMNIBROKER_OK) return "missing " + key;
    constexpr omnibroker_json_kind kKinds[] = {OMNIBROKER_JSON_NULL,   OMNIBROKER_JSON_BOOLEAN, OMNIBROKER_JSON_NUMBER,
                                               OMNIBROKER_JSON_STRING, OMNIBROKER_JSON_ARRAY,   OMNIBROKER_JSON_OBJECT};
    if (field.kind != kKinds[static_cast<int>(expected.kind)]) return "kind of " + key;
    if ((expected.kind == Kind::Number || expected.kind == Kind::Boolean) && field.number != expected.number)
      return "number " + key;
    if (expected.kind == Kind::String && text_of(field) != expected.text) return "text of " + key;
    if (envelope.count(field) != expected.count) return "count of " + key;
    for (std::size_t i = 0; i < expected.count; ++i) {
      auto element = Parsed::empty();
      if (envelope.at(field, i, nullptr, element) != OMNIBROKER_OK) return "element of " + key;
    }
  }
  return "";
}
