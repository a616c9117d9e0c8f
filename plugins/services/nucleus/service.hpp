#pragma once

#include "outbox.hpp"
#include "socket.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::nucleus {

/// Answers a request as a whole, without a body of the client's.
void answer_http(Connection& connection, const Request& request, unsigned status, std::string_view content_type,
                 std::string_view body);

/// Takes a request to a service that speaks WebSocket: upgrades it, answers the health check (`/healthcheck` below the
/// service's path), and tells everybody else what is spoken here. Nothing where it has been answered.
std::unique_ptr<Exchange> open_socket(
    const Host& host, Connection connection, const Request& request, const SocketRules& rules, std::size_t max_unread,
    const std::function<std::unique_ptr<Conversation>(const std::shared_ptr<Outbox>&)>& converse);

/// The rules for a service with this interval of pings, and the host's limits.
SocketRules socket_rules(const Host& host, std::chrono::nanoseconds ping_interval);
/// Those for a service of calls, which nobody need have logged in for: messages are small.
SocketRules call_rules(const Host& host, std::chrono::nanoseconds ping_interval);

}  // namespace omnibroker::plugins::nucleus
