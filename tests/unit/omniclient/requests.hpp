#pragma once

#include "client.hpp"

#include <functional>

namespace client {

constexpr auto kMissing = eOmniClientResult_ErrorNotFound;
constexpr auto kThere = eOmniClientResult_ErrorAlreadyExists;
constexpr auto kDenied = eOmniClientResult_ErrorAccessDenied;
constexpr auto kLocked = eOmniClientResult_ErrorLocked;
constexpr auto kWrong = eOmniClientResult_ErrorWrongType;
constexpr auto kBad = eOmniClientResult_ErrorBadRequest;
constexpr auto kLost = eOmniClientResult_ErrorConnection;

/// The result of a request whose callback is given nothing else: `start(user_data, callback)`.
template <class Start>
OmniClientResult result_of(Start start) {
  auto result = eOmniClientResult_Error;
  omniClientWait(
      start(&result, [](void* data, OmniClientResult got) noexcept { *static_cast<OmniClientResult*>(data) = got; }));
  return result;
}

/// Requests of which only the result matters; of those that go on, the first one.
OmniClientResult live_created(const std::string& url, std::uint64_t* object = nullptr);
OmniClientResult live_updated(const std::string& url, std::uint64_t object = 1);
OmniClientResult live_read(const std::string& url);
OmniClientResult joined(const std::string& url);
OmniClientResult made_of_hash(const std::string& url, const std::string& hash);
OmniClientResult obliterated(const std::string& url);
OmniClientResult acls_read(const std::string& url);
OmniClientResult acls_set(const std::string& url);

/// A request about an item.
struct ItemRequest {
  const char* function;
  std::function<OmniClientResult(const std::string& url)> send;
};

/// One of each kind.
std::vector<ItemRequest> item_requests();

}  // namespace client
