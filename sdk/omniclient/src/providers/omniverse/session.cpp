// What is asked, what is answered, and what is asked again. How connections come and go is in session_connect.cpp.
#include "providers/omniverse/session.hpp"

#include "engine/log.hpp"
#include "providers/omniverse/answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <nucleus/connlib.hpp>

namespace omniclient::omniverse {
namespace connlib = omnibroker::nucleus::connlib;
using Json = nlohmann::json;
using std::chrono::steady_clock;

namespace {

const Json kNothing = nullptr;

bool flag(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

bool goes_on(Call::Kind kind, wire::Status status) {
  switch (kind) {
    case Call::Kind::Once: return false;
    case Call::Kind::Pages: return status == wire::Status::Ok || status == wire::Status::PartiallyCompleted;
    case Call::Kind::Stream:
      return status == wire::Status::Ok || status == wire::Status::Latest || status == wire::Status::Idle;
  }
  return false;
}

std::string message_of(std::uint64_t id, const Call& call) {
  std::string json = "{\"command\":\"" + call.command + "\",\"id\":" + std::to_string(id);
  if (call.params.size() > 2) json += ",";
  json += call.params.substr(1);
  if (!call.blob) return json;
  return connlib::write({json, call.blob->view()});
}

}  // namespace

Session::Session(const ProviderHost& host, std::string name, std::string server, std::optional<std::string> port)
    : host_(host), name_(std::move(name)), server_(std::move(server)), port_(std::move(port)) {}

Session::~Session() = default;

std::uint64_t Session::call(Call call, OnAnswer on_answer) {
  const auto id = ++last_id_;
  auto& pending = pending_[id];
  pending.call = std::move(call);
  pending.on_answer = std::move(on_answer);
  if (state_ == State::Failed) {
    host_.loop.post([weak = weak_from_this(), id] {
      if (const auto self = weak.lock()) self->answer_gone(id);
    });
    return id;
  }
  if (pending.call.params.empty()) {
    log::warning("omniverse", {name_, ": ", pending.call.command, " was asked for with text that is no UTF-8"});
    host_.loop.post([weak = weak_from_this(), id] {
      const auto self = weak.lock();
      if (!self) return;
      self->deliver(id, {Answer::Fate::Answered, wire::Status::InvalidParameters, kNothing, {}, true}, true);
    });
    return id;
  }
  unsent_.push_back(id);
  if (state_ == State::Connected) {
    pump();
  } else if (state_ == State::Idle) {
    begin();
  }
  return id;
}

void Session::drop(std::uint64_t id) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const bool sent = found->second.sent;
  if (sent && !found->second.answered) --in_flight_;
  const bool stream = found->second.call.kind == Call::Kind::Stream;
  pending_.erase(found);
  if (sent && stream && state_ == State::Connected) {
    const Json stop = {{"command", "stop"}, {"id", ++last_id_}, {"subscription_id", id}};
    socket_->send(stop.dump(), Socket::Kind::Text);
  }
  if (sent && state_ == State::Connected) pump();
}

void Session::pump() {
  while (state_ == State::Connected && !unsent_.empty() &&
         (welcome_.max_in_flight == 0 || in_flight_ < welcome_.max_in_flight)) {
    const auto id = unsent_.front();
    unsent_.pop_front();
    const auto found = pending_.find(id);
    if (found == pending_.end() || found->second.sent) continue;
    const auto& operation = found->second.call.operation;
    if (operation && operation->cancelled()) {
      pending_.erase(found);
    } else {
      send(id, found->second);
    }
  }
}

void Session::send(std::uint64_t id, Pending& pending) {
  pending.sent = true;
  pending.answered = false;
  ++in_flight_;
  socket_->send(message_of(id, pending.call), pending.call.blob ? Socket::Kind::Binary : Socket::Kind::Text);
}

void Session::received(std::string_view message) {
  const auto parts = connlib::read(message);
  const auto fields = parsed(parts.json);
  if (!fields.is_object()) {
    const Problem problem{Problem::Kind::Lost, "the server has sent something that is no message of the API"};
    if (state_ == State::Connected) return lost(problem);
    return connect_failed(eOmniClientConnectionStatus_ServerIncompatible, problem.text, false);
  }
  const auto id = wire::number_of(fields, "id");
  if (state_ == State::Connecting) return set_up(id, fields);
  answered(id, fields, parts.blob.value_or(std::string_view()));
}

void Session::answered(std::uint64_t id, const Json& fields, std::string_view blob) {
  const auto found = pending_.find(id);
  if (found == pending_.end() || !found->second.sent) return;
  auto& pending = found->second;
  const bool first = !std::exchange(pending.answered, true);
  if (first) --in_flight_;
  const auto word = wire::text_of(fields, "status");
  const auto status = word.empty() ? wire::Status::Ok : wire::status_of(word);
  if (put_off(id, pending, status) || (first && has_made_room(id, pending, status))) return;
  const bool ends = flag(fields, "fin") || flag(fields, "stopped") || !goes_on(pending.call.kind, status);
  const auto self = shared_from_this();  // Whoever is told may let go of it.
  const auto backoff = static_cast<std::uint64_t>(welcome_.backoff.count());
  const auto wait = std::min<std::uint64_t>(wire::number_of(fields, "backoff_time_ms", backoff), 60000);
  deliver(id, {Answer::Fate::Answered, status, fields, blob, ends, static_cast<std::uint32_t>(wait)}, ends);
  pump();
}

/// Whether the server has not done what it was asked for and is asked again.
bool Session::put_off(std::uint64_t id, Pending& pending, wire::Status status) {
  const bool expired = status == wire::Status::Unauthenticated || status == wire::Status::TokenExpired;
  if (expired && !pending.renewed) {
    pending.renewed = true;
    pending.sent = false;
    unsent_.push_back(id);
    identity_.access_token.clear();
    lost({Problem::Kind::Lost, "the login is not good any more"});
    return true;
  }
  const bool patient = pending.call.patient || pending.call.kind == Call::Kind::Stream;
  if (!patient || pending.call.optional || status != wire::Status::SlowDown) return false;
  const auto now = steady_clock::now();
  if (pending.slowed == 0) pending.first_slowed = now;
  const auto wait = welcome_.backoff * std::min(++pending.slowed, 8u);
  if (now + wait - pending.first_slowed > retry_limit()) return false;
  pending.sent = false;
  pending.timer = host_.loop.after(wait, [this, id] {
    unsent_.push_back(id);
    pump();
  });
  return true;
}

/// Whether a stream that the server has no room for is asked for again, in the place of others.
bool Session::has_made_room(std::uint64_t id, Pending& pending, wire::Status status) {
  const bool wanted = pending.call.kind == Call::Kind::Stream && !pending.call.optional;
  if (!wanted || status != wire::Status::QuotaReached || !make_room_ || !make_room_()) return false;
  pending.sent = false;
  unsent_.push_back(id);
  pump();
  return true;
}

void Session::deliver(std::uint64_t id, const Answer& answer, bool ends) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  if (!ends) {
    const auto on_answer = found->second.on_answer;  // It may drop itself.
    return on_answer(answer);
  }
  const auto pending = std::move(found->second);
  pending_.erase(found);
  pending.on_answer(answer);
}

void Session::answer_gone(std::uint64_t id) {
  deliver(id, {Answer::Fate::Gone, wire::Status::ConnectionLost, kNothing, {}, true}, true);
}

void Session::answer_all_gone() {
  const auto self = shared_from_this();
  unsent_.clear();
  in_flight_ = 0;
  std::vector<std::uint64_t> ids;
  for (const auto& [id, pending] : pending_) ids.push_back(id);
  const auto waiting = std::exchange(waiting_, {});
  for (const auto id : ids) answer_gone(id);
  for (const auto& then : waiting) then(false);
}

void Session::interrupt_all() {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, pending] : pending_) {
    if (pending.sent || pending.call.optional) ids.push_back(id);
  }
  in_flight_ = 0;
  std::deque<std::uint64_t> again;
  for (const auto id : ids) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) continue;
    auto& pending = found->second;
    pending.sent = false;
    const bool told = std::exchange(pending.answered, false);
    const Answer interrupted{Answer::Fate::Interrupted, wire::Status::ConnectionLost, kNothing, {}, false};
    if (pending.call.kind == Call::Kind::Stream) {
      deliver(id, interrupted, true);
    } else if (pending.call.repeat == Call::Repeat::Never) {
      answer_gone(id);
    } else {
      again.push_back(id);
      if (told) deliver(id, interrupted, false);
    }
  }
  unsent_.insert(unsent_.begin(), again.begin(), again.end());
}

void Session::when_connected(std::function<void(bool)> then) {
  if (state_ == State::Connected || state_ == State::Failed) {
    const bool connected = state_ == State::Connected;
    return host_.loop.post([then = std::move(then), connected] { then(connected); });
  }
  waiting_.push_back(std::move(then));
  if (state_ == State::Idle) begin();
}

void Session::renew_token(std::function<void(OmniClientResult, std::string)> done) {
  when_connected([weak = weak_from_this(), done = std::move(done)](bool connected) {
    const auto self = weak.lock();
    if (!self || !connected || !self->services_) return done(eOmniClientResult_ErrorConnection, {});
    // A token that the program gave is not ours to renew.
    if (self->identity_.refresh_token.empty()) return done(eOmniClientResult_Ok, self->identity_.access_token);
    self->renewing_.push_back(done);
    if (self->renewal_) return;
    self->renewal_ = std::make_unique<Login>(
        self->host_.loop, self->services_->auth, self->connect_limit(), self->identity_.refresh_token,
        [raw = self.get()](wire::AuthStatus status, Identity identity, const Problem* problem) {
          raw->renewed(status, std::move(identity), problem);
        });
  });
}

void Session::renewed(wire::AuthStatus status, Identity identity, const Problem* problem) {
  const auto self = shared_from_this();
  auto result = eOmniClientResult_Ok;
  if (problem != nullptr) result = eOmniClientResult_ErrorConnection;
  if (problem == nullptr && status != wire::AuthStatus::Ok) result = eOmniClientResult_ErrorAccessDenied;
  if (result == eOmniClientResult_Ok) {
    identity_.access_token = identity.access_token;
    if (!identity.refresh_token.empty()) identity_.refresh_token = identity.refresh_token;
  }
  const auto token = result == eOmniClientResult_Ok ? identity_.access_token : std::string();
  const auto done = std::exchange(renewing_, {});
  renewal_.reset();
  for (const auto& one : done) one(result, token);
}

void Session::later(std::chrono::milliseconds delay, std::function<void()> function) {
  const auto id = ++last_id_;
  later_[id] = host_.loop.after(delay, [this, id, function = std::move(function)] {
    const auto self = shared_from_this();
    const auto call = function;  // It goes with its timer.
    later_.erase(id);
    call();
  });
}

void Session::tell(OmniClientConnectionStatus status) { host_.connection_status(name_, status); }

}  // namespace omniclient::omniverse
