#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

enum class Processing { ByProgram, AtOnce };

OmniClientRequestId live_read(char const* url, std::uint64_t have_object, std::uint64_t have_sequence,
                              Processing processing, void* user_data, OmniClientLiveReadCallback callback) {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto target = engine->target(url);
  const auto tell = [=](const LiveUpdate& update) {
    if (callback == nullptr) return;
    Content none;
    auto& content = update.content ? *update.content : none;
    callback(user_data, update.result, update.object_id, update.sequence, content.raw());
  };
  const auto fail = [tell] { tell({eOmniClientResult_ErrorConnection, 0, 0, 0, nullptr}); };
  return start_stream(engine, fail, [=](const Stream& stream) {
    Live& live = stream.engine->live();
    const auto open = live.open(target.text);
    stream.request->operation->on_cancel([&live, request = std::weak_ptr(stream.request)] {
      if (const auto stopped = request.lock()) live.forget(*stopped);
    });
    const auto caught_up = std::make_shared<bool>(false);  // Whether the history is through; on the loop's thread.
    const auto arrived = [=, &live](const LiveUpdate& update) {
      (void)open;
      auto call = [tell, update] { tell(update); };
      if (!is_ok(update.result)) return stream.last(std::move(call));
      stream.engine->registrations().file_status(target.text, eOmniClientFileStatus_LiveUpdateReceived, 100);
      if (!*caught_up || processing == Processing::AtOnce) {
        live.received(target.text, update);
        stream.more(std::move(call));
      } else if (!live.arrived(stream.request, target.text, update, std::move(call))) {
        stream.last([tell] { tell({eOmniClientResult_Error, 0, 0, 0, nullptr}); });
        stream.request->operation->cancel();
      }
      if (update.result == eOmniClientResult_OkLatest) *caught_up = true;
    };
    LiveObjects* const objects = target.provider == nullptr ? nullptr : target.provider->live_objects();
    if (objects == nullptr) {
      const auto problem = target.provider == nullptr ? target.problem : eOmniClientResult_ErrorNotSupported;
      return arrived({problem, 0, 0, 0, nullptr});
    }
    objects->live_read(stream.request->operation, target.url, have_object, have_sequence, arrived);
  });
}

OmniClientRequestId live_update(char const* url, std::uint64_t object, OmniClientContent* raw_content, void* user_data,
                                OmniClientLiveUpdateCallback callback) {
  const auto content = take_content(raw_content);
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto target_text = engine->target(url).text;
  Live& live = engine->live();
  const auto announce = [=, &live](const LiveReply& reply) {
    live.announce(eOmniClientLiveUpdateType_Local, reply.result, target_text, reply.object_id, reply.sequence, 0);
  };
  const auto answer = [=, &live](LiveReply& reply) {
    if (reply.passing) announce(reply);  // It has been repeated for long enough.
    if (callback != nullptr) callback(user_data, reply.result, reply.sequence, reply.request_id);
    live.confirmed(reply.request_id);
  };
  auto* const running = engine.get();
  const auto id =
      start<LiveReply>(engine, url, answer, [=](const Target& target, OperationPtr operation, Done<LiveReply> done) {
        LiveObjects* const objects = target.provider->live_objects();
        if (objects == nullptr) return done(failed<LiveReply>(eOmniClientResult_ErrorNotSupported));
        if (!content) return done(failed<LiveReply>(eOmniClientResult_Error));
        show_status(*running, target.text, eOmniClientFileStatus_LiveUpdateSending, operation);
        objects->live_update(operation, target.url, object, content, [=](LiveReply reply) {
          if (!reply.passing) announce(reply);
          done(std::move(reply));
        });
      });
  if (id != kInvalidRequestId) live.sent(id);
  return id;
}

}  // namespace

void omniClientLiveProcess() noexcept {
  if (const auto engine = Engine::get()) engine->live().process();
}

void omniClientLiveProcessUpTo(char const* url, uint64_t serverTime) noexcept {
  if (const auto engine = Engine::get()) engine->live().process_up_to(engine->target(url).text, serverTime);
}

uint64_t omniClientLiveGetLatestServerTime(char const* url) noexcept {
  const auto engine = Engine::get();
  return engine ? engine->live().latest(engine->target(url).text) : 0;
}

void omniClientLiveWaitForPendingUpdates() noexcept {
  if (const auto engine = Engine::get()) engine->live().wait_for_pending();
}

void omniClientLiveConfigureJitterReduction(uint32_t constMs, uint32_t multiple, uint32_t maxMs) noexcept {
  const auto engine = Engine::get();
  if (!engine) return;
  engine->live().configure({std::chrono::milliseconds(constMs), multiple, std::chrono::milliseconds(maxMs)});
}

OmniClientRequestId omniClientLiveRead(char const* url, uint64_t haveObjectId, uint64_t haveSequenceNum, void* userData,
                                       OmniClientLiveReadCallback callback) noexcept {
  return live_read(url, haveObjectId, haveSequenceNum, Processing::ByProgram, userData, callback);
}

OmniClientRequestId omniClientLiveRead2(char const* url, uint64_t haveObjectId, uint64_t haveSequenceNum,
                                        void* userData, OmniClientLiveReadCallback callback) noexcept {
  return live_read(url, haveObjectId, haveSequenceNum, Processing::AtOnce, userData, callback);
}

OmniClientRequestId omniClientLiveCreate(char const* url, OmniClientContent* content, void* userData,
                                         OmniClientLiveCreateCallback callback) noexcept {
  const auto taken = take_content(content);
  Answer<LiveReply> answer;
  if (callback != nullptr) {
    answer = [=](LiveReply& reply) { callback(userData, reply.result, reply.object_id, reply.sequence); };
  }
  return start<LiveReply>(Engine::get(), url, std::move(answer),
                          [taken](const Target& target, OperationPtr operation, Done<LiveReply> done) {
                            LiveObjects* const objects = target.provider->live_objects();
                            if (objects == nullptr) return done(failed<LiveReply>(eOmniClientResult_ErrorNotSupported));
                            if (!taken) return done(failed<LiveReply>(eOmniClientResult_Error));
                            objects->live_create(std::move(operation), target.url, taken, std::move(done));
                          });
}

OmniClientRequestId omniClientLiveUpdate(char const* url, uint64_t objectId, OmniClientContent* content, void* userData,
                                         OmniClientLiveUpdateCallback callback) noexcept {
  return live_update(url, objectId, content, userData, callback);
}

OmniClientRequestId omniClientLiveUpdate2(char const* url, uint64_t objectId, OmniClientContent* content,
                                          void* userData, OmniClientLiveUpdateCallback callback) noexcept {
  return live_update(url, objectId, content, userData, callback);
}
