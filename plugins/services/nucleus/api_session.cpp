// Logging in, pings, what the server can.

#include "api_commands.hpp"
#include "password_gate.hpp"

#include <algorithm>
#include <chrono>
#include <nucleus/types.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::Status;

constexpr std::uint64_t kAroundContent = 65'536;       // of a message that brings a content: what is not the content
constexpr std::uint64_t kPartSize = 5'242'880;         // of an upload by HTTP
constexpr std::uint64_t kExternalValueSize = 262'144;  // of a live object's attribute

Json capabilities() {
  auto methods = Json::object();
  for (const char* name : {"Connection", "ServerFeatures"}) {
    for (const auto& method : wire::find_interface("omni1.idl.ts", name)->methods) {
      methods[std::string(method.name)] = method.version;
    }
  }
  return methods;
}

Json lft_fields(const ApiClientPtr& client) {
  return {{"lft_address", client->place().lft_address}, {"lft_threshold", client->rules().lft_threshold.bytes}};
}

void welcome(const ApiClientPtr& client, const ApiRequest& request, const store::User& user) {
  std::string token;
  if (!client->log_in(user, token)) {
    return client->fail(request, Status::AlreadyAuthenticated, "This connection is logged in already");
  }
  const auto& rules = client->rules();
  auto fields = lft_fields(client);
  fields["server_capabilities"] = capabilities();
  fields["version"] = wire::kProtocolVersion;
  fields["username"] = user.name;
  fields["token"] = token;
  fields["connection_id"] = client->connection();
  fields["connection_id_signature"] = client->nucleus().sign("connection " + client->connection());
  const auto most = client->place().max_message;
  fields["max_chunk_size"] = most - std::min(most / 2, kAroundContent);
  fields["multipart_chunk_size"] = kPartSize;
  fields["super_user"] = user.admin;
  fields["max_in_flight_requests"] = rules.max_in_flight;
  fields["backoff_time_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(rules.backoff_time).count();
  client->answer(request, std::move(fields));
}

void auth(const ApiClientPtr& client, const ApiRequest& request) {
  // Here and not where it is checked: those that wait for a thread count, too.
  auto place = PasswordGate::of_process().enter(client->place().peer);
  if (!place) return client->fail(request, Status::SlowDown, "There are too many logins at a time");
  auto check = [client, place = std::move(place), name = text_in(request.params, "username"),
                password = text_in(request.params, "password")](const ApiRequest& taken) {
    const auto user = client->store().check_password(name, password);
    if (user) return welcome(client, taken, *user);
    const bool denied = user.error().code == store::Code::Denied;
    client->fail(taken, denied ? Status::Denied : Status::Unauthenticated,
                 denied ? "The user is disabled" : "There is no such user, or the password is another one");
  };
  client->read(request, std::move(check));
}

void authorize_token(const ApiClientPtr& client, const ApiRequest& request) {
  const auto token = client->nucleus().tokens().read(text_in(request.params, "token"));
  if (!token) return client->fail(request, Status::Unauthenticated, "This is no access token of this server");
  if (token->expired) return client->fail(request, Status::TokenExpired, "The access token has expired");
  const auto user = client->store().user(token->user);
  if (!user || !token->is_for(*user))
    return client->fail(request, Status::Unauthenticated,
                        "The user of this token is not there any more, or has another password by now");
  if (!user->enabled) return client->fail(request, Status::Denied, "The user of this token is disabled");
  welcome(client, request, *user);
}

void ping(const ApiClientPtr& client, const ApiRequest& request) { client->answer(request, Json::object()); }

void stop(const ApiClientPtr& client, const ApiRequest& request) {
  const auto id = number_in(request.params, "subscription_id");
  client->answer(request, Json::object());
  client->stop(id);
}

/// Goes on until it is stopped; what there is to say comes when the server ends.
class Notifications final : public Stream {
 public:
  void stop() override {}
  bool is_for_notices() const override { return true; }
};

void subscribe_notifications(const ApiClientPtr& client, const ApiRequest& request) {
  const auto stream = std::make_shared<Notifications>();
  if (client->add(request, stream)) client->tell(*stream, request, {{"status", "OK"}});
}

void exchange_capabilities(const ApiClientPtr& client, const ApiRequest& request) {
  client->answer(request, {{"server_capabilities", capabilities()}, {"version", wire::kProtocolVersion}});
}

void omni_objects(const ApiClientPtr& client, const ApiRequest& request) {
  client->answer(request, {{"ext_value_min_size", kExternalValueSize}});
}

void lft(const ApiClientPtr& client, const ApiRequest& request) { client->answer(request, lft_fields(client)); }

void hashes(const ApiClientPtr& client, const ApiRequest& request) {
  client->answer(request, {{"hash_types", {wire::kHashType}}, {"hash_bsize", wire::kHashBlock}});
}

void versioning(const ApiClientPtr& client, const ApiRequest& request) { client->answer(request, {{"enabled", true}}); }

constexpr Command kSessionCommands[] = {
    {"ping", Runs::AtOnce, ping, Login::NotNeeded},
    {"auth", Runs::AtOnce, auth, Login::NotNeeded},
    {"authorize_token", Runs::Beside, authorize_token, Login::NotNeeded},
    {"set_user_agent", Runs::AtOnce, ping, Login::NotNeeded},
    {"stop", Runs::AtOnce, stop, Login::NotNeeded},
    {"subscribe_server_notifications", Runs::AtOnce, subscribe_notifications, Login::Needed, Answers::Stream},
    {"exchange_capabilities", Runs::AtOnce, exchange_capabilities, Login::NotNeeded},
    {"omni_objects", Runs::AtOnce, omni_objects, Login::NotNeeded},
    {"omni_objects2", Runs::AtOnce, omni_objects, Login::NotNeeded},
    {"lft", Runs::AtOnce, lft, Login::NotNeeded},
    {"hashes", Runs::AtOnce, hashes, Login::NotNeeded},
    {"versioning", Runs::AtOnce, versioning, Login::NotNeeded},
};

}  // namespace

std::span<const Command> session_commands() { return kSessionCommands; }

}  // namespace omnibroker::plugins::nucleus
