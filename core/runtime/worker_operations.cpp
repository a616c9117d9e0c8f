// The part of a worker that answers people who look after the broker.

#include "runtime/endpoint.hpp"
#include "runtime/shared.hpp"
#include "runtime/worker.hpp"

#include <algorithm>

namespace omnibroker::core {

std::vector<SessionInfo> Worker::describe_sessions() const {
  std::vector<SessionInfo> all;
  all.reserve(sessions_.size());
  for (const auto& [number, session] : sessions_) {
    SessionInfo info;
    info.client_id = session->client_id.text();
    if (session->role >= 0) info.role = pipeline_->routes.roles()[static_cast<std::size_t>(session->role)].name;
    if (session->endpoint != nullptr) {
      info.component = session->endpoint->name;
      info.generation = session->endpoint->generation;
    }
    if (session->receiver != nullptr) info.peer = session->receiver->peer().name;
    info.worker = index_;
    info.pending = session->cursor.pending() + (session->behind ? session->behind->cursor.pending() : 0);
    info.dropped = session->dropped;
    info.catching_up = session->walking();
    info.age = std::chrono::duration_cast<std::chrono::seconds>(now_ - session->opened);
    all.push_back(std::move(info));
  }
  return all;
}

bool Worker::kick(std::string_view client_id) {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& entry) { return entry.second->client_id.text() == client_id; });
  if (found == sessions_.end()) return false;
  auto& session = *found->second;
  if (session.receiver == nullptr) {
    close_session(session);
  } else {
    session.receiver->shut_down(OMNIBROKER_SHUTDOWN_KICKED, "Ended by the operator");
  }
  return true;
}

}  // namespace omnibroker::core
