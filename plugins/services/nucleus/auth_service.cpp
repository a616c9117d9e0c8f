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
  auto made = share_.nucleus().make_first_admin(config_.first_admin, config_.first_admin_password);
  if (!made) return made.error();
  if (made->user.empty()) return {};
  if (made->password_file.empty()) {
    share_.host().log().info("The first administrator was made", {{"user", made->user}});
  } else {
    share_.host().log().warn(
        "The first administrator was made; his password is in a file, change it and remove the file",
        {{"user", made->user}, {"password_file", made->password_file.string()}});
  }
  return {};
}

Status AuthService::stop() {
  share_.close();
  return {};
}

std::unique_ptr<Exchange> AuthService::open(Connection connection, const Request& request) {
  const auto rules = call_rules(share_.host(), config_.ping_interval);
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
