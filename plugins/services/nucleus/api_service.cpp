#include "api_service.hpp"

#include "addresses.hpp"
#include "api_client.hpp"
#include "api_commands.hpp"
#include "service.hpp"

#include <exception>
#include <nlohmann/json.hpp>
#include <nucleus/connlib.hpp>
#include <utility>

namespace omnibroker::plugins::nucleus {
namespace {

namespace connlib = omnibroker::nucleus::connlib;
using Json = nlohmann::json;

constexpr std::uint64_t kBeforeLogin = 64 * 1024;

/// One client's requests, as they come.
class ApiConversation final : public Conversation {
 public:
  explicit ApiConversation(ApiClientPtr client) : client_(std::move(client)) {}
  ~ApiConversation() override { client_->end(); }

  bool is_ready() const override { return client_->is_ready(); }
  bool is_welcome() const override { return client_->is_logged_in(); }

  bool take(std::string_view message, std::string& problem) override {
    const auto parts = connlib::read(message);
    ApiRequest request;
    if (!parse_object(parts.json, request.params, problem, &request.values))
      return problem = "the message is " + problem, false;
    request.size = message.size();
    request.id = wire::number_of(request.params, "id", kNoId);
    if (request.id == kNoId) return problem = "the message has no id", false;
    request.command = wire::text_of(request.params, "command");
    if (parts.blob) request.blob = std::make_shared<const std::string>(*parts.blob);
    dispatch(std::move(request));
    return true;
  }

  void going_away() override {
    client_->notify({{"status", "OK"}, {"level", "WARNING"}, {"message", "The server is going away"}});
  }

 private:
  static constexpr std::uint64_t kNoId = ~std::uint64_t{0};

  void dispatch(ApiRequest request) {
    const auto* command = find_command(request.command);
    if (!client_->begin(request)) {
      return client_->refuse(request.id, wire::Status::SlowDown, "There are too many requests without an answer");
    }
    if (command == nullptr) return client_->fail(request, wire::Status::InvalidCommand, "There is no such command");
    if (command->login == Login::Needed && !client_->is_logged_in()) {
      return client_->fail(request, wire::Status::Unauthenticated, "Nobody has logged in on this connection");
    }
    if (command->answers == Answers::Stream && !client_->expect(request)) {
      return client_->fail(request, wire::Status::InvalidParameters, "id is that of another stream, and should be new");
    }
    auto work = [client = client_, run = command->run](const ApiRequest& taken) { carry_out(client, taken, run); };
    switch (command->runs) {
      case Runs::AtOnce: return work(request);
      case Runs::Beside: return client_->read(std::move(request), std::move(work));
      case Runs::InOrder: break;
    }
    if (command->looks == nullptr) return client_->change(std::move(request), std::move(work));
    client_->change(std::move(request), std::move(work),
                    [client = client_, looks = command->looks](const ApiRequest& taken) {
                      try {
                        return looks(client, taken);
                      } catch (const BadParameter&) {
                        return false;  // the command says so itself
                      }
                    });
  }

  static void carry_out(const ApiClientPtr& client, const ApiRequest& request,
                        void (*run)(const ApiClientPtr&, const ApiRequest&)) {
    try {
      run(client, request);
    } catch (const BadParameter& bad) {
      client->fail(request, wire::Status::InvalidParameters, bad.what());
    } catch (const std::exception& error) {
      client->place().host.log().error("A request failed unexpectedly",
                                       {{"command", request.command}, {"reason", error.what()}});
      client->fail(request, wire::Status::InternalError, "The request failed unexpectedly");
    }
  }

  const ApiClientPtr client_;
};

}  // namespace

ApiService::ApiService(Host host, Config config)
    : share_(host),
      config_(std::move(config)),
      counters_(host),
      executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)) {}

Status ApiService::start() {
  if (auto status = share_.open(config_.data, config_.quota.bytes); !status) return status;
  share_.nucleus().keep_deleted(share_.pool(), config_.keep_deleted);
  look_after_in_a_second();
  return {};
}

void ApiService::look_after_in_a_second() {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  executor_->after(
      share_.host().raw(), kSecond,
      [](void* context) {
        auto& self = *static_cast<ApiService*>(context);
        if (self.ending_) return;
        self.share_.nucleus().look_after(self.config_.tidy_interval);
        self.look_after_in_a_second();
      },
      this);
}

Status ApiService::drain() {
  ending_ = true;
  return {};
}

Status ApiService::stop() {
  share_.close();
  return {};
}

std::unique_ptr<Exchange> ApiService::open(Connection connection, const Request& request) {
  auto rules = socket_rules(share_.host(), config_.ping_interval);
  rules.max_greeting = kBeforeLogin;
  rules.greeting_time = config_.login_timeout;
  const auto here = Addresses::of(request);
  const auto most = static_cast<std::size_t>(config_.max_unread.bytes);
  return open_socket(share_.host(), connection, request, rules, most, [&](const auto& outbox) {
    ApiClient::Place place{share_.host(),     share_.nucleus(),
                           share_.pool(),     config_,
                           counters_,         here.url_of("http", "lft", config_.lft_port),
                           rules.max_message, std::string(connection.peer())};
    return std::make_unique<ApiConversation>(std::make_shared<ApiClient>(std::move(place), outbox));
  });
}

}  // namespace omnibroker::plugins::nucleus
