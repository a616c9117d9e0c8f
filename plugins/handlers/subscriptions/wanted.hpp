#pragma once

#include "config.hpp"

#include <string>
#include <string_view>

#include <omnibroker/handler.hpp>
#include <omnibroker/message.hpp>
#include <omnibroker/result.hpp>
#include <omnibroker/subscriptions.hpp>

/// The fields of `subscribe`, `unsubscribe` and `snapshot`. An error is InvalidArgument, names the field and says what
/// it must be.
namespace omnibroker::plugins::subscriptions {

/// The code for what is well formed and cannot be had.
inline constexpr const char* kSubscriptionFailed = "SUBSCRIPTION_FAILED";

/// The client's name for a subscription: `id`, or "default".
Result<std::string> read_id(const Message& message);

/// Which messages: `message_type`, the pattern of keys, and `bbox`.
Result<Subscription> read_choice(const Message& message, const Config& config);

/// How they come: `min_interval` and `policy`, into `subscription`.
Status read_delivery(const Message& message, Subscription& subscription);

/// What the client hears of an error, of a field's or the host's.
Outcome refusal_of(const Error& error);

}  // namespace omnibroker::plugins::subscriptions
