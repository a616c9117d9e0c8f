// Servers, and what connections to them are like.
#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

/// Does something with the provider of a URL that has connections, on the loop's thread.
void with_servers(const char* url, void (Servers::*action)(const Url&)) {
  const auto engine = Engine::get();
  if (!engine) return;
  const auto target = engine->target(url);
  if (target.provider == nullptr) return;
  engine->loop().post([target, action] {
    if (auto* const servers = target.provider->servers()) (servers->*action)(target.url);
  });
}

}  // namespace

void omniClientAuthenticationCancel(uint32_t authHandle) noexcept {
  if (const auto engine = Engine::get()) engine->credentials().cancel(authHandle);
}

/// No provider asks for such a token, so nobody waits for one.
bool omniClientSetStorageAccessToken(uint32_t, char const*) noexcept { return false; }

void omniClientSignOut(char const* url) noexcept { with_servers(url, &Servers::sign_out); }
void omniClientReconnect(char const* url) noexcept { with_servers(url, &Servers::reconnect); }

OmniClientRetryBehavior omniClientSetRetries(OmniClientRetryBehavior retryBehavior) noexcept {
  const auto engine = Engine::get();
  if (!engine) return retryBehavior;
  return engine->retries().set(retryBehavior);
}

OmniClientRequestId omniClientGetServerInfo(char const* url, void* userData,
                                            OmniClientGetServerInfoCallback callback) noexcept {
  Answer<ServerReply> answer;
  if (callback != nullptr) {
    answer = [=](ServerReply& reply) {
      OmniClientServerInfo info{};
      info.version = reply.version.c_str();
      info.username = reply.username.c_str();
      info.authToken = reply.auth_token.c_str();
      info.connectionId = reply.connection_id.c_str();
      info.cacheEnabled = reply.cache;
      info.omniObjectsEnabled = reply.omni_objects;
      info.checkpointsEnabled = reply.checkpoints;
      info.atomicCheckpoints = reply.atomic_checkpoints;
      info.undeleteEnabled = reply.undelete;
      callback(userData, reply.result, &info);
    };
  }
  return start_with<ServerReply>(&Provider::servers, &Servers::server_info, url, std::move(answer));
}

OmniClientRequestId omniClientRefreshAuthToken(char const* url, void* userData,
                                               OmniClientRefreshAuthTokenCallback callback) noexcept {
  Answer<TextReply> answer;
  if (callback != nullptr) {
    answer = [=](TextReply& reply) { callback(userData, reply.result, reply.text.c_str()); };
  }
  return start_with<TextReply>(&Provider::servers, &Servers::refresh_token, url, std::move(answer));
}
