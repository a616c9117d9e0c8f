#pragma once

#include "providers/omniverse/session.hpp"

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace omniclient::omniverse {

/// What a server tells of a folder, also of one that is not there: then the nearest folder above it that is there is
/// watched until the next one on the way is. Begins anew by itself after the connection was lost.
///
/// Lifecycle: until `stop`, until its operation is cancelled, or until it has told that it ended. Threads: the loop's
/// alone.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  struct Listener {
    std::function<void()> present;  ///< From here on changes are told. Also after it was gone, or interrupted.
    std::function<void()> gone;     ///< There is no such folder; it will be told when there is.
    std::function<void(const nlohmann::json&)> changed;  ///< `event` and `entry`.
    std::function<void(OmniClientResult)> ended;
  };

  static std::shared_ptr<Feed> start(SessionPtr session, const OperationPtr& operation, std::string folder,
                                     Listener listener);
  void stop();

 private:
  Feed(SessionPtr session, OperationPtr operation, std::string folder, Listener listener);
  void subscribe(const std::string& path);
  void heard(const std::string& path, const Answer& answer);
  void begun(const std::string& path);
  void ended(const std::string& path, wire::Status status);
  void changed(const std::string& path, const nlohmann::json& fields);
  void end(OmniClientResult result);
  /// The folder on the way to this one that is in `path`.
  std::string next_below(const std::string& path) const;

  const SessionPtr session_;
  const OperationPtr operation_;
  const std::string folder_;
  Listener listener_;
  std::uint64_t id_ = 0;
  bool begun_ = false;
  bool told_gone_ = false;
  bool stopped_ = false;
};

}  // namespace omniclient::omniverse
