#pragma once

#include "isolation/child_host.hpp"
#include "routing/envelope.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// A message that has come for a handler, with its own copy of everything.
struct IncomingMessage {
  explicit IncomingMessage(const MessageToHandle& message);

  std::uint64_t id;
  std::uint64_t receivers;
  omnibroker_session sender;
  std::string client_id;
  std::string role;
  std::string payload;  ///< With Envelope::kPadding bytes behind it.
};

/// Has a handler decide about messages, and tells the broker what it has decided.
///
/// Threads: `handle` from one; `complete` from any.
class ChildCalls {
 public:
  ChildCalls(ChildHost& host, const omnibroker_handler_v1& table, void* self)
      : host_(host), table_(table), self_(self), envelope_(host.ask(Question::Limit, "max_message").number) {}

  void handle(const IncomingMessage& message);
  ChildHost& host() { return host_; }
  /// omnibroker_host_call_v1::complete
  omnibroker_status complete(std::uint64_t token, LateDecision decision);

 private:
  using Clock = std::chrono::steady_clock;

  /// A decision that was put off, and what was asked for before.
  struct PutOff {
    LateDecision asked;
    bool returned = false;  ///< The handler has.
    std::optional<LateDecision> early;
    Clock::time_point since = Clock::now();
  };

  void put_off(std::uint64_t id, LateDecision asked);
  void tell(std::uint64_t id, const LateDecision& decision);
  void forget_overdue(Clock::time_point now);

  ChildHost& host_;
  const omnibroker_handler_v1& table_;
  void* const self_;
  Envelope envelope_;

  std::mutex mutex_;
  std::map<std::uint64_t, PutOff> open_;  // guarded by mutex_; by token, which is the message's id

  friend struct ChildCall;
};

}  // namespace omnibroker::core
