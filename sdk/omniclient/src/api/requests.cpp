// Waiting, stopping, and who is told about what.
#include "api/start.hpp"

#include <cstdlib>

using namespace omniclient;  // NOLINT: every function of this file is an entry point

namespace {

template <class Callback>
std::uint32_t register_for(Event event, void* user_data, Callback callback) {
  const auto engine = Engine::get();
  if (!engine) return 0;
  return engine->registrations().add(event, user_data, reinterpret_cast<Registration::Function>(callback));
}

}  // namespace

void omniClientStop(OmniClientRequestId id) noexcept {
  if (id == kInvalidRequestId) return;
  if (const auto engine = Engine::get_until_stopped()) engine->calls().stop(id);
}

void omniClientWait(OmniClientRequestId id) noexcept {
  if (id == kInvalidRequestId) return;
  if (const auto engine = Engine::get_until_stopped()) engine->calls().wait(id, std::nullopt);
}

bool omniClientWaitFor(OmniClientRequestId id, uint64_t milliseconds) noexcept {
  const auto engine = id == kInvalidRequestId ? nullptr : Engine::get_until_stopped();
  if (!engine) return true;
  constexpr std::uint64_t kMost = std::uint64_t{1000} * 60 * 60 * 24 * 365;
  return engine->calls().wait(id, std::chrono::milliseconds(std::min(milliseconds, kMost)));
}

void omniClientSetAlias(char const* src, char const* dst) noexcept {
  const auto engine = Engine::get();
  if (!engine || src == nullptr) return;
  engine->aliases().set(src, dst == nullptr ? std::nullopt : std::optional<std::string>(dst));
}

OmniIDLCPPInitializerReactor* omniClientGetReactor() noexcept { return nullptr; }

void omniClientFreeStringList(char const** strings) noexcept { std::free(strings); }

uint32_t omniClientRegisterConnectionStatusCallback(void* userData,
                                                    OmniClientConnectionStatusCallback callback) noexcept {
  return register_for(Event::ConnectionStatus, userData, callback);
}

uint32_t omniClientRegisterFileStatusCallback(void* userData, OmniClientFileStatusCallback callback) noexcept {
  return register_for(Event::FileStatus, userData, callback);
}

uint32_t omniClientRegisterCacheBypassStatusCallback(void* userData,
                                                     OmniClientCacheBypassStatusCallback callback) noexcept {
  return register_for(Event::CacheBypass, userData, callback);
}

OmniClientCacheBypassStatus omniClientSetCacheBypassStatus(OmniClientCacheBypassStatus status) noexcept {
  const auto engine = Engine::get();
  if (!engine) return eOmniClientCacheBypassStatus_Disabled;
  const auto before =
      engine->connecting([status](Connecting& connecting) { return std::exchange(connecting.cache_bypass, status); });
  if (before == status) return before;
  for (const auto& registration : engine->registrations().of(Event::CacheBypass)) {
    engine->calls().post(registration, [registration, status] {
      registration->as<OmniClientCacheBypassStatusCallback>()(registration->user_data, status);
    });
  }
  return before;
}

uint32_t omniClientRegisterAuthCallback(void* userData, OmniClientAuthCallback callback) noexcept {
  return register_for(Event::Authentication, userData, callback);
}

void omniClientSetAuthenticationMessageBoxCallback(void* userData,
                                                   OmniClientAuthenticationMessageBoxCallback callback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return;
  engine->registrations().set(Event::MessageBox, userData, reinterpret_cast<Registration::Function>(callback));
}

uint32_t omniClientRegisterAuthDeviceFlowCallback(void* userData, OmniClientAuthDeviceFlowCallback callback) noexcept {
  return register_for(Event::DeviceFlow, userData, callback);
}

uint32_t omniClientRegisterStorageAuthCallback(void* userData, OmniClientStorageAuthCallback callback) noexcept {
  return register_for(Event::StorageAuthentication, userData, callback);
}

uint32_t omniClientLiveRegisterQueuedCallback2(void* userData, OmniClientLiveQueuedCallback2 callback) noexcept {
  return register_for(Event::LiveQueued, userData, callback);
}

uint32_t omniClientLiveRegisterQueuedPartsCallback(void* userData,
                                                   OmniClientLiveQueuedPartsCallback callback) noexcept {
  return register_for(Event::LiveQueuedParts, userData, callback);
}

uint32_t omniClientRegisterMetricsCallback(void* userData, OmniClientMetricsCallback callback) noexcept {
  return register_for(Event::Metrics, userData, callback);
}

void omniClientLiveSetQueuedCallback(OmniClientLiveQueuedCallback callback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return;
  engine->registrations().set(Event::LiveQueuedPlain, nullptr, reinterpret_cast<Registration::Function>(callback));
}

uint32_t omniClientLiveRegisterProcessUpdatesCallback(void* userData,
                                                      OmniClientLiveProcessUpdatesCallback callback) noexcept {
  return register_for(Event::LiveProcessed, userData, callback);
}

void omniClientUnregisterCallback(uint32_t handle) noexcept {
  if (handle == 0) return;
  if (const auto engine = Engine::get_until_stopped()) engine->registrations().remove(handle);
}
