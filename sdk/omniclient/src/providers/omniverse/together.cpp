// Channels and live objects.
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/channel.hpp"
#include "providers/omniverse/http.hpp"
#include "providers/omniverse/large.hpp"
#include "providers/omniverse/service.hpp"

#include <cmath>
#include <deque>
#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;

/// Everything that is added to a live object, from where the reader is. A large update is fetched by HTTP, and those
/// behind it wait for it.
class LiveRead : public std::enable_shared_from_this<LiveRead> {
 public:
  LiveRead(HttpClient& http, SessionPtr session, OperationPtr operation, std::string path, std::uint64_t object,
           std::uint64_t sequence, std::function<void(LiveUpdate)> tell)
      : http_(http),
        session_(std::move(session)),
        operation_(std::move(operation)),
        path_(std::move(path)),
        tell_(std::move(tell)),
        object_(object),
        sequence_(sequence) {}

  void begin() {
    operation_->on_cancel([weak = weak_from_this(), &loop = session_->loop()] {
      loop.post([weak] {
        if (const auto self = weak.lock()) self->session_->drop(self->id_);
      });
    });
    read();
  }

 private:
  void read() {
    Json params = {{"path", {{"path", path_}}}, {"object_id", object_}, {"sequence", sequence_}};
    auto call = make_call(operation_, "subscribe_read_object", params);
    call.kind = Call::Kind::Stream;
    id_ = session_->call(std::move(call), [self = shared_from_this()](const Answer& answer) { self->heard(answer); });
  }

  void heard(const Answer& answer) {
    if (answer.fate == Answer::Fate::Interrupted) {
      again_ = true;
      return read();
    }
    if (answer.fate == Answer::Fate::Gone || answer.last) {
      return arrived({{result_of(answer), object_, 0, 0, nullptr}, {}});
    }
    LiveUpdate update;
    const bool head = answer.status == wire::Status::Latest;
    update.object_id = wire::number_of(answer.fields, "object_id");
    update.sequence = wire::number_of(answer.fields, "sequence");
    if (const auto time = answer.fields.find("modified_timestamp"); time != answer.fields.end() && time->is_number()) {
      update.server_time_us = static_cast<std::uint64_t>(std::llround(std::max(0.0, time->get<double>()) * 1e6));
    }
    // Numbers may come out of order, so one is told again only where what was known at an interruption comes again.
    const bool another = update.object_id != object_;
    const bool news = another || !again_ || update.sequence > sequence_;
    sequence_ = another ? update.sequence : std::max(sequence_, update.sequence);
    object_ = update.object_id;
    if (head) again_ = false;
    const bool first_head = head && !latest_;
    latest_ = latest_ || head;
    if (!news && !first_head) return;  // Behind an interruption: still the same.
    if (first_head) update.result = eOmniClientResult_OkLatest;
    Remote remote{wire::text_of(answer.fields, "uri_redirection"), wire::number_of(answer.fields, "size"), {}};
    if (remote.url.empty()) update.content = std::make_shared<Content>(Content::copy(answer.blob));
    arrived({std::move(update), std::move(remote)});
  }

  /// An update, or the end; its content is there, or where `remote` says.
  struct Arrived {
    LiveUpdate update;
    Remote remote;
  };

  void arrived(Arrived one) {
    waiting_.push_back(std::move(one));
    if (!fetching_) go_on();
  }

  void go_on() {
    while (!waiting_.empty()) {
      auto one = std::move(waiting_.front());
      waiting_.pop_front();
      if (one.remote.url.empty()) {
        tell_(std::move(one.update));
        continue;
      }
      fetching_ = true;
      return download(http_, session_, operation_, std::move(one.remote),
                      [self = shared_from_this(), update = std::move(one.update)](
                          Fetched fetched, OmniClientResult result, const SharedContent& content) mutable {
                        self->fetched(std::move(update), fetched, result, content);
                      });
    }
  }

  void fetched(LiveUpdate update, Fetched fetched, OmniClientResult result, const SharedContent& content) {
    fetching_ = false;
    if (fetched == Fetched::Ok) {
      update.content = content;
      tell_(std::move(update));
    } else if (fetched == Fetched::Changed) {  // Its history has gone, and what stands for it comes.
      if (update.result == eOmniClientResult_OkLatest) latest_ = false;
    } else {
      waiting_.clear();
      session_->drop(id_);
      return tell_({result, object_, 0, 0, nullptr});
    }
    go_on();
  }

  HttpClient& http_;
  const SessionPtr session_;
  const OperationPtr operation_;
  const std::string path_;
  const std::function<void(LiveUpdate)> tell_;
  std::uint64_t object_;
  std::uint64_t sequence_;
  std::uint64_t id_ = 0;
  bool again_ = false;   ///< Behind an interruption, until the newest has come.
  bool latest_ = false;  ///< It has been told that this is the newest.
  std::deque<Arrived> waiting_;
  bool fetching_ = false;
};

LiveReply live_reply(const Answer& answer) {
  auto reply = reply_of<LiveReply>(answer);
  if (reply.result != kOk) return reply;
  reply.object_id = wire::number_of(answer.fields, "object_id");
  reply.sequence = wire::number_of(answer.fields, "sequence");
  return reply;
}

}  // namespace

void Service::join(OperationPtr operation, const Url& url, std::function<void(ChannelMessage)> tell) {
  for (auto at = channels_.begin(); at != channels_.end();) {
    at = at->second->left() ? channels_.erase(at) : std::next(at);
  }
  // The first one is there because of this.
  const auto told = [weak = std::weak_ptr(lists_), path = path_of(url),
                     tell = std::move(tell)](ChannelMessage message) {
    const auto lists = weak.lock();
    if (lists && message.event != eOmniClientChannelEvent_Message) lists->changed(path, ListCache::Reach::Item);
    tell(std::move(message));
  };
  channels_[operation.get()] = Channel::join(session(url), operation, path_of(url), told);
}

void Service::send(OperationPtr operation, const OperationPtr& membership, SharedContent content, Done<Reply> done) {
  const auto found = channels_.find(membership.get());
  if (found == channels_.end()) return done({eOmniClientResult_ErrorConnection});
  found->second->send(operation, content, std::move(done));
}

void Service::live_read(OperationPtr operation, const Url& url, std::uint64_t have_object, std::uint64_t have_sequence,
                        std::function<void(LiveUpdate)> tell) {
  std::make_shared<LiveRead>(*http_, session(url), std::move(operation), path_of(url), have_object, have_sequence,
                             std::move(tell))
      ->begin();
}

void Service::live_create(OperationPtr operation, const Url& url, SharedContent content, Done<LiveReply> done) {
  done = changing(url, ListCache::Reach::Item, std::move(done));
  auto call = make_call(operation, "create_object", {{"path", {{"path", path_of(url)}}}}, Call::Repeat::Never);
  call.blob = std::move(content);
  session(url)->call(std::move(call), [done = std::move(done)](const Answer& answer) { done(live_reply(answer)); });
}

void Service::live_update(OperationPtr operation, const Url& url, std::uint64_t object, SharedContent content,
                          Done<LiveReply> done) {
  done = changing(url, ListCache::Reach::Item, std::move(done));
  const auto session = this->session(url);
  const Json params = {{"path", {{"path", path_of(url)}}}, {"object_id", object}};
  auto call = make_call(operation, "update_object", params, Call::Repeat::Never);
  call.blob = std::move(content);
  session->call(std::move(call), [=](const Answer& answer) {
    if (answer.status != wire::Status::NotObject) {
      auto reply = live_reply(answer);
      reply.object_id = object;
      return done(reply);
    }
    // Either no live object, or another one than is meant.
    session->call(make_patient_call(operation, "stat2", {{"path", path_of(url)}}), [done](const Answer& there) {
      const bool object_there =
          result_of(there) == kOk && wire::entry_of(there.fields).type == wire::PathType::OmniObject;
      done(failed<LiveReply>(object_there ? eOmniClientResult_ErrorNotFound : eOmniClientResult_ErrorWrongType));
    });
  });
}

}  // namespace omniclient::omniverse
