// The sessions with servers, and what is said of them.
#include "providers/omniverse/service.hpp"

#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/channel.hpp"
#include "providers/omniverse/http.hpp"
#include "providers/omniverse/omniverse_provider.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace omniclient {

std::unique_ptr<Provider> make_omniverse_provider(const ProviderHost& host) {
  return std::make_unique<omniverse::Service>(host);
}

namespace omniverse {

Service::Service(const ProviderHost& host)
    : host_(host),
      cache_(cache_folder(),
             [setting = host.setting] {
               constexpr std::int64_t kMiB = 1024 * 1024;
               return static_cast<std::uint64_t>(std::max<std::int64_t>(0, setting("cache.max_mib", 10240))) * kMiB;
             }),
      http_(std::make_unique<HttpClient>(host.loop, std::chrono::seconds(60))),
      lists_(std::make_shared<ListCache>(host)) {}

Service::~Service() { stop(); }

void Service::stop() {
  for (const auto& [name, session] : sessions_) session->close();
  sessions_.clear();
  channels_.clear();
  http_.reset();
  cache_.end();
}

SessionPtr Service::session(const Url& url) {
  const auto name = server_of(url);
  auto& session = sessions_[name];
  if (!session) {
    const bool has_port = url.port && !url.port->empty();
    session = std::make_shared<Session>(host_, name, url.host.value_or(""), has_port ? url.port : std::nullopt);
    session->on_no_room([weak = std::weak_ptr(lists_), its = session.get()] {
      const auto lists = weak.lock();
      return lists && lists->leave(*its);
    });
  }
  return session;
}

void Service::server_info(OperationPtr, const Url& url, Done<ServerReply> done) {
  const auto session = this->session(url);
  session->when_connected([session, done = std::move(done)](bool connected) {
    if (!connected) return done(failed<ServerReply>(eOmniClientResult_ErrorConnection));
    const auto& welcome = session->welcome();
    ServerReply reply;
    reply.result = eOmniClientResult_Ok;
    reply.version = welcome.version;
    reply.username = welcome.username;
    reply.auth_token = session->identity().access_token;
    reply.connection_id = welcome.connection_id;
    reply.omni_objects = welcome.omni_objects;
    reply.checkpoints = reply.atomic_checkpoints = welcome.checkpoints;
    reply.undelete = welcome.undelete;
    done(std::move(reply));
  });
}

void Service::refresh_token(OperationPtr, const Url& url, Done<TextReply> done) {
  session(url)->renew_token([done = std::move(done)](OmniClientResult result, std::string token) {
    done({{result}, std::move(token)});
  });
}

void Service::reconnect(const Url& url) { session(url)->reconnect(); }
void Service::sign_out(const Url& url) { session(url)->sign_out(); }

Call make_call(const OperationPtr& operation, std::string command, const nlohmann::json& params, Call::Repeat repeat) {
  Call call;
  call.command = std::move(command);
  try {
    call.params = params.dump();
  } catch (const nlohmann::json::type_error&) {
    call.params.clear();  // Text that is no UTF-8: another name would be another item.
  }
  call.repeat = repeat;
  call.operation = operation;
  return call;
}

Call make_patient_call(const OperationPtr& operation, std::string command, const nlohmann::json& params,
                       Call::Repeat repeat) {
  auto call = make_call(operation, std::move(command), params, repeat);
  call.patient = true;
  return call;
}

void carry_out(Session& session, const OperationPtr& operation, std::string command, const nlohmann::json& params,
               Done<Reply> done) {
  session.call(make_call(operation, std::move(command), params, Call::Repeat::Never),
               [done = std::move(done)](const Answer& answer) { done(reply_of<Reply>(answer)); });
}

}  // namespace omniverse
}  // namespace omniclient
