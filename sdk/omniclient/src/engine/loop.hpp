#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace omniclient {

/// The engine's event loop: one thread, on which providers live. Boost.Asio stays in loop.cpp, and in providers that
/// have sockets.
///
/// Lifecycle: runs from construction; `stop` ends it, and what was posted and has not run is destroyed without running.
/// Threads: everything from every thread, but for what says otherwise.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void post(std::function<void()> function);

  /// A call that is made once, later. Destroying it takes the call back; on the loop's thread it does not come after
  /// that.
  class Timer {
   public:
    virtual ~Timer() = default;
  };
  [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::milliseconds delay, std::function<void()> function);

  /// Calls `function` on the loop's thread whenever `descriptor` can be read, until the result is destroyed, which must
  /// happen on the loop's thread or after `stop`. The descriptor remains the caller's.
  class Watch {
   public:
    virtual ~Watch() = default;
  };
  [[nodiscard]] std::unique_ptr<Watch> when_readable(int descriptor, std::function<void()> function);

  boost::asio::io_context& context();

  /// Waits for the thread, which must not be the caller.
  void stop();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace omniclient
