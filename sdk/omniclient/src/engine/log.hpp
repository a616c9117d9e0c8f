#pragma once

#include "OmniClient.h"

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

/// The log of the process. There is one, because its callback may be set before anything else has begun.
///
/// While an engine runs, lines are called back on its callbacks' thread; otherwise on the thread that logs. At most
/// kMaxPendingLines wait for that; more are dropped and counted, and the next line that fits says how many.
///
/// Threads: everything from every thread. Nothing is called with a lock held.
namespace omniclient::log {

inline constexpr std::size_t kMaxPendingLines = 4096;

/// When it returns, the previous callback does not run and never will, except where it is the caller.
void set_callback(OmniClientLogCallback callback);
void set_level(OmniClientLogLevel level);

/// Where lines are called back: `route` takes over a call and makes it later. Without one: on the thread that logs.
using Route = std::function<void(std::function<void()>)>;
std::shared_ptr<const Route> set_route(Route route);
/// From now on on the thread that logs again, unless another route was set meanwhile.
void end_route(const std::shared_ptr<const Route>& route);

/// As long as this lives, what its thread logs is kept back; then it is logged. For who logs with a lock held.
class Hold {
 public:
  Hold();
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
};

/// For pthread_atfork: the forked process goes on with the callback, on the thread that logs.
enum class Process { Same, Forked };
void before_fork();
void after_fork(Process process);

void write(OmniClientLogLevel level, const char* component, std::initializer_list<std::string_view> parts);

inline void error(const char* component, std::initializer_list<std::string_view> parts) {
  write(eOmniClientLogLevel_Error, component, parts);
}
inline void warning(const char* component, std::initializer_list<std::string_view> parts) {
  write(eOmniClientLogLevel_Warning, component, parts);
}
inline void info(const char* component, std::initializer_list<std::string_view> parts) {
  write(eOmniClientLogLevel_Info, component, parts);
}
inline void verbose(const char* component, std::initializer_list<std::string_view> parts) {
  write(eOmniClientLogLevel_Verbose, component, parts);
}

}  // namespace omniclient::log
