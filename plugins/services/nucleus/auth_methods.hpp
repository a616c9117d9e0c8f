#pragma once

#include "nucleus.hpp"
#include "rules.hpp"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

/// The methods of Credentials, Tokens, Profiles and UserStore. Answers false for one that is none of them. May throw
/// what nlohmann::json throws at parameters of the wrong type.
///
/// Threads: any that may block: a password costs a tenth of a second.
class AuthMethods {
 public:
  AuthMethods(Nucleus& nucleus, const AuthConfig& config) : nucleus_(nucleus), config_(config) {}

  /// Whether a password is hashed for a call of this method.
  static bool hashes(std::string_view method);
  bool call(std::string_view method, const nlohmann::json& params, nlohmann::json& result);

 private:
  using Json = nlohmann::json;

  /// `api_token`: what he has logged in with; the refresh token ends with it.
  Json logged_in(const store::User& user, std::optional<std::string> api_token = {});
  Json auth(const Json& params);
  Json auth_with_api_token(const Json& params);
  Json refresh(const Json& params);
  Json invalidate(const Json& params);
  Json create_api_token(const store::Actor& actor, const Json& params);
  Json get_api_tokens(const store::Actor& actor, const Json& params);
  Json delete_api_token(const store::Actor& actor, const Json& params);
  Json get_profile(const store::Actor& actor, const Json& params);
  Json get_profiles(const store::Actor& actor, const Json& params);
  Json update_profile(const store::Actor& actor, const Json& params);
  Json set_enabled(const store::Actor& actor, const Json& params, bool enabled);
  Json add_user(const store::Actor& actor, const Json& params);
  Json reset_password(const store::Actor& actor, const Json& params);
  Json remove_user(const store::Actor& actor, const Json& params);

  Nucleus& nucleus_;
  const AuthConfig& config_;
};

}  // namespace omnibroker::plugins::nucleus
