#include "providers/omniverse/login.hpp"

#include "providers/omniverse/sows_client.hpp"

#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace wire = omnibroker::nucleus;
using Json = nlohmann::json;

struct Login::Method {
  const char* name;
  Json params;
};

Login::Login(Loop& loop, const Address& service, std::chrono::milliseconds limit, const Account& account, Done done)
    : Login(loop, service, limit,
            account.username == "$omni-api-token"
                ? Method{"Tokens.auth_with_api_token", {{"version", 2}, {"api_token", account.password}}}
                : Method{"Credentials.auth",
                         {{"version", 2}, {"username", account.username}, {"password", account.password}}},
            std::move(done)) {}

Login::Login(Loop& loop, const Address& service, std::chrono::milliseconds limit, const std::string& refresh_token,
             Done done)
    : Login(loop, service, limit, Method{"Tokens.refresh", {{"version", 2}, {"refresh_token", refresh_token}}},
            std::move(done)) {}

Login::Login(Loop& loop, const Address& service, std::chrono::milliseconds limit, const Method& method, Done done)
    : client_(std::make_unique<SowsClient>(loop, service, limit)) {
  timer_ = loop.after(limit, [this, done] {
    client_.reset();
    const Problem problem{Problem::Kind::NotReached, "the authentication service does not answer in time"};
    const auto told = done;  // It may destroy this.
    told(wire::AuthStatus::ConnectionError, {}, &problem);
  });
  client_->call(method.name, method.params, [this, done](const Json& result, const Problem* problem) {
    timer_.reset();
    const auto told = done;
    if (problem != nullptr) return told(wire::AuthStatus::ConnectionError, {}, problem);
    told(wire::auth_status_of(wire::text_of(result, "status")),
         {wire::text_of(result, "username"), wire::text_of(result, "access_token"),
          wire::text_of(result, "refresh_token")},
         nullptr);
  });
}

Login::~Login() = default;

}  // namespace omniclient::omniverse
