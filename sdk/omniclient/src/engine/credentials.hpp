#pragma once

#include "engine/operation.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace omniclient {

class Calls;
class Loop;
class Registrations;

/// What a provider asks the program for, so that somebody can sign in to a server.
///
/// Threads: everything from every thread. The program is called on the callbacks' thread, `done` and `on_cancel` on the
/// loop's. A callback of the program must not wait for the server that it is asked about.
class Credentials {
 public:
  Credentials(Calls& calls, Loop& loop, Registrations& registrations)
      : calls_(calls), loop_(loop), registrations_(registrations) {}

  struct Answer {
    enum class Kind {
      None,      ///< Nobody knows any.
      Token,     ///< An access token.
      Password,  ///< A user and a password. Of the user `$omni-api-token` the password is an API token.
      Abort      ///< The program wants no connection: ConnectionStatus AuthAbort.
    };
    Kind kind = Kind::None;
    std::string token;
    std::string username;
    std::string password;
  };

  /// Asks the auth callbacks, the newest first, until one of them has filled something in; then the environment
  /// (OMNI_USER, OMNI_PASS), as it is then. `server` is `scheme://host[:port]`. `done` is called exactly once, but not
  /// after `operation` has been cancelled; a callback that runs then is not interrupted.
  void ask(const std::shared_ptr<Operation>& operation, std::string server, std::function<void(Answer)> done);

  /// A login that goes on elsewhere, while the program shows that it waits for it. It ends with this.
  class Login {
   public:
    virtual ~Login() = default;
    /// The `authHandle` of the C API; no other login of this process has it.
    virtual std::uint32_t handle() const = 0;
  };

  struct DeviceFlow {
    std::string server;  ///< `scheme://host[:port]`
    std::string url;     ///< Where the user goes,
    std::string code;    ///< and what is typed there.
    int expiration_s = 0;
  };

  /// Tells the message box callback of a login in a browser, and of its end. `on_cancel` is called at most once: when
  /// the program cancels the login (omniClientAuthenticationCancel), and not after the result was destroyed on the
  /// loop's thread.
  [[nodiscard]] std::shared_ptr<Login> show_browser(const std::string& server, std::function<void()> on_cancel);
  /// The same for a login on another device, and the device flow callbacks.
  [[nodiscard]] std::shared_ptr<Login> show_device_flow(DeviceFlow flow, std::function<void()> on_cancel);

  /// What omniClientAuthenticationCancel does. Nothing where there is no such login.
  void cancel(std::uint32_t handle);

 private:
  class Asking;
  class Shown;

  std::shared_ptr<Login> show(std::function<void()> on_cancel, std::function<void(std::uint32_t)> end);

  Calls& calls_;
  Loop& loop_;
  Registrations& registrations_;
  /// What can be cancelled. Shared with the logins, which may outlive this.
  struct Open {
    std::mutex mutex;
    std::map<std::uint32_t, std::weak_ptr<Shown>> logins;
  };
  const std::shared_ptr<Open> open_ = std::make_shared<Open>();
};

}  // namespace omniclient
