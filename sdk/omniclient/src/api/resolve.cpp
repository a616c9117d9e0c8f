#include "api/start.hpp"
#include "engine/resolving.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

struct ResolveReply : Reply {
  Entry entry;
  std::string url;
};

std::vector<std::string> list_of(char const* const* texts, std::uint32_t count) {
  std::vector<std::string> list;
  for (std::uint32_t i = 0; texts != nullptr && i < count; ++i) list.push_back(text(texts[i]));
  return list;
}

/// A failure is the last that is told, and nothing is watched any more.
void tell(const Stream& stream, OmniClientResult result, std::function<void()> call) {
  if (is_ok(result)) return stream.more(std::move(call));
  stream.last(std::move(call));
  stream.request->operation->cancel();
}

}  // namespace

OmniClientRequestId omniClientResolve(char const* relativePath, char const* const* searchPaths, uint32_t numSearchPaths,
                                      void* userData, OmniClientResolveCallback callback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  Answer<ResolveReply> answer;
  if (callback != nullptr) {
    answer = [=](ResolveReply& reply) {
      const auto entry = raw(reply.entry);
      callback(userData, reply.result, &entry, reply.url.c_str());
    };
  }
  const auto candidates = candidates_for(*engine, text(relativePath), list_of(searchPaths, numSearchPaths));
  const auto begin = [engine = engine.get(), candidates](OperationPtr operation, Done<ResolveReply> done) {
    std::make_shared<Resolving>(engine->loop(), engine->retries(), std::move(operation), candidates)
        ->find([done = std::move(done)](Resolving::Answer found) {
          done({{found.result}, std::move(found.entry), std::move(found.url)});
        });
  };
  return start<ResolveReply>(engine, std::move(answer), begin);
}

OmniClientRequestId omniClientResolveSubscribe(char const* relativePath, char const* const* searchPaths,
                                               uint32_t numSearchPaths, void* userData,
                                               OmniClientResolveCallback resolveCallback,
                                               OmniClientResolveSubscribeCallback subscribeCallback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto first = [=](const Resolving::Answer& found) {
    if (resolveCallback == nullptr) return;
    const auto entry = raw(found.entry);
    resolveCallback(userData, found.result, &entry, found.url.c_str());
  };
  const auto fail = [first] { first({eOmniClientResult_ErrorConnection, {}, ""}); };
  const auto candidates = candidates_for(*engine, text(relativePath), list_of(searchPaths, numSearchPaths));
  return start_stream(engine, fail, [=](const Stream& stream) {
    std::make_shared<Resolving>(stream.engine->loop(), stream.engine->retries(), stream.request->operation, candidates)
        ->watch([=](const Resolving::Answer& found) { tell(stream, found.result, [=] { first(found); }); },
                [=](OmniClientListEvent event, const Resolving::Answer& found) {
                  tell(stream, found.result, [=] {
                    if (subscribeCallback == nullptr) return;
                    const auto entry = raw(found.entry);
                    subscribeCallback(userData, found.result, event, &entry, found.url.c_str());
                  });
                });
  });
}
