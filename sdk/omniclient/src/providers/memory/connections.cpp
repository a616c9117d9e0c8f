#include "providers/memory/memory_provider.hpp"
#include "providers/memory/service.hpp"

#include <atomic>

namespace omniclient {

std::unique_ptr<Provider> make_memory_provider(const ProviderHost& host) {
  return std::make_unique<memory::Service>(host);
}

namespace memory {
namespace {

/// Sixteen capital letters and digits, as servers give them.
std::string next_connection_id() {
  static std::atomic<std::uint64_t> last{0};
  const auto number = std::to_string(++last);
  return "MEM" + std::string(13 - std::min<std::size_t>(13, number.size()), '0') + number;
}

std::string connection_key(const Url& url) { return url.user.value_or("") + "@" + server_of(url); }

}  // namespace

ConnectionPtr Service::connect(const Url& url, bool refuse) {
  const auto key = connection_key(url);
  const auto found = connections_.find(key);
  if (found != connections_.end()) return found->second;
  if (failed_.count(key) != 0) return nullptr;
  const auto name = server_of(url);
  if (!url.host || url.host->empty()) {
    host_.connection_status(name, eOmniClientConnectionStatus_InvalidHost);
    return nullptr;
  }
  host_.connection_status(name, eOmniClientConnectionStatus_Connecting);
  if (refuse) {
    failed_.insert(key);
    host_.connection_status(name, eOmniClientConnectionStatus_ConnectError);
    return nullptr;
  }
  auto connection = std::make_shared<Connection>();
  connection->id = next_connection_id();
  const auto user = url.user.value_or("");
  connection->user = user.empty() ? "user" : user.substr(0, user.find('+'));
  connections_[key] = connection;
  auto& here = server(url);
  here.users.insert(connection->user);
  here.groups["users"].insert(connection->user);
  host_.connection_status(name, eOmniClientConnectionStatus_Connected);
  return connection;
}

void Service::lose(const std::string& key, const Url& url, OmniClientConnectionStatus status) {
  const auto found = connections_.find(key);
  if (found == connections_.end()) return;
  const auto connection = found->second;
  connections_.erase(found);
  const auto pending = pending_;
  for (const auto& one : pending) {
    if (one->connection == connection && pending_.erase(one) != 0) one->lose();
  }
  server(url).lose(connection);
  host_.connection_status(server_of(url), status);
}

void Service::end_with(const OperationPtr& operation, const Url& url) {
  operation->on_cancel(
      [this, key = operation.get(), url] { host_.loop.post([this, key, url] { server(url).forget(key); }); });
}

void Service::server_info(OperationPtr operation, const Url& url, Done<ServerReply> done) {
  serve<ServerReply>(operation, url, std::move(done), [](Server&, const ConnectionPtr& connection) {
    ServerReply reply;
    reply.result = eOmniClientResult_Ok;
    reply.version = "memory";
    reply.username = connection->user;
    reply.auth_token = "token of " + connection->user;
    reply.connection_id = connection->id;
    reply.omni_objects = reply.checkpoints = reply.atomic_checkpoints = reply.undelete = true;
    return reply;
  });
}

void Service::refresh_token(OperationPtr operation, const Url& url, Done<TextReply> done) {
  serve<TextReply>(operation, url, std::move(done), [](Server&, const ConnectionPtr& connection) {
    return TextReply{{eOmniClientResult_Ok}, "token of " + connection->user};
  });
}

void Service::reconnect(const Url& url) {
  failed_.erase(connection_key(url));
  connect(url, next_fate().refuse_connection);
}

void Service::sign_out(const Url& url) { lose(connection_key(url), url, eOmniClientConnectionStatus_SignedOut); }

}  // namespace memory
}  // namespace omniclient
