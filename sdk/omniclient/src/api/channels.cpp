#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

OmniClientRequestId omniClientJoinChannel(char const* url, void* userData,
                                          OmniClientJoinChannelCallback callback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto target = engine->target(url);
  const auto tell = [=](const ChannelMessage& message) {
    if (callback == nullptr) return;
    Content none;
    auto& content = message.content ? *message.content : none;
    callback(userData, message.result, message.event, message.from.c_str(), content.raw());
  };
  const auto fail = [tell] { tell({eOmniClientResult_ErrorConnection, eOmniClientChannelEvent_Error, "", nullptr}); };
  return start_stream(engine, fail, [=](const Stream& stream) {
    const auto post = [stream, tell](ChannelMessage message) {
      const bool last = !is_ok(message.result) || message.event == eOmniClientChannelEvent_Error ||
                        message.event == eOmniClientChannelEvent_Deleted;
      auto call = [tell, message = std::move(message)] { tell(message); };
      if (last) {
        stream.last(std::move(call));
      } else {
        stream.more(std::move(call));
      }
    };
    Channels* const channels = target.provider == nullptr ? nullptr : target.provider->channels();
    if (channels == nullptr) {
      const auto problem = target.provider == nullptr ? target.problem : eOmniClientResult_ErrorNotSupported;
      return post({problem, eOmniClientChannelEvent_Error, "", nullptr});
    }
    stream.request->channels = channels;
    channels->join(stream.request->operation, target.url, post);
  });
}

OmniClientRequestId omniClientSendMessage(OmniClientRequestId joinRequestId, OmniClientContent* content, void* userData,
                                          OmniClientSendMessageCallback callback) noexcept {
  const auto taken = take_content(content);
  const auto engine = Engine::get();
  if (!engine || joinRequestId == kInvalidRequestId) return kInvalidRequestId;
  const auto join = engine->calls().find(joinRequestId);
  if (!join || !engine->calls().is_answered(join)) return kInvalidRequestId;
  return start<Reply>(engine, plain_answer(userData, callback),
                      [taken, join](OperationPtr operation, Done<Reply> done) {
                        if (!taken) return done({eOmniClientResult_Error});  // Not enough memory.
                        auto* const channels = join->channels;
                        if (channels == nullptr)
                          return done({eOmniClientResult_ErrorBadRequest});  // No channel was joined by it.
                        channels->send(std::move(operation), join->operation, taken, std::move(done));
                      });
}
