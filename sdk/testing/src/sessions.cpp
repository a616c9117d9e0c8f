#include "state.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include <omnibroker/testing/component_under_test.hpp>

namespace omnibroker::testing::detail {
namespace {

/// Looks like a UUID of version 4, and says which session it is.
std::string client_id_of(omnibroker_session number) {
  char id[37];
  std::snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012llx", static_cast<unsigned long long>(number));
  return id;
}

omnibroker_session open_session(omnibroker_connection* raw, std::uint32_t mode, omnibroker_text key,
                                const omnibroker_sink* client_id, const omnibroker_sink* error) {
  auto& connection = ConnectionState::of(raw);
  auto& host = connection.host;
  std::string made, refusal;
  omnibroker_session number = 0;
  {
    const std::lock_guard lock(host.mutex);
    if (!connection.live) {
      host.violations.push_back("a session was opened on a connection after its request was over");
      return 0;
    }
    refusal = host.session_refusal;
    if (refusal.empty()) {
      number = host.next_session++;
      made = client_id_of(number);
      const bool detached = mode == OMNIBROKER_SESSION_DETACHED;
      auto* receiver = detached ? nullptr : &connection;
      host.sessions[number] = {made, std::string(view(key)), detached, &connection, receiver};
      connection.opened_session = number;
      if (!detached) connection.session = number;
    }
  }
  if (number == 0) {
    Sink(error).append(refusal);
  } else {
    Sink(client_id).append(made);
  }
  return number;
}

omnibroker_session find_session(const omnibroker_host* host, omnibroker_text key) {
  auto& state = HostState::of(host);
  const std::lock_guard lock(state.mutex);
  for (const auto& [number, session] : state.sessions) {
    if (session.detached && session.key == view(key)) return number;
  }
  return 0;
}

void close_session(const omnibroker_host* host, omnibroker_session number) {
  auto& state = HostState::of(host);
  ConnectionState* receiver = nullptr;
  {
    const std::lock_guard lock(state.mutex);
    const auto found = state.sessions.find(number);
    if (found == state.sessions.end()) return;
    if (!found->second.detached) {
      state.violations.push_back("close was called for a session that ends with its connection");
      return;
    }
    receiver = found->second.receiver;
    state.sessions.erase(found);
  }
  if (receiver == nullptr) return;
  const Turn turn;
  Turn::afterwards([receiver] { receiver->self->shutdown(ShutdownReason::GoingAway, "the session has ended"); });
}

/// Sends the router's direct answer the way the correlation asks for.
void answer(ConnectionState& connection, const Submitted& message, const RouterAnswer& answer) {
  if (message.correlation != 0) {
    if (!answer.later) {
      connection.self->reply(message.correlation, answer.payload.value_or(""), answer.refused ? answer.code : "");
    }
    return;
  }
  if (!answer.payload) return;
  ConnectionState* receiver = nullptr;
  {
    const std::lock_guard lock(connection.host.mutex);
    const auto found = connection.host.sessions.find(message.session);
    if (found != connection.host.sessions.end()) receiver = found->second.receiver;
  }
  if (receiver == nullptr) return;
  receiver->out += receiver->component->encode(*answer.payload, OMNIBROKER_TEXT_PAYLOAD, receiver->variant);
}

omnibroker_status submit(omnibroker_connection* raw, omnibroker_session session, omnibroker_encoding encoding,
                         std::uint8_t* payload, std::size_t size, std::uint64_t correlation) {
  auto& connection = ConnectionState::of(raw);
  auto& host = connection.host;
  Submitted message;
  message.connection = connection.self;
  message.session = session != 0 ? session : connection.opened_session;
  message.encoding = static_cast<Encoding>(encoding);
  message.payload.assign(reinterpret_cast<const char*>(payload), size);
  message.correlation = correlation;
  message.in_place = connection.presented != nullptr && payload >= connection.presented &&
                     payload + size <= connection.presented + connection.presented_size;
  std::function<RouterAnswer(const Submitted&)> router;
  {
    const std::lock_guard lock(host.mutex);
    if (!connection.live || connection.ending != Ending::None) {
      host.violations.push_back("submit was called on a connection that had been ended");
    }
    if (!host.sessions.contains(message.session)) return OMNIBROKER_NOT_FOUND;
    host.submitted.push_back(message);
    router = host.router;
  }
  if (size != 0) std::memset(payload, '#', size);  // the broker may change it, so nobody may count on it

  const RouterAnswer decision = router ? router(message) : RouterAnswer{};
  if (decision.status == OMNIBROKER_OK) answer(connection, message, decision);
  return decision.status;
}

constexpr omnibroker_host_session_v1 kSessions{sizeof(omnibroker_host_session_v1),
                                               open_session,
                                               find_session,
                                               close_session,
                                               submit,
                                               [](omnibroker_connection* raw, omnibroker_text subprotocol) {
                                                 ConnectionState::of(raw).agreed = view(subprotocol);
                                               }};

constexpr omnibroker_host_clients_v1 kClients{sizeof(omnibroker_host_clients_v1),
                                              [](const omnibroker_host* host) -> std::uint64_t {
                                                auto& state = HostState::of(host);
                                                const std::lock_guard lock(state.mutex);
                                                return state.sessions.size();
                                              },
                                              [](const omnibroker_host* host) {
                                                auto& state = HostState::of(host);
                                                const std::lock_guard lock(state.mutex);
                                                std::uint64_t registered = 0;
                                                for (const auto& [role, count] : state.role_counts) registered += count;
                                                return registered;
                                              },
                                              [](const omnibroker_host* host, omnibroker_text role) -> std::uint64_t {
                                                auto& state = HostState::of(host);
                                                const std::lock_guard lock(state.mutex);
                                                const auto found = state.role_counts.find(view(role));
                                                return found == state.role_counts.end() ? 0 : found->second;
                                              }};

}  // namespace

const void* session_table() { return &kSessions; }
const void* clients_table() { return &kClients; }

}  // namespace omnibroker::testing::detail
