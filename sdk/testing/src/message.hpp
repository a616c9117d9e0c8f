#pragma once

#include "json.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/testing/fake_call.hpp>

namespace omnibroker::testing::detail {

/// A message as handlers see it; an omnibroker_message is one of these.
struct ParsedMessage {
  /// Nothing where the router would not have let it through: not one JSON object with a `type`.
  static std::optional<ParsedMessage> parse(std::string_view json, const FakeCall& call);

  omnibroker_message* raw() { return reinterpret_cast<omnibroker_message*>(this); }

  std::string payload;
  JsonValue object;
  const FakeCall* call = nullptr;
};

}  // namespace omnibroker::testing::detail
