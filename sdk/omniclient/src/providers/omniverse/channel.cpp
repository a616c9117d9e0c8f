#include "providers/omniverse/channel.hpp"

#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/service.hpp"

#include <nlohmann/json.hpp>
#include <nucleus/channel_frames.hpp>
#include <utility>

namespace omniclient::omniverse {
namespace frames = omnibroker::nucleus::channel;
using Json = nlohmann::json;

namespace {

OmniClientChannelEvent event_of(frames::Event event) {
  switch (event) {
    case frames::Event::Message: return eOmniClientChannelEvent_Message;
    case frames::Event::Hello: return eOmniClientChannelEvent_Hello;
    case frames::Event::Join: return eOmniClientChannelEvent_Join;
    case frames::Event::Left: return eOmniClientChannelEvent_Left;
    case frames::Event::Deleted: return eOmniClientChannelEvent_Deleted;
  }
  return eOmniClientChannelEvent_Error;
}

}  // namespace

Channel::Channel(SessionPtr session, OperationPtr operation, std::string path, Tell tell)
    : session_(std::move(session)), operation_(std::move(operation)), path_(std::move(path)), tell_(std::move(tell)) {}

std::shared_ptr<Channel> Channel::join(SessionPtr session, const OperationPtr& operation, std::string path, Tell tell) {
  std::shared_ptr<Channel> channel(new Channel(std::move(session), operation, std::move(path), std::move(tell)));
  operation->on_cancel([weak = std::weak_ptr(channel), &loop = channel->session_->loop()] {
    loop.post([weak] {
      const auto self = weak.lock();
      if (!self || std::exchange(self->left_, true)) return;
      self->session_->drop(self->id_);
    });
  });
  channel->create();
  return channel;
}

void Channel::create() {
  entered_ = joined_ = false;
  known_.clear();
  // One that is there already is fine.
  session_->call(make_patient_call(operation_, "create", {{"uri", path_}, {"type", 3}}),
                 [self = shared_from_this()](const Answer& answer) {
                   if (self->left_) return;
                   auto result = result_of(answer);
                   if (result == eOmniClientResult_ErrorAlreadyExists) result = eOmniClientResult_ErrorWrongType;
                   if (result != kOk) return self->end(result, eOmniClientChannelEvent_Error);
                   self->enter();
                 });
}

void Channel::enter() {
  auto call = make_call(operation_, "read", {{"uri", path_}});
  call.kind = Call::Kind::Stream;
  id_ = session_->call(std::move(call), [self = shared_from_this()](const Answer& answer) { self->heard(answer); });
}

void Channel::heard(const Answer& answer) {
  if (left_) return;
  if (answer.fate == Answer::Fate::Gone) return end(eOmniClientResult_ErrorConnection, eOmniClientChannelEvent_Error);
  if (answer.fate == Answer::Fate::Interrupted) return create();
  if (answer.last) {
    if (answer.status == wire::Status::NotExist) return end(kOk, eOmniClientChannelEvent_Deleted);
    return end(result_of(answer.status), eOmniClientChannelEvent_Error);
  }
  if (std::exchange(entered_, true)) return take(answer.blob);
  say(operation_, static_cast<std::uint8_t>(frames::Event::Join), {},
      [self = shared_from_this()](OmniClientResult result) {
        // What was lost on the way is said again by the next `create`.
        if (result != kOk && result != eOmniClientResult_ErrorConnection)
          self->end(result, eOmniClientChannelEvent_Error);
      });
}

void Channel::take(std::string_view payload) {
  const auto frame = frames::read(payload);
  const auto tell = [this](OmniClientChannelEvent event, std::string_view from, std::string_view content) {
    tell_({kOk, event, std::string(from), std::make_shared<Content>(Content::copy(content))});
  };
  if (!frame) {  // Of somebody who has another framing, or none.
    if (joined_) tell(eOmniClientChannelEvent_Message, {}, payload);
    return;
  }
  const std::string from(frame->sender);
  const bool own = from == session_->welcome().connection_id;
  if (own && frame->event == frames::Event::Join) joined_ = true;
  if (!joined_) return;
  if (frame->event == frames::Event::Deleted) return end(kOk, eOmniClientChannelEvent_Deleted);
  if (frame->event == frames::Event::Hello && (own || !known_.insert(from).second)) return;
  if (frame->event == frames::Event::Left) known_.erase(from);
  tell(event_of(frame->event), from, frame->content);
  if (own || frame->event != frames::Event::Join || left_) return;
  known_.insert(from);
  say(operation_, static_cast<std::uint8_t>(frames::Event::Hello), {}, [](OmniClientResult) {});
}

void Channel::say(const OperationPtr& operation, std::uint8_t event, std::string_view content,
                  std::function<void(OmniClientResult)> done) {
  auto call = make_patient_call(operation, "update", {{"uri", path_}}, Call::Repeat::Never);
  call.blob = std::make_shared<Content>(
      Content::copy(frames::write({static_cast<frames::Event>(event), session_->welcome().connection_id, content})));
  session_->call(std::move(call), [done = std::move(done)](const Answer& answer) { done(result_of(answer)); });
}

void Channel::send(const OperationPtr& operation, const SharedContent& content, Done<Reply> done) {
  if (!joined_ || left_ || !session_->connected()) return done({eOmniClientResult_ErrorConnection});
  say(operation, static_cast<std::uint8_t>(frames::Event::Message), content->view(),
      [done = std::move(done)](OmniClientResult result) {
        // Sent by a later connection than the one that it says.
        if (result == eOmniClientResult_ErrorBadRequest) result = eOmniClientResult_ErrorConnection;
        done({result});
      });
}

void Channel::end(OmniClientResult result, OmniClientChannelEvent event) {
  if (std::exchange(left_, true)) return;
  session_->drop(id_);
  tell_({result, event, "", nullptr});
}

}  // namespace omniclient::omniverse
