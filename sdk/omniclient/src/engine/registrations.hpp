#pragma once

#include "OmniClient.h"
#include "engine/calls.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace omniclient {

enum class Event {
  ConnectionStatus,
  FileStatus,
  CacheBypass,
  Authentication,
  DeviceFlow,
  StorageAuthentication,
  MessageBox,
  LiveQueued,
  LiveQueuedParts,
  LiveQueuedPlain,
  LiveProcessed,
  Metrics,
};

/// A callback that the program has registered for an event.
class Registration final : public Callee {
 public:
  using Function = void (*)();  ///< Of another type in truth; `as` gives it back.

  Registration(Event what, void* data, Function function) : event(what), user_data(data), function_(function) {}

  template <class Callback>
  Callback as() const {
    return reinterpret_cast<Callback>(function_);
  }

  const Event event;
  void* const user_data;

 private:
  const Function function_;
};
using RegistrationPtr = std::shared_ptr<Registration>;

/// The callbacks of the program, and what connections are like, which a new callback is told.
///
/// Threads: everything from every thread; the calls themselves are posted.
class Registrations {
 public:
  explicit Registrations(Calls& calls) : calls_(calls) {}

  /// Answers a handle that no registration of this process has had; 0 for no function.
  std::uint32_t add(Event event, void* user_data, Registration::Function function);
  /// Like `add`, in place of what was there. A null function leaves none.
  void set(Event event, void* user_data, Registration::Function function);
  /// When it returns, the callback does not run and never will.
  void remove(std::uint32_t handle);

  /// In the order in which they were registered.
  std::vector<RegistrationPtr> of(Event event) const;

  void connection_status(const std::string& server, OmniClientConnectionStatus status);
  void file_status(const std::string& url, OmniClientFileStatus status, int percentage);

 private:
  void post_connection(const RegistrationPtr& registration, const std::string& server,
                       OmniClientConnectionStatus status);

  Calls& calls_;
  mutable std::mutex mutex_;
  std::map<std::uint32_t, RegistrationPtr> registrations_;
  std::map<std::string, OmniClientConnectionStatus> connections_;
};

}  // namespace omniclient
