// Stat, list, and subscriptions to both.
#include "api/start.hpp"

#include <vector>

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

using StatAnswer = std::function<void(OmniClientResult, const Entry&)>;
using ListAnswer = std::function<void(OmniClientResult, const std::vector<Entry>&)>;

StatAnswer stat_answer(void* user_data, OmniClientStatCallback callback) {
  if (callback == nullptr) return nullptr;
  return [=](OmniClientResult result, const Entry& entry) {
    const auto item = raw(entry);
    callback(user_data, result, &item);
  };
}

ListAnswer list_answer(void* user_data, OmniClientListCallback callback) {
  if (callback == nullptr) return nullptr;
  return [=](OmniClientResult result, const std::vector<Entry>& entries) {
    std::vector<OmniClientListEntry> items;
    items.reserve(entries.size());
    for (const auto& entry : entries) items.push_back(raw(entry));
    callback(user_data, result, static_cast<std::uint32_t>(items.size()), items.data());
  };
}

/// What a subscription calls with each change. The two callbacks have the same shape.
OnChange on_change(const Stream& stream, void* user_data, OmniClientStatSubscribeCallback callback) {
  return [=](OmniClientResult result, OmniClientListEvent event, Entry entry) {
    std::function<void()> call;
    if (callback != nullptr) {
      call = [=, entry = std::move(entry)] {
        const auto item = raw(entry);
        callback(user_data, result, event, &item);
      };
    }
    if (is_ok(result)) {
      stream.more(std::move(call));
    } else {
      stream.last(std::move(call));
    }
  };
}

/// What a subscription calls first.
template <class R, class Call>
Done<R> first_answer(const Stream& stream, Call call) {
  return [stream, call](R reply) {
    const auto result = reply.result;
    auto made = [call, reply = std::make_shared<R>(std::move(reply))] { call(*reply); };
    if (is_ok(result)) {
      stream.more(std::move(made));
    } else {
      stream.last(std::move(made));
    }
  };
}

}  // namespace

OmniClientRequestId omniClientStat(char const* url, void* userData, OmniClientStatCallback callback) noexcept {
  return omniClientStat2(url, eOmniClientListIncludeOption_DefaultNotDeleted, userData, callback);
}

OmniClientRequestId omniClientStat2(char const* url, OmniClientListIncludeOption include, void* userData,
                                    OmniClientStatCallback callback) noexcept {
  Answer<EntryReply> answer;
  if (const auto told = stat_answer(userData, callback)) {
    answer = [told](EntryReply& reply) { told(reply.result, reply.entry); };
  }
  const auto engine = Engine::get();
  return start<EntryReply>(
      engine, url, std::move(answer),
      [engine = engine.get(), include](const Target& target, OperationPtr operation, Done<EntryReply> done) {
        show_status(*engine, target.text, eOmniClientFileStatus_Stating, operation);
        target.provider->stat(operation, target.url, include, std::move(done));
      });
}

OmniClientRequestId omniClientStatSubscribe(char const* url, void* userData, OmniClientStatCallback statCallback,
                                            OmniClientStatSubscribeCallback subscribeCallback) noexcept {
  return omniClientStatSubscribe2(url, eOmniClientListIncludeOption_DefaultNotDeleted, userData, statCallback,
                                  subscribeCallback);
}

OmniClientRequestId omniClientStatSubscribe2(char const* url, OmniClientListIncludeOption include, void* userData,
                                             OmniClientStatCallback statCallback,
                                             OmniClientStatSubscribeCallback subscribeCallback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto target = engine->target(url);
  const auto told = stat_answer(userData, statCallback);
  const auto begun = std::make_shared<bool>(false);  // On the callbacks' thread.
  const auto first = [told, begun](const EntryReply& reply) {
    *begun = true;
    if (told) told(reply.result, reply.entry);
  };
  const auto fail = [=] {
    if (!*begun) return first(failed<EntryReply>(eOmniClientResult_ErrorConnection));
    const Entry nothing;
    const auto item = raw(nothing);
    if (subscribeCallback != nullptr) {
      subscribeCallback(userData, eOmniClientResult_Error, eOmniClientListEvent_Unknown, &item);
    }
  };
  return start_stream(engine, fail, [=](const Stream& stream) {
    auto done = first_answer<EntryReply>(stream, first);
    if (target.provider == nullptr) return done(failed<EntryReply>(target.problem));
    const auto operation = stream.request->operation;
    const auto attempt = [=, change = on_change(stream, userData, subscribeCallback)](Done<EntryReply> attempted) {
      target.provider->watch(operation, target.url, include, std::move(attempted), change);
    };
    stream.engine->retries().run<EntryReply>(operation, attempt, std::move(done));
  });
}

OmniClientRequestId omniClientList(char const* url, void* userData, OmniClientListCallback callback) noexcept {
  return omniClientList2(url, eOmniClientListIncludeOption_DefaultNotDeleted, userData, callback);
}

OmniClientRequestId omniClientList2(char const* url, OmniClientListIncludeOption include, void* userData,
                                    OmniClientListCallback callback) noexcept {
  Answer<ListReply> answer;
  if (const auto told = list_answer(userData, callback)) {
    answer = [told](ListReply& reply) { told(reply.result, reply.entries); };
  }
  const auto engine = Engine::get();
  return start<ListReply>(
      engine, url, std::move(answer),
      [engine = engine.get(), include](const Target& target, OperationPtr operation, Done<ListReply> done) {
        show_status(*engine, target.text, eOmniClientFileStatus_Listing, operation);
        target.provider->list(operation, target.url, include, std::move(done));
      });
}

OmniClientRequestId omniClientListSubscribe(char const* url, void* userData, OmniClientListCallback listCallback,
                                            OmniClientListSubscribeCallback subscribeCallback) noexcept {
  return omniClientListSubscribe2(url, eOmniClientListIncludeOption_DefaultNotDeleted, userData, listCallback,
                                  subscribeCallback);
}

OmniClientRequestId omniClientListSubscribe2(char const* url, OmniClientListIncludeOption include, void* userData,
                                             OmniClientListCallback listCallback,
                                             OmniClientListSubscribeCallback subscribeCallback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto target = engine->target(url);
  const auto told = list_answer(userData, listCallback);
  const auto begun = std::make_shared<bool>(false);  // On the callbacks' thread.
  const auto first = [told, begun](const ListReply& reply) {
    *begun = true;
    if (told) told(reply.result, reply.entries);
  };
  const auto fail = [=] {
    if (!*begun) return first(failed<ListReply>(eOmniClientResult_ErrorConnection));
    const Entry nothing;
    const auto item = raw(nothing);
    if (subscribeCallback != nullptr) {
      subscribeCallback(userData, eOmniClientResult_Error, eOmniClientListEvent_Unknown, &item);
    }
  };
  return start_stream(engine, fail, [=](const Stream& stream) {
    auto done = first_answer<ListReply>(stream, first);
    if (target.provider == nullptr) return done(failed<ListReply>(target.problem));
    const auto operation = stream.request->operation;
    const auto attempt = [=, change = on_change(stream, userData, subscribeCallback)](Done<ListReply> attempted) {
      target.provider->watch_folder(operation, target.url, include, std::move(attempted), change);
    };
    stream.engine->retries().run<ListReply>(operation, attempt, std::move(done));
  });
}

void omniClientBypassListCache(bool bypass) noexcept {
  const auto engine = Engine::get();
  if (!engine) return;
  engine->connecting([bypass](Connecting& connecting) { connecting.bypass_list_cache = bypass; });
}
