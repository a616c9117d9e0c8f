#include "providers/omniverse/feed.hpp"

#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/service.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace omniclient::omniverse {
using Json = nlohmann::json;

Feed::Feed(SessionPtr session, OperationPtr operation, std::string folder, Listener listener)
    : session_(std::move(session)),
      operation_(std::move(operation)),
      folder_(std::move(folder)),
      listener_(std::move(listener)) {}

std::shared_ptr<Feed> Feed::start(SessionPtr session, const OperationPtr& operation, std::string folder,
                                  Listener listener) {
  std::shared_ptr<Feed> feed(new Feed(std::move(session), operation, std::move(folder), std::move(listener)));
  operation->on_cancel([weak = std::weak_ptr(feed), &loop = feed->session_->loop()] {
    loop.post([weak] {
      if (const auto self = weak.lock()) self->stop();
    });
  });
  feed->subscribe(feed->folder_);
  return feed;
}

void Feed::stop() {
  if (std::exchange(stopped_, true)) return;
  session_->drop(id_);
  // Not now: it may be one of these that runs.
  session_->loop().post([listener = std::make_shared<Listener>(std::move(listener_))] {});
}

void Feed::subscribe(const std::string& path) {
  if (stopped_) return;
  begun_ = false;
  const Json params = {{"path", {{"path", path == "/" ? path : path + "/"}, {"branch", ""}}}};
  auto call = make_call(operation_, "subscribe_list", params);
  call.kind = Call::Kind::Stream;
  id_ = session_->call(std::move(call),
                       [self = shared_from_this(), path](const Answer& answer) { self->heard(path, answer); });
}

void Feed::heard(const std::string& path, const Answer& answer) {
  if (stopped_) return;
  if (answer.fate == Answer::Fate::Gone) return end(eOmniClientResult_ErrorConnection);
  if (answer.fate == Answer::Fate::Interrupted) return subscribe(folder_);
  if (answer.last) return ended(path, answer.status);
  if (!std::exchange(begun_, true)) return begun(path);
  changed(path, answer.fields);
}

void Feed::begun(const std::string& path) {
  if (path == folder_) {
    told_gone_ = false;
    return listener_.present();
  }
  // What is on the way may have come before anything was told here.
  const auto next = next_below(path);
  session_->call(make_patient_call(operation_, "stat2", {{"path", next}}),
                 [self = shared_from_this(), next, id = id_](const Answer& answer) {
                   if (self->stopped_ || id != self->id_ || result_of(answer) != eOmniClientResult_Ok) return;
                   if (wire::entry_of(answer.fields).type != wire::PathType::Folder) return;
                   self->session_->drop(id);
                   self->subscribe(next);
                 });
}

void Feed::ended(const std::string& path, wire::Status status) {
  const bool missing = status == wire::Status::NotExist || status == wire::Status::InvalidUri ||
                       status == wire::Status::InvalidParameters || status == wire::Status::NotAsset;
  if (!missing || path == "/") return end(result_of(status));
  const auto self = shared_from_this();
  if (!std::exchange(told_gone_, true)) listener_.gone();
  subscribe(folder_of(path));
}

void Feed::changed(const std::string& path, const Json& fields) {
  if (path == folder_) return listener_.changed(fields);
  if (event_of(fields) == eOmniClientListEvent_Unknown) return;
  const auto entry = fields.find("entry");
  if (entry == fields.end()) return;
  const auto next = next_below(path);
  const bool came = without_trailing_slashes(wire::text_of(*entry, "path")) == next ||
                    without_trailing_slashes(wire::text_of(*entry, "destination")) == next;
  if (!came) return;
  session_->drop(id_);
  subscribe(next);
}

void Feed::end(OmniClientResult result) {
  if (stopped_) return;
  const auto self = shared_from_this();
  const auto ended = listener_.ended;
  stop();
  ended(result);
}

std::string Feed::next_below(const std::string& path) const {
  const auto begin = path == "/" ? 1 : path.size() + 1;
  return folder_.substr(0, folder_.find('/', begin));
}

}  // namespace omniclient::omniverse
