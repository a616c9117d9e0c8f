#include "auth_service.hpp"

#include "auth_methods.hpp"
#include "password_gate.hpp"
#include "service.hpp"
#include "sows_service.hpp"

#include <nlohmann/json.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

constexpr std::size_t kMaxUnread = 1024 * 1024;

}  // namespace

Status AuthService::start() {
  if (auto status = share_.open(config_.data, config_.quota.bytes); !status) return status;
  return make_first_admin();
}

Status AuthService::make_first_admin() {
  if (config_.first_admin.empty()) return {};
  auto& store = share_.nucleus().store();
  const auto users = store.users();
  if (!users) return Error{ErrorCode::Internal, users.error().message};
  if (!users->empty()) return {};
  store::CreateUser command;
  command.user.name = config_.first_admin;
  command.user.admin = true;
  command.password = config_.first_admin_password;
  const auto made = store.apply(store::Actor::the_system(), std::move(command));
  // Of two services on one folder the other one may have been first.
  if (!made && made.error().code != store::Code::AlreadyExists) {
    return Error{ErrorCode::InvalidArgument, "first_admin cannot be made: " + made.error().message};
  }
  share_.host().log().info("The first administrator was made", {{"user", config_.first_admin}});
  return {};
}

Status AuthService::stop() {
  share_.close();
  return {};
}

std::unique_ptr<Exchange> AuthService::open(Connection connection, const Request& request) {
  const auto rules = socket_rules(share_.host(), config_.ping_interval);
  return open_socket(share_.host(), connection, request, rules, kMaxUnread, [&](const auto& outbox) {
    auto methods = [&nucleus = share_.nucleus(), &config = config_](
                       std::string_view method, const nlohmann::json& params, nlohmann::json& result) {
      return AuthMethods(nucleus, config).call(method, params, result);
    };
    auto admit = [peer = std::string(connection.peer())](std::string_view method) {
      using Place = std::optional<std::shared_ptr<void>>;
      if (!AuthMethods::hashes(method)) return Place(nullptr);
      auto place = PasswordGate::of_process().enter(peer);
      return place ? Place(std::move(place)) : std::nullopt;
    };
    return std::make_unique<SowsConversation>(&share_.pool(), outbox, std::move(methods), std::move(admit));
  });
}

}  // namespace omnibroker::plugins::nucleus
