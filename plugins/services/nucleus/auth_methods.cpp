#include "auth_methods.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <nucleus/types.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

namespace wire = omnibroker::nucleus;
using Json = nlohmann::json;
using wire::AuthStatus;
using wire::text_of;

constexpr int kVersion = 2;

Json status(AuthStatus status) { return {{"status", wire::name(status)}, {"version", kVersion}}; }

AuthStatus status_of(store::Code code) {
  switch (code) {
    case store::Code::Unauthenticated: return AuthStatus::Denied;
    case store::Code::Denied: return AuthStatus::Denied;
    case store::Code::TokenExpired: return AuthStatus::Expired;
    case store::Code::UserNotFound:
    case store::Code::NotExist: return AuthStatus::NotFound;
    case store::Code::AlreadyExists:
    case store::Code::GroupAlreadyExists: return AuthStatus::Exists;
    case store::Code::InvalidParameters: return AuthStatus::InvalidRequest;
    case store::Code::InternalError: return AuthStatus::InternalError;
    default: return AuthStatus::UnknownError;
  }
}

Json failed(const store::Error& error) {
  auto answer = status(status_of(error.code));
  answer["message"] = error.message;
  return answer;
}

/// Somebody tries to log in: whether it is the name or the secret that is wrong is not told, nor what else is.
Json login_failed(const store::Error& error, AuthStatus wrong) {
  if (error.code == store::Code::Denied) return status(AuthStatus::Disabled);
  if (error.code == store::Code::TokenExpired) return status(AuthStatus::Expired);
  if (error.code == store::Code::InternalError) return status(AuthStatus::InternalError);
  return status(wrong);
}

double unix_seconds(store::Time time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

Json profile_of(const store::User& user) {
  return {{"username", user.name},
          {"first_name", user.profile.first_name},
          {"last_name", user.profile.last_name},
          {"email", user.profile.email},
          {"admin", user.admin},
          {"nucleus_ro", user.read_only},
          {"readonly", user.read_only},
          {"provider", "internal"},
          {"enabled", user.enabled},
          {"activated", true}};
}

store::Profile profile_in(const Json& params, store::Profile profile) {
  const auto take = [&](const char* key, std::string& into) {
    if (params.contains(key)) into = params.at(key).get<std::string>();
  };
  take("first_name", profile.first_name);
  take("last_name", profile.last_name);
  take("email", profile.email);
  return profile;
}

template <class Answer>
Json done(const store::Result<Answer>& result) {
  return result ? status(AuthStatus::Ok) : failed(result.error());
}

/// The user that a call is about: the one it names, or else the one that calls.
std::string subject(const store::Actor& actor, const Json& params) {
  auto named = text_of(params, "username");
  return named.empty() ? actor.user : named;
}

}  // namespace

bool AuthMethods::hashes(std::string_view method) {
  return method == "Credentials.auth" || method == "UserStore.add_user" || method == "UserStore.reset_password";
}

bool AuthMethods::call(std::string_view method, const Json& params, Json& result) {
  if (method == "Credentials.auth") return result = auth(params), true;
  if (method == "Tokens.auth_with_api_token") return result = auth_with_api_token(params), true;
  if (method == "Tokens.refresh") return result = refresh(params), true;
  if (method == "Tokens.invalidate") return result = invalidate(params), true;

  using Method = Json (AuthMethods::*)(const store::Actor&, const Json&);
  static constexpr std::pair<std::string_view, Method> kMethods[] = {
      {"Tokens.create_api_token", &AuthMethods::create_api_token},
      {"Tokens.get_api_tokens", &AuthMethods::get_api_tokens},
      {"Tokens.delete_api_token", &AuthMethods::delete_api_token},
      {"Profiles.get", &AuthMethods::get_profile},
      {"Profiles.get_all", &AuthMethods::get_profiles},
      {"Profiles.update", &AuthMethods::update_profile},
      {"UserStore.add_user", &AuthMethods::add_user},
      {"UserStore.reset_password", &AuthMethods::reset_password},
      {"UserStore.remove_user", &AuthMethods::remove_user},
  };
  const bool enables = method == "Profiles.enable", disables = method == "Profiles.disable";
  Method wanted = nullptr;
  for (const auto& [name, function] : kMethods) {
    if (name == method) wanted = function;
  }
  if (wanted == nullptr && !enables && !disables) return false;

  const auto token = nucleus_.tokens().read(text_of(params, "access_token"));
  if (!token) return result = status(AuthStatus::InvalidToken), true;
  if (token->expired) return result = status(AuthStatus::Expired), true;
  const auto user = nucleus_.store().user(token->user);
  if (!user || !token->is_for(*user)) return result = status(AuthStatus::InvalidToken), true;
  if (!user->enabled) return result = status(AuthStatus::Disabled), true;
  const auto actor = token->actor();
  result = wanted != nullptr ? (this->*wanted)(actor, params) : set_enabled(actor, params, enables);
  const bool changes_rights = enables || disables || method == "Profiles.update" || method == "UserStore.remove_user";
  if (changes_rights && text_of(result, "status") == wire::name(AuthStatus::Ok)) nucleus_.rights_changed();
  return true;
}

Json AuthMethods::logged_in(const store::User& user, std::optional<std::string> api_token) {
  const auto expires = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()) +
                       config_.refresh_token_lifetime;
  const auto refresh_token = nucleus_.store().apply(
      store::Actor::the_system(), store::CreateRefreshToken{user.name, expires, std::move(api_token)});
  if (!refresh_token) return failed(refresh_token.error());
  auto answer = status(AuthStatus::Ok);
  answer["username"] = user.name;
  answer["profile"] = profile_of(user);
  answer["access_token"] = nucleus_.tokens().make(user, config_.access_token_lifetime);
  answer["refresh_token"] = *refresh_token;
  return answer;
}

Json AuthMethods::auth(const Json& params) {
  const auto name = text_of(params, "username");
  if (name.empty()) return status(AuthStatus::UsernameRequired);
  const auto user = nucleus_.store().check_password(name, text_of(params, "password"));
  return user ? logged_in(*user) : login_failed(user.error(), AuthStatus::Denied);
}

Json AuthMethods::auth_with_api_token(const Json& params) {
  const auto token = text_of(params, "api_token");
  const auto user = nucleus_.store().check_api_token(token);
  return user ? logged_in(*user, token) : login_failed(user.error(), AuthStatus::InvalidToken);
}

Json AuthMethods::refresh(const Json& params) {
  const auto token = text_of(params, "refresh_token");
  const auto user = nucleus_.store().check_refresh_token(token);
  if (!user) return login_failed(user.error(), AuthStatus::InvalidToken);
  auto answer = status(AuthStatus::Ok);
  answer["username"] = user->name;
  answer["profile"] = profile_of(*user);
  answer["access_token"] = nucleus_.tokens().make(*user, config_.access_token_lifetime);
  answer["refresh_token"] = token;
  return answer;
}

Json AuthMethods::invalidate(const Json& params) {
  const auto token = text_of(params, "refresh_token");
  const auto user = nucleus_.store().check_refresh_token(token);
  if (!user) return login_failed(user.error(), AuthStatus::InvalidToken);
  return done(nucleus_.store().apply(store::Actor::the_system(), store::RevokeRefreshTokens{user->name, token}));
}

Json AuthMethods::create_api_token(const store::Actor& actor, const Json& params) {
  store::CreateApiToken command{subject(actor, params), text_of(params, "name")};
  if (command.name.empty()) return status(AuthStatus::InvalidRequest);
  if (const auto lifetime = wire::number_of(params, "lifetime"); lifetime != 0) {
    constexpr std::uint64_t kMost = 100ull * 365 * 24 * 3600;
    command.expires = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now()) +
                      std::chrono::seconds(std::min(lifetime, kMost));
  }
  const auto token = nucleus_.store().apply(actor, command);
  if (!token) return failed(token.error());
  auto answer = status(AuthStatus::Ok);
  answer["api_token"] = *token;
  return answer;
}

Json AuthMethods::get_api_tokens(const store::Actor& actor, const Json& params) {
  const auto name = subject(actor, params);
  const auto caller = nucleus_.store().user(actor.user);
  if (name != actor.user && !(caller && caller->admin)) return status(AuthStatus::Denied);
  const auto tokens = nucleus_.store().api_tokens(name);
  if (!tokens) return failed(tokens.error());
  auto answer = status(AuthStatus::Ok);
  answer["tokens"] = Json::array();
  for (const auto& token : *tokens) {
    Json one = {{"name", token.name}, {"created_at", unix_seconds(token.created)}};
    if (token.last_used) one["last_used_at"] = unix_seconds(*token.last_used);
    if (token.expires) one["expires_at"] = unix_seconds(*token.expires);
    answer["tokens"].push_back(std::move(one));
  }
  return answer;
}

Json AuthMethods::delete_api_token(const store::Actor& actor, const Json& params) {
  return done(nucleus_.store().apply(actor, store::DeleteApiToken{subject(actor, params), text_of(params, "name")}));
}

Json AuthMethods::get_profile(const store::Actor& actor, const Json& params) {
  const auto user = nucleus_.store().user(subject(actor, params));
  if (!user) return failed(user.error());
  const auto caller = nucleus_.store().user(actor.user);
  auto answer = status(AuthStatus::Ok);
  answer["profile"] = profile_of(*user);
  if (user->name != actor.user && !(caller && caller->admin)) answer["profile"].erase("email");
  return answer;
}

Json AuthMethods::get_profiles(const store::Actor& actor, const Json&) {
  const auto caller = nucleus_.store().user(actor.user);
  if (!caller || !caller->admin) return status(AuthStatus::Denied);
  const auto users = nucleus_.store().users();
  if (!users) return failed(users.error());
  auto answer = status(AuthStatus::Ok);
  answer["profiles"] = Json::array();
  for (const auto& user : *users) answer["profiles"].push_back(profile_of(user));
  return answer;
}

Json AuthMethods::update_profile(const store::Actor& actor, const Json& params) {
  const auto user = nucleus_.store().user(subject(actor, params));
  if (!user) return failed(user.error());
  const auto& given = params.at("profile");
  store::ChangeUser change{user->name};
  change.profile = profile_in(given, user->profile);
  if (given.contains("admin")) change.admin = given.at("admin").get<bool>();
  if (given.contains("nucleus_ro")) change.read_only = given.at("nucleus_ro").get<bool>();
  return done(nucleus_.store().apply(actor, std::move(change)));
}

Json AuthMethods::set_enabled(const store::Actor& actor, const Json& params, bool enabled) {
  store::ChangeUser change{text_of(params, "username")};
  change.enabled = enabled;
  return done(nucleus_.store().apply(actor, std::move(change)));
}

Json AuthMethods::add_user(const store::Actor& actor, const Json& params) {
  store::CreateUser command;
  command.user.name = text_of(params, "username");
  if (command.user.name.empty()) return status(AuthStatus::UsernameRequired);
  command.password = text_of(params, "password");
  if (params.contains("profile")) {
    const auto& given = params.at("profile");
    command.user.profile = profile_in(given, {});
    command.user.admin = given.value("admin", false);
    command.user.read_only = given.value("nucleus_ro", false);
  }
  const auto made = nucleus_.store().apply(actor, std::move(command));
  if (!made && made.error().code == store::Code::InvalidParameters) return status(AuthStatus::InvalidUsername);
  return done(made);
}

Json AuthMethods::reset_password(const store::Actor& actor, const Json& params) {
  const auto name = subject(actor, params);
  const auto caller = nucleus_.store().user(actor.user);
  if (!(caller && caller->admin) && !nucleus_.store().check_password(name, text_of(params, "old_password"))) {
    return status(AuthStatus::Denied);  // a token that was left behind is not enough to change it
  }
  store::ChangeUser change{name};
  change.password = params.at("password").get<std::string>();
  return done(nucleus_.store().apply(actor, std::move(change)));
}

Json AuthMethods::remove_user(const store::Actor& actor, const Json& params) {
  return done(nucleus_.store().apply(actor, store::RemoveUser{text_of(params, "username")}));
}

}  // namespace omnibroker::plugins::nucleus
