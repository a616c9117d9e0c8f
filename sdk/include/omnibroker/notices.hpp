#pragma once

#include <string>
#include <string_view>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>

namespace omnibroker {

/// Writes the broker's own messages to a client that asked for them: the welcome, and what became of its stream.
///
/// A subclass also has `static constexpr const char* subprotocol`, the sub-protocol by which clients ask.
/// Threads: workers call at once.
class Notices : public Component {
 public:
  /// The first message to a client that agreed to the sub-protocol.
  virtual std::string welcome(std::string_view client_id) const = 0;
  virtual std::string status(const omnibroker_notice& notice) const = 0;
};

}  // namespace omnibroker
