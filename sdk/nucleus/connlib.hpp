#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// ConnLib: how the Nucleus API (`Connection`, `ServerFeatures`) lies in the messages of a WebSocket.
///
///     one JSON object · [0x00 · blob]
///
/// A request has `command` (a method without its interface) and `id`, and the method's parameters beside them; the blob
/// is the parameter `content`. A response has the same `id` and the fields of the result; the blob is its `content`. A
/// method that streams ends with `"fin": true`, with `"stopped": true` behind a `stop`, or, for listings, with
/// `"status": "DONE"`. A `stop` names the call that shall end in `subscription_id`, and has an id of its own.
namespace omnibroker::nucleus::connlib {

/// A message in its parts: views into it.
struct Message {
  std::string_view json;
  std::optional<std::string_view> blob = std::nullopt;  ///< Absent without a zero behind the JSON.
};

/// JSON has no zero in it, so the first one ends it.
Message read(std::string_view message);
std::string write(const Message& message);

}  // namespace omnibroker::nucleus::connlib
