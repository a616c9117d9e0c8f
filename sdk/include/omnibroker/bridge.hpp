#pragma once

#include <string_view>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>
#include <omnibroker/host.hpp>

namespace omnibroker {

/// Joins another system. It takes part without a connection, with the role that its configuration gives it: it gets
/// what that role gets, and publishes as that role.
///
/// Threads: `deliver` and `reply` from one worker, one at a time, in order; `publish` from any.
class Bridge : public Component {
 public:
  /// A message for the bridge's role. Must not block.
  virtual void deliver(const omnibroker_payload& payload) = 0;
  /// The direct answer to something it published: an ack or an error.
  virtual void reply(const omnibroker_reply& reply) { static_cast<void>(reply); }
};

/// Sends one message as if a client with the bridge's role had sent it.
/// ResourceExhausted when the queue to the workers is full; Closed when they are ending; Unsupported where the
/// component is no bridge.
inline Status publish(const Host& host, std::string_view payload) {
  const auto* table = host.table<omnibroker_host_publish_v1>(OMNIBROKER_HOST_PUBLISH);
  if (table == nullptr) return Error{ErrorCode::Unsupported, "This component cannot publish"};
  const auto status = table->publish(host.raw(), text(payload));
  if (status != OMNIBROKER_OK) return Error{static_cast<ErrorCode>(status), "The message was not published"};
  return {};
}

}  // namespace omnibroker
