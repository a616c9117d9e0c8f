#pragma once

#include "providers/omniverse/socket.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <nucleus/types.hpp>
#include <optional>
#include <string>

namespace omniclient::omniverse {

class SowsClient;

/// Who somebody says that he is. With the name `$omni-api-token` the password is an API token.
struct Account {
  std::string username;
  std::string password;
};

/// What somebody who is logged in has.
struct Identity {
  std::string username;
  std::string access_token;
  std::string refresh_token;
};

/// One call of the authentication service. Destroying it gives up; `done` is called once and may do that. Threads: the
/// loop's alone.
class Login {
 public:
  /// A problem means that the service was not reached; then the status says nothing.
  using Done = std::function<void(omnibroker::nucleus::AuthStatus, Identity, const Problem*)>;

  Login(Loop& loop, const Address& service, std::chrono::milliseconds limit, const Account& account, Done done);
  /// Gets a new access token for a refresh token.
  Login(Loop& loop, const Address& service, std::chrono::milliseconds limit, const std::string& refresh_token,
        Done done);
  ~Login();

 private:
  struct Method;
  Login(Loop& loop, const Address& service, std::chrono::milliseconds limit, const Method& method, Done done);

  std::unique_ptr<SowsClient> client_;
  std::unique_ptr<Loop::Timer> timer_;
};

}  // namespace omniclient::omniverse
