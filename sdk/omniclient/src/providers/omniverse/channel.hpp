#pragma once

#include "providers/omniverse/session.hpp"
#include "providers/provider.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace omniclient::omniverse {

/// Somebody's place in a channel. After the connection was lost he comes again: he is told of his own Join with the new
/// connection id, and of everybody who is there.
///
/// Lifecycle: until its operation is cancelled, or it has told Error or Deleted. Threads: the loop's alone.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  using Tell = std::function<void(ChannelMessage)>;
  static std::shared_ptr<Channel> join(SessionPtr session, const OperationPtr& operation, std::string path, Tell tell);

  /// ErrorConnection where he is not in it now.
  void send(const OperationPtr& operation, const SharedContent& content, Done<Reply> done);
  bool left() const { return left_; }

 private:
  Channel(SessionPtr session, OperationPtr operation, std::string path, Tell tell);
  void create();
  void enter();
  void heard(const Answer& answer);
  void take(std::string_view payload);
  void say(const OperationPtr& operation, std::uint8_t event, std::string_view content,
           std::function<void(OmniClientResult)> done);
  void end(OmniClientResult result, OmniClientChannelEvent event);

  const SessionPtr session_;
  const OperationPtr operation_;
  const std::string path_;
  const Tell tell_;
  std::uint64_t id_ = 0;
  bool entered_ = false;  ///< The server sends what is said.
  bool joined_ = false;   ///< The others have been told.
  bool left_ = false;
  std::set<std::string> known_;
};

}  // namespace omniclient::omniverse
