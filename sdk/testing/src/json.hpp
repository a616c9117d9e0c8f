#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::testing::detail {

struct JsonMember;

/// A JSON value, parsed into memory: what a FakeHost's messages are made of. Simple and strict, not fast.
///
/// Threads: a value.
struct JsonValue {
  JsonValue();
  JsonValue(JsonValue&&) noexcept;
  JsonValue& operator=(JsonValue&&) noexcept;
  ~JsonValue();  // where a member is a whole type

  const JsonValue* member(std::string_view name) const;

  omnibroker_json_kind kind = OMNIBROKER_JSON_NULL;
  double number = 0;                // NUMBER; BOOLEAN: 0 or 1
  std::string string;               // STRING, escapes resolved
  std::vector<JsonMember> members;  // OBJECT; ARRAY with empty keys
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// The one value that `text` holds, or nothing where it is not JSON (RFC 8259).
std::optional<JsonValue> parse_json(std::string_view text);

}  // namespace omnibroker::testing::detail
