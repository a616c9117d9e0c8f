// Caches that a hub keeps for all programs. There is no hub.
#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

OmniClientRequestId no_hub(Answer<Reply> answer) {
  return start<Reply>(Engine::get(), std::move(answer), [](const OperationPtr&, const Done<Reply>& done) {
    done({eOmniClientResult_ErrorNotSupported});
  });
}

template <class Callback, class... Nothing>
OmniClientRequestId no_hub_with(void* user_data, Callback callback, Nothing... nothing) {
  if (callback == nullptr) return no_hub(nullptr);
  return no_hub([=](Reply& reply) { callback(user_data, reply.result, nothing...); });
}

}  // namespace

OmniClientRequestId omniClientKvCacheSet(char const*, char const*, OmniClientContent* value, void* userData,
                                         OmniClientKvCacheSetCallback callback) noexcept {
  take_content(value);
  return no_hub_with(userData, callback);
}

OmniClientRequestId omniClientKvCacheGet(char const*, char const*, void* userData,
                                         OmniClientKvCacheGetCallback callback) noexcept {
  if (callback == nullptr) return no_hub(nullptr);
  return no_hub([=](Reply& reply) {
    Content none;
    callback(userData, reply.result, none.raw());
  });
}

OmniClientRequestId omniClientKvCacheStat(char const*, char const*, void* userData,
                                          OmniClientKvCacheStatCallback callback) noexcept {
  return no_hub_with(userData, callback, std::uint64_t{0});
}

OmniClientRequestId omniClientBlockCacheGetOpen(uint8_t const*, uint64_t, void* userData,
                                                OmniClientBlockCacheGetCallback callback) noexcept {
  return no_hub_with(userData, callback, std::uint32_t{0}, nullptr);
}

OmniClientRequestId omniClientBlockCacheGetClose(uint64_t const*, uint32_t, void* userData,
                                                 OmniClientBlockCacheCallback callback) noexcept {
  return no_hub_with(userData, callback);
}

OmniClientRequestId omniClientBlockCachePutOpen(OmniClientPutRequest const*, uint32_t, void* userData,
                                                OmniClientBlockCachePutCallback callback) noexcept {
  return no_hub_with(userData, callback, std::uint32_t{0}, nullptr);
}

OmniClientRequestId omniClientBlockCachePutCommit(uint64_t const*, uint32_t, void* userData,
                                                  OmniClientBlockCacheCallback callback) noexcept {
  return no_hub_with(userData, callback);
}

OmniClientRequestId omniClientBlockCachePutAbort(uint64_t const*, uint32_t, void* userData,
                                                 OmniClientBlockCacheCallback callback) noexcept {
  return no_hub_with(userData, callback);
}

OmniClientRequestId omniClientBlockCacheStat(uint8_t const*, uint64_t, void* userData,
                                             OmniClientBlockCacheStatCallback callback) noexcept {
  return no_hub_with(userData, callback, nullptr);
}
