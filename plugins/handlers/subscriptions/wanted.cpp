#include "wanted.hpp"

#include "bounding_box.hpp"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <omnibroker/fields.hpp>

namespace omnibroker::plugins::subscriptions {
namespace {

// The host's bounds, checked here because the host does not know which field was too long.
constexpr std::size_t kLongestId = 64;        // bytes
constexpr std::size_t kLongestPattern = 256;  // bytes
constexpr double kLongestInterval = 3600;     // seconds

Error must(std::string_view name, std::string_view what) {
  std::string sentence = "Field '";
  sentence.append(name).append("' must ").append(what);
  return {ErrorCode::InvalidArgument, std::move(sentence)};
}

/// A string that is not empty, or nothing where the field is absent.
Result<std::optional<std::string_view>> optional_text(const Message& message, std::string_view name) {
  auto field = fields::optional_string(message, name);
  if (field && *field && (*field)->empty()) return must(name, "not be empty");
  return field;
}

std::optional<Subscription::SlowClients> policy_of(std::string_view word) {
  if (word == "conflate") return Subscription::SlowClients::Conflate;
  if (word == "drop_oldest") return Subscription::SlowClients::DropOldest;
  if (word == "disconnect") return Subscription::SlowClients::Disconnect;
  return std::nullopt;
}

}  // namespace

Result<std::string> read_id(const Message& message) {
  auto id = optional_text(message, "id");
  if (!id) return id.error();
  if (!*id) return std::string("default");
  if ((*id)->size() > kLongestId) return must("id", "be at most " + std::to_string(kLongestId) + " bytes long");
  return std::string(**id);
}

Result<Subscription> read_choice(const Message& message, const Config& config) {
  Subscription choice;
  const auto type = fields::require_string(message, "message_type");
  if (!type) return type.error();
  choice.type = type.value();
  auto pattern = optional_text(message, config.key_field);
  if (!pattern) return pattern.error();
  if (*pattern) {
    if ((*pattern)->size() > kLongestPattern) {
      return must(config.key_field, "be at most " + std::to_string(kLongestPattern) + " bytes long");
    }
    choice.key_glob = **pattern;
  }
  if (const auto bbox = message.field("bbox")) {
    auto boxes = read_bounding_box(*bbox, config.position);
    if (!boxes) return boxes.error();
    choice.boxes = std::move(boxes).value();
  }
  if (const auto timestamp = fields::optional_string(message, "timestamp"); !timestamp) return timestamp.error();
  return choice;
}

Status read_delivery(const Message& message, Subscription& subscription) {
  auto interval = fields::optional_number(message, "min_interval");
  if (!interval) return interval.error();
  if (*interval) {
    const double seconds = **interval;
    if (!(seconds >= 0 && seconds <= kLongestInterval)) return must("min_interval", "be from 0 to 3600 seconds");
    subscription.min_interval = std::chrono::nanoseconds(std::llround(seconds * 1e9));
  }
  auto policy = fields::optional_string(message, "policy");
  if (!policy) return policy.error();
  if (*policy) {
    const auto known = policy_of(**policy);
    if (!known) return must("policy", "be one of conflate, drop_oldest, disconnect");
    subscription.slow_clients = *known;
  }
  return {};
}

Outcome refusal_of(const Error& error) {
  const bool malformed = error.code == ErrorCode::InvalidArgument;
  return Outcome::refuse(malformed ? kInvalidMessageFormat : kSubscriptionFailed, error.message);
}

}  // namespace omnibroker::plugins::subscriptions
