#pragma once

#include "routing/envelope.hpp"
#include "routing/route_table.hpp"
#include "session/position.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

struct Session;

/// What the steps of a route may ask of the runtime while a message is handled.
class RoutingHost {
 public:
  /// OK, ALREADY_EXISTS, CONFLICT or NOT_FOUND, as the call table says.
  virtual omnibroker_status register_role(Session& session, std::string_view role) = 0;
  virtual std::uint64_t receivers(const Route& route) = 0;
  /// Whether the session may send one more message of this route now.
  virtual bool within_rate(Session& session, const Route& route) = 0;
  /// What the session gets; as the subscriptions table says. Takes effect once the message has been accepted.
  virtual omnibroker_status subscribe(Session& session, const omnibroker_subscription& wanted, std::string& error) = 0;
  virtual omnibroker_status unsubscribe(Session& session, std::string_view id) = 0;
  virtual omnibroker_status snapshot(Session& session, const omnibroker_subscription& wanted, std::string& error) = 0;
  /// A token for a decision that comes later, or 0.
  virtual std::uint64_t defer(Session& session, const Route& route) = 0;

 protected:
  ~RoutingHost() = default;
};

/// What became of a message. Views stay valid until the router is used again.
struct Decision {
  enum class Kind { Refused, Accepted, Consumed, Pending };
  Kind kind = Kind::Refused;
  const Route* route = nullptr;  ///< Null where the message was refused before a route was found.
  std::string_view type;         ///< Empty where the message had none.
  std::string_view payload;      ///< Accepted, Pending: what goes to the audience.
  std::string_view latest_key;   ///< The value of the route's `latest_by` field; empty where it is not kept.
  Position position;             ///< The values of the route's `position` fields.
  std::string_view code;         ///< Refused.
  std::string_view message;      ///< Refused.
  bool acknowledge = false;
  std::span<const std::string> answers;  ///< To the sender alone.
  std::uint64_t token = 0;               ///< Pending.
};

/// Takes one message through its route: envelope, registration, type, role, filters, handler. Decides, and does nothing
/// else: what follows from the decision is the runtime's.
///
/// Checks come in the order that the gateway's contract fixes. Whatever a plugin does, the answer is a decision.
/// Threads: one at a time; each worker has its own.
class Router {
 public:
  Router(std::size_t largest_message, RoutingHost& host);
  ~Router();

  /// From now on. Not while a decision is in use.
  void set_largest_message(std::size_t bytes) { envelope_.set_largest(bytes); }

  /// `bytes` must be readable for Envelope::kPadding bytes behind `size`.
  const Decision& route(const RouteTable& table, Session& session, omnibroker_encoding encoding,
                        const std::uint8_t* bytes, std::size_t size);

  /// Where `decision.payload` is not the sender's message: reads its key and position. If it cannot be read they stay.
  void read_again(Decision& decision);

  /// The host tables `omnibroker.host.message/1`, `omnibroker.host.subscriptions/1`, and `omnibroker.host.call/1`
  /// without `complete`, which is the runtime's.
  static const omnibroker_host_message_v1& message_table();
  static const omnibroker_host_subscriptions_v1& subscriptions_table();
  static omnibroker_host_call_v1 call_table();

 private:
  const Decision& refuse(std::string_view code, std::string_view message);
  const Decision& run_steps(const Route& route, Session& session);
  void read_key(Decision& decision);
  void read_position(Decision& decision) const;

  RoutingHost& host_;
  Envelope envelope_;
  std::unique_ptr<omnibroker_call> call_;
  std::unique_ptr<omnibroker_message> message_;
  Decision decision_;
  std::string code_;
  std::string text_;
  std::string type_;
  std::string replacement_;  // with its padding
  std::string latest_key_;
};

/// Shortens a peer's text to `most` bytes at a character's boundary, with an ellipsis where something was cut.
std::string shortened(std::string_view text, std::size_t most = 64);

}  // namespace omnibroker::core
