#include "subscribe.hpp"

#include <string>

#include <omnibroker/fields.hpp>

namespace omnibroker::plugins::subscriptions {

Outcome Subscribe::handle(const Message& message, Call& call) {
  auto id = read_id(message);
  if (!id) return refusal_of(id.error());
  auto wanted = read_choice(message, config_);
  if (!wanted) return refusal_of(wanted.error());
  wanted->id = std::move(id).value();
  if (const auto status = read_delivery(message, *wanted); !status) return refusal_of(status.error());

  if (const auto status = subscriptions_.subscribe(call, *wanted); !status) return refusal_of(status.error());
  call.acknowledge();
  return Outcome::consume();
}

Outcome Unsubscribe::handle(const Message& message, Call& call) {
  auto id = read_id(message);
  if (!id) return refusal_of(id.error());
  if (const auto timestamp = fields::optional_string(message, "timestamp"); !timestamp) {
    return refusal_of(timestamp.error());
  }

  if (!subscriptions_.unsubscribe(call, *id)) {
    return Outcome::refuse(failure_code, "There is no subscription with the id '" + *id + "'");
  }
  call.acknowledge();
  return Outcome::consume();
}

Outcome Snapshot::handle(const Message& message, Call& call) {
  const auto wanted = read_choice(message, config_);
  if (!wanted) return refusal_of(wanted.error());

  if (const auto status = subscriptions_.snapshot(call, wanted.value()); !status) return refusal_of(status.error());
  call.acknowledge();
  return Outcome::consume();
}

}  // namespace omnibroker::plugins::subscriptions
