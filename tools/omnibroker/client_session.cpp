#include "client_session.hpp"

#include "messages.hpp"

#include <algorithm>
#include <csignal>
#include <poll.h>
#include <utility>

namespace omnibroker::tools {
namespace {

constexpr std::chrono::seconds kRegisterTimeout{5};
constexpr std::chrono::milliseconds kSlice{100};  // a signal between a check and a wait is seen this much later at most

volatile std::sig_atomic_t end_was_requested = 0;

}  // namespace

Result<std::unique_ptr<WebSocketClient>> connect_as(const std::string& role, const ClientTarget& target) {
  auto connected = WebSocketClient::connect(target);
  if (!connected) return connected.error();
  auto client = std::move(connected).value();
  if (auto sent = client->send(register_message(role)); !sent) return sent.error();

  const auto deadline = std::chrono::steady_clock::now() + kRegisterTimeout;
  while (std::chrono::steady_clock::now() < deadline && !end_requested()) {
    if (!client->wait(kSlice)) continue;
    auto received = client->receive();
    if (!received) return received.error();
    if (!received->has_value()) continue;
    const auto message = read_message(**received);
    if (message && message->type == "ack" && message->status == "success") return client;
    if (message && message->type == "error") {
      return Error{ErrorCode::InvalidArgument, "The broker refuses to register a " + role + ": " + message->error_code +
                                                   ": " + message->error_message};
    }
  }
  return Error{ErrorCode::Unavailable, "The broker does not answer a registration"};
}

void end_on_request() {
  struct sigaction action {};
  action.sa_handler = [](int) { end_was_requested = 1; };  // no SA_RESTART: waiting must end
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool end_requested() { return end_was_requested != 0; }

std::chrono::milliseconds Patience::next() { return std::exchange(next_, std::min(next_ * 2, kLongest)); }

void pause_for(std::chrono::milliseconds span) {
  const auto deadline = std::chrono::steady_clock::now() + span;
  while (!end_requested()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= left.zero()) return;
    ::poll(nullptr, 0, static_cast<int>(std::min(left, kSlice).count()));
  }
}

}  // namespace omnibroker::tools
