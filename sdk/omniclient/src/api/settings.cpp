// Bookmarks, settings, search paths, and the configuration of other stores.
#include "api/start.hpp"

#include <cstdlib>
#include <cstring>

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

void tell_bookmarks(const Bookmarks::Map& map, void* user_data, OmniClientListBookmarksCallback callback) {
  std::vector<OmniClientBookmark> bookmarks;
  for (const auto& [name, url] : map) bookmarks.push_back({name.c_str(), url.c_str()});
  callback(user_data, bookmarks.data(), bookmarks.size());
}

OmniClientRequestId refuse(Answer<Reply> answer) {
  return start<Reply>(Engine::get(), std::move(answer), [](const OperationPtr&, const Done<Reply>& done) {
    done({eOmniClientResult_ErrorNotSupported});
  });
}

}  // namespace

void omniClientAddBookmark(char const* name, char const* url) noexcept {
  const auto engine = Engine::get();
  if (engine && name != nullptr && url != nullptr) engine->bookmarks().add(name, url);
}

void omniClientRemoveBookmark(char const* name) noexcept {
  const auto engine = Engine::get();
  if (engine && name != nullptr) engine->bookmarks().remove(name);
}

OmniClientRequestId omniClientListBookmarks(void* userData, OmniClientListBookmarksCallback callback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto fail = [=] {
    if (callback != nullptr) callback(userData, nullptr, 0);
  };
  Url file;
  file.raw = true;
  file.path = engine->bookmarks().file().string();
  const auto target = engine->target(file);
  return start_stream(engine, fail, [=](const Stream& stream) {
    const auto tell = [stream, userData, callback, told = std::make_shared<std::optional<Bookmarks::Map>>()] {
      auto map = stream.engine->bookmarks().read();
      if (*told == map) return;  // The file was written, and says the same.
      *told = map;
      std::function<void()> call;
      if (callback != nullptr) call = [=, map = std::move(map)] { tell_bookmarks(map, userData, callback); };
      stream.more(std::move(call));
    };
    if (target.provider == nullptr) return tell();  // An alias has taken the place of the file.
    target.provider->watch(
        stream.request->operation, target.url, eOmniClientListIncludeOption_DefaultNotDeleted,
        [tell](const EntryReply&) { tell(); }, [tell](OmniClientResult, OmniClientListEvent, const Entry&) { tell(); });
  });
}

void omniClientConfigReload() noexcept {
  if (const auto engine = Engine::get()) engine->settings().reload();
}

char const* omniClientConfigGetString(char const* key) noexcept {
  const auto engine = Engine::get();
  const auto value = engine ? engine->settings().get(text(key)) : std::nullopt;
  return value ? strdup(value->c_str()) : nullptr;
}

void omniClientConfigFreeString(char const* string) noexcept { std::free(const_cast<char*>(string)); }

void omniClientConfigSetInt(char const* key, int64_t value) noexcept {
  const auto engine = Engine::get();
  if (engine && key != nullptr) engine->settings().set(key, value);
}

void omniClientAddDefaultSearchPath(char const* searchPath) noexcept {
  const auto engine = Engine::get();
  if (engine && searchPath != nullptr) engine->add_search_path(searchPath);
}

void omniClientRemoveDefaultSearchPath(char const* searchPath) noexcept {
  const auto engine = Engine::get();
  if (engine && searchPath != nullptr) engine->remove_search_path(searchPath);
}

uint32_t omniClientGetDefaultSearchPaths(char const** searchPaths, uint32_t max) noexcept {
  thread_local std::vector<std::string> kept;
  const auto engine = Engine::get();
  kept = engine ? engine->search_paths() : std::vector<std::string>();
  for (std::size_t i = 0; searchPaths != nullptr && i < kept.size() && i < max; ++i) searchPaths[i] = kept[i].c_str();
  return static_cast<std::uint32_t>(kept.size());
}

OmniClientResult omniClientSetHttpHeader(char const* key, char const* value) noexcept {
  const auto engine = Engine::get();
  if (!engine || key == nullptr || *key == '\0') return eOmniClientResult_ErrorBadRequest;
  // A line's end would begin another header.
  if (std::strpbrk(key, "\r\n:") != nullptr) return eOmniClientResult_ErrorBadRequest;
  if (value != nullptr && std::strpbrk(value, "\r\n") != nullptr) return eOmniClientResult_ErrorBadRequest;
  engine->connecting([&](Connecting& connecting) {
    if (value == nullptr) {
      connecting.http_headers.erase(key);
    } else {
      connecting.http_headers[key] = value;
    }
  });
  return eOmniClientResult_Ok;
}

OmniClientResult omniClientSetS3Configuration(char const*, char const*, char const*, char const*, char const*,
                                              char const*, bool, bool) noexcept {
  return eOmniClientResult_ErrorNotSupported;
}

OmniClientResult omniClientSetS3Configuration2(char const*, char const*, char const*, char const*, char const*,
                                               char const*, char const*, bool, bool) noexcept {
  return eOmniClientResult_ErrorNotSupported;
}

OmniClientResult omniClientSetAzureSASToken(char const*, char const*, char const*, bool) noexcept {
  return eOmniClientResult_ErrorNotSupported;
}

OmniClientRequestId omniClientRegisterStorageDirect(OmniClientStorageRegistrationInfo const*, void* userData,
                                                    OmniClientRegisterStorageCallback callback) noexcept {
  return refuse(plain_answer(userData, callback));
}

OmniClientRequestId omniClientRegisterStorageFromDiscovery(char const*, void* userData,
                                                           OmniClientRegisterStorageCallback callback) noexcept {
  return refuse(plain_answer(userData, callback));
}

OmniClientRequestId omniClientGetOmniHubVersion(void* userData, OmniClientGetOmniHubVersionCallback callback) noexcept {
  if (callback == nullptr) return refuse(nullptr);
  return refuse([=](Reply& reply) { callback(userData, reply.result, ""); });
}
