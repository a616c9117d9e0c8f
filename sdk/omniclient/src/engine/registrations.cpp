#include "engine/registrations.hpp"

#include <atomic>

namespace omniclient {
namespace {

std::atomic<std::uint32_t> last_registration{0};

}  // namespace

std::uint32_t Registrations::add(Event event, void* user_data, Registration::Function function) {
  if (function == nullptr) return 0;
  const auto handle = ++last_registration;
  auto registration = std::make_shared<Registration>(event, user_data, function);
  std::lock_guard lock(mutex_);
  registrations_.emplace(handle, registration);
  if (event == Event::ConnectionStatus) {
    for (const auto& [server, status] : connections_) post_connection(registration, server, status);
  }
  return handle;
}

void Registrations::set(Event event, void* user_data, Registration::Function function) {
  std::vector<std::uint32_t> previous;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [handle, registration] : registrations_) {
      if (registration->event == event) previous.push_back(handle);
    }
  }
  for (const auto handle : previous) remove(handle);
  add(event, user_data, function);
}

void Registrations::remove(std::uint32_t handle) {
  RegistrationPtr registration;
  {
    std::lock_guard lock(mutex_);
    const auto found = registrations_.find(handle);
    if (found == registrations_.end()) return;
    registration = found->second;
  }
  calls_.close(registration);
  std::lock_guard lock(mutex_);
  registrations_.erase(handle);
}

std::vector<RegistrationPtr> Registrations::of(Event event) const {
  std::vector<RegistrationPtr> found;
  std::lock_guard lock(mutex_);
  for (const auto& [handle, registration] : registrations_) {
    if (registration->event == event) found.push_back(registration);
  }
  return found;
}

void Registrations::post_connection(const RegistrationPtr& registration, const std::string& server,
                                    OmniClientConnectionStatus status) {
  calls_.post(registration, [registration, server, status] {
    registration->as<OmniClientConnectionStatusCallback>()(registration->user_data, server.c_str(), status);
  });
}

void Registrations::connection_status(const std::string& server, OmniClientConnectionStatus status) {
  std::lock_guard lock(mutex_);  // Held while posting, so that a new callback gets the statuses in their order.
  // What has ended or could not begin is no connection that a new callback would have to know.
  if (status == eOmniClientConnectionStatus_Connecting || status == eOmniClientConnectionStatus_Connected) {
    connections_[server] = status;
  } else {
    connections_.erase(server);
  }
  for (const auto& [handle, registration] : registrations_) {
    if (registration->event == Event::ConnectionStatus) post_connection(registration, server, status);
  }
}

void Registrations::file_status(const std::string& url, OmniClientFileStatus status, int percentage) {
  for (const auto& registration : of(Event::FileStatus)) {
    calls_.post(registration, [registration, url, status, percentage] {
      registration->as<OmniClientFileStatusCallback>()(registration->user_data, url.c_str(), status, percentage);
    });
  }
}

}  // namespace omniclient
