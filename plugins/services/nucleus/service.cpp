#include "service.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <variant>
#include <websocket/handshake.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

const std::array<std::string, 1> kEveryOrigin = {"*"};  // who may do what is decided by tokens, not by pages

std::string_view phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    default: return "Error";
  }
}

}  // namespace

void answer_http(Connection& connection, const Request& request, unsigned status, std::string_view content_type,
                 std::string_view body) {
  std::string response = "HTTP/1.1 " + std::to_string(status) + " ";
  response.append(phrase(status)).append("\r\nContent-Type: ").append(content_type);
  response += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  const bool has_body = request.chunked() || request.content_length().value_or(0) != 0;
  const auto keep_alive = request.keep_alive() && !has_body ? KeepAlive::Yes : KeepAlive::No;
  if (keep_alive == KeepAlive::No) response += "Connection: close\r\n";
  response += "\r\n";
  if (request.method() != "HEAD") response += body;
  connection.write(response);
  connection.end_request(keep_alive);
}

SocketRules socket_rules(const Host& host, std::chrono::nanoseconds ping_interval) {
  SocketRules rules;
  const auto most = host.limit("max_message");
  rules.max_message = most != 0 ? most : std::numeric_limits<std::uint64_t>::max();
  // What one write puts behind what the host holds is never more than its bound, with room for control frames.
  rules.max_unsent = static_cast<std::size_t>(host.limit("max_control_queue")) / 2;
  rules.ping_interval = ping_interval;
  return rules;
}

SocketRules call_rules(const Host& host, std::chrono::nanoseconds ping_interval) {
  constexpr std::uint64_t kMostOfACall = 64 * 1024;
  auto rules = socket_rules(host, ping_interval);
  rules.max_message = std::min(rules.max_message, kMostOfACall);
  rules.message_time = std::chrono::seconds(15);
  return rules;
}

std::unique_ptr<Exchange> open_socket(
    const Host& host, Connection connection, const Request& request, const SocketRules& rules, std::size_t max_unread,
    const std::function<std::unique_ptr<Conversation>(const std::shared_ptr<Outbox>&)>& converse) {
  const bool looks = request.method() == "GET" || request.method() == "HEAD";
  const bool health = request.path().ends_with("/healthcheck");
  if (looks && health && !request.upgrade()) {
    answer_http(connection, request, 200, "text/plain; charset=utf-8", "OK\n");
    return nullptr;
  }
  if (looks && !request.upgrade() && request.path_below_mount().size() > 1) {
    answer_http(connection, request, 404, "text/plain; charset=utf-8", "There is nothing at this path\n");
    return nullptr;
  }
  auto verdict = websocket::judge(request, {kEveryOrigin, {}, false});
  if (const auto* refusal = std::get_if<websocket::Refusal>(&verdict)) {
    connection.write(websocket::refusal_response(*refusal, request.method() != "HEAD"));
    connection.end_request(KeepAlive::No);
    return nullptr;
  }
  connection.write(websocket::acceptance_response(std::get<websocket::Acceptance>(verdict), {}));
  auto outbox = std::make_shared<Outbox>(Waker(host), connection.id(), max_unread);
  auto conversation = converse(outbox);
  return std::make_unique<Socket>(host, connection, rules, std::move(outbox), std::move(conversation));
}

}  // namespace omnibroker::plugins::nucleus
