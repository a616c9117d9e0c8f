#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/subscriptions.hpp>

namespace omnibroker::testing {

class FakeHost;

namespace detail {
struct CallTables;
struct HostState;
}  // namespace detail

/// One run of a message through its route: who sends it, what the host would answer, and, afterwards, what the filter
/// or handler has done.
///
/// ```
/// FakeCall call(host);
/// call.sender.role = "web_ui";
/// EXPECT_EQ(component.handle(R"({"type":"select_object"})", call), OMNIBROKER_REFUSE);
/// EXPECT_EQ(call.refused_code, "INVALID_MESSAGE_FORMAT");
/// ```
/// Threads: one at a time. Must outlive the `handle` it is passed to.
class FakeCall {
 public:
  explicit FakeCall(FakeHost& host);
  FakeCall(const FakeCall&) = delete;
  FakeCall& operator=(const FakeCall&) = delete;

  // What the test says.
  struct Sender {
    omnibroker_session session = 1;
    std::string client_id = "00000000-0000-4000-8000-000000000001";
    std::string role;  ///< Empty: not registered.
  } sender;
  std::vector<std::string> known_roles = {"omniverse_extension", "web_ui"};
  std::uint64_t receivers = 1;
  bool can_defer = true;
  omnibroker_status subscription_status = OMNIBROKER_OK;  ///< Of `subscribe`, `unsubscribe` and `snapshot`.
  std::string subscription_refusal;                       ///< The sentence of a status that is not OK.

  // What the component did.
  std::optional<std::string> replaced;
  std::string refused_code;
  std::string refused_message;
  bool acknowledged = false;
  std::vector<std::string> answers;
  std::string registered_role;       ///< What `register_role` was asked for last.
  std::uint64_t deferred_token = 0;  ///< 0: not deferred.
  std::vector<Subscription> subscribed;
  std::vector<std::string> unsubscribed;  ///< Ids.
  std::vector<Subscription> snapshots;

  /// What is delivered when the component accepts `message`.
  std::string delivered(std::string_view message) const { return replaced ? *replaced : std::string(message); }

 private:
  friend struct detail::CallTables;
  detail::HostState& host_;
};

}  // namespace omnibroker::testing
