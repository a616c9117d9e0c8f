#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>
#include <omnibroker/message.hpp>

namespace omnibroker {

/// What a filter or a handler decided about a message.
class Outcome {
 public:
  /// Go on: the next filter, the handler, then delivery to the route's audience.
  static Outcome accept() { return Outcome(OMNIBROKER_ACCEPT); }
  /// Done: it is handled, and goes to nobody.
  static Outcome consume() { return Outcome(OMNIBROKER_CONSUME); }
  /// The sender hears an error. `code` is UPPER_SNAKE_CASE; `message` one sentence, without anything internal in it.
  static Outcome refuse(std::string_view code, std::string message) {
    Outcome outcome(OMNIBROKER_REFUSE);
    outcome.code_ = code;
    outcome.message_ = std::move(message);
    return outcome;
  }
  /// Decided later, by `Call::complete` with the token that `Call::defer` answered.
  static Outcome pending() { return Outcome(OMNIBROKER_PENDING); }

  omnibroker_action action() const { return action_; }
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  explicit Outcome(omnibroker_action action) : action_(action) {}

  omnibroker_action action_;
  std::string code_;
  std::string message_;
};

/// The code for a message that is JSON but not what its type asks for.
inline constexpr std::string_view kInvalidMessageFormat = "INVALID_MESSAGE_FORMAT";

/// One run of a message through its route: what a filter or handler can do beside deciding. Valid during the call.
///
/// Threads: the worker that calls.
class Call {
 public:
  Call(const omnibroker_host_call_v1* table, omnibroker_call* raw) : table_(table), raw_(raw) {}

  /// Delivers these bytes in place of the sender's. Copies.
  void replace(std::string_view payload) { table_->replace(raw_, text(payload)); }
  /// The sender gets an ack once the route is done.
  void acknowledge() { table_->acknowledge(raw_); }
  /// Sends a message to the sender alone, behind its ack. Copies.
  void answer(std::string_view payload) { static_cast<void>(table_->answer(raw_, text(payload))); }

  enum class Registered { Now, Before, AsAnotherRole, UnknownRole };
  /// Gives the sender a role, when its message is accepted or consumed. `AsAnotherRole`: the first one stays.
  /// `UnknownRole`: no route names it.
  Registered register_role(std::string_view role) {
    switch (table_->register_role(raw_, text(role))) {
      case OMNIBROKER_OK: return Registered::Now;
      case OMNIBROKER_ALREADY_EXISTS: return Registered::Before;
      case OMNIBROKER_CONFLICT: return Registered::AsAnotherRole;
      default: return Registered::UnknownRole;
    }
  }

  /// How many sessions the route's audience has now.
  std::uint64_t receivers() { return table_->receivers(raw_); }

  /// Puts the decision off; answer `Outcome::pending()` then. 0 when too many calls are open.
  std::uint64_t defer() { return table_->defer(raw_); }

  omnibroker_call* raw() { return raw_; }
  const omnibroker_host_call_v1* table() const { return table_; }

 private:
  const omnibroker_host_call_v1* table_;
  omnibroker_call* raw_;
};

/// Gives one message type its meaning. Stateless by contract, or guarding its state: several workers call at once.
///
/// The router has checked before: it is JSON, the sender is registered, this route takes the type, and the sender's
/// role may send it. What is left to the handler: the fields.
///
/// Optional static members, read at registration:
///   `static constexpr const char* failure_code` - for "well formed, but handling it failed" (INTERNAL_ERROR
///   otherwise); `static constexpr const char* noun` - what its messages are called in a sentence, plural.
class Handler : public Component {
 public:
  /// Must not block: defer, and run what waits on the host's executor.
  virtual Outcome handle(const Message& message, Call& call) = 0;
};

/// A step before the handler, for any message type.
class Filter : public Component {
 public:
  virtual Outcome filter(const Message& message, Call& call) = 0;
};

/// Writes what an ack and an error look like on the wire, in one piece or several. One of them serves the whole broker.
class Reply : public Component {
 public:
  virtual void ack(std::string_view original_type, const Sink& out) const = 0;
  virtual void error(std::string_view code, std::string_view message, const Sink& out) const = 0;
};

}  // namespace omnibroker
