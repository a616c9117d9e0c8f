#include "api_client.hpp"

#include <chrono>
#include <nucleus/connlib.hpp>
#include <utility>

namespace omnibroker::plugins::nucleus {

using Json = nlohmann::json;

ApiClient::ApiClient(Place place, std::shared_ptr<Outbox> outbox)
    : place_(std::move(place)), outbox_(std::move(outbox)), connection_(random_word(16)) {}

bool ApiClient::log_in(const std::string& user, std::string& session_token) {
  const std::lock_guard lock(mutex_);
  if (!user_.empty() || ended_) return false;
  user_ = user;
  session_token = random_word(16);
  place_.nucleus.sessions().add(connection_, session_token, user);
  return true;
}

bool ApiClient::is_logged_in() const {
  const std::lock_guard lock(mutex_);
  return !user_.empty();
}

store::Actor ApiClient::actor() const {
  const std::lock_guard lock(mutex_);
  return {user_, connection_};
}

// ---------------------------------------- answers

Outgoing ApiClient::message(std::uint64_t id, Json& fields, std::shared_ptr<const std::string> blob) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  fields["id"] = id;
  fields["ts"] = {{"omni_server_out_ts", std::chrono::duration_cast<std::chrono::microseconds>(now).count()}};
  auto head = fields.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (blob) head += '\0';
  return {blob == nullptr, std::move(head), std::move(blob)};
}

void ApiClient::send(std::uint64_t id, Json& fields, std::shared_ptr<const std::string> blob) {
  outbox_->push(message(id, fields, std::move(blob)));
}

bool ApiClient::begin(const ApiRequest& request) {
  place_.counters.requests.add();
  if (in_flight_ >= place_.rules.max_in_flight) return false;
  ++in_flight_;
  if (request.blob) bytes_in_flight_ += request.blob->size();
  return true;
}

void ApiClient::drop(const ApiRequest& request) {
  if (request.blob) bytes_in_flight_ -= request.blob->size();
  --in_flight_;
}

bool ApiClient::is_ready() const {
  constexpr std::size_t kBeforeLogin = 8;
  if (!outbox_->has_room() || bytes_in_flight_ >= place_.rules.max_unread.bytes) return false;
  return in_flight_ < kBeforeLogin || is_logged_in();
}

void ApiClient::answer(const ApiRequest& request, Json fields, std::shared_ptr<const std::string> blob) {
  if (!fields.contains("status")) fields["status"] = "OK";
  drop(request);  // before the answer: it wakes the connection, which looks whether it may take more
  send(request.id, fields, std::move(blob));
}

Json ApiClient::failure(wire::Status status, std::string_view why) const {
  Json fields = {{"status", wire::name(status)}};
  if (!why.empty()) fields["message"] = why;
  if (status == wire::Status::SlowDown) {
    place_.counters.slowed_down.add();
    fields["backoff_time_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(place_.rules.backoff_time).count();
  }
  return fields;
}

void ApiClient::fail(const ApiRequest& request, wire::Status status, std::string_view why) {
  answer(request, failure(status, why));
}

void ApiClient::refuse(const ApiRequest& request, wire::Status status, std::string_view why) {
  auto fields = failure(status, why);
  send(request.id, fields, nullptr);
}

void ApiClient::fail(const ApiRequest& request, const store::Error& error) {
  fail(request, status_of(error.code), error.message);
}

void ApiClient::begun(const ApiRequest& request, Json fields, std::shared_ptr<const std::string> blob) {
  answer(request, std::move(fields), std::move(blob));
}

void ApiClient::more(std::uint64_t id, Json fields, std::shared_ptr<const std::string> blob) {
  send(id, fields, std::move(blob));
}

bool ApiClient::offer(std::uint64_t id, Json fields, std::shared_ptr<const std::string> blob) {
  return outbox_->offer(message(id, fields, std::move(blob)));
}

// ---------------------------------------- work

void ApiClient::read(ApiRequest request, std::function<void(const ApiRequest&)> work) {
  auto shared = std::make_shared<const ApiRequest>(std::move(request));
  const bool taken = place_.pool.run([client = shared_from_this(), shared, work = std::move(work)] {
    if (client->outbox_->closed()) return;
    work(*shared);
  });
  if (!taken) fail(*shared, wire::Status::SlowDown, "The server has too much to do");
}

void ApiClient::change(ApiRequest request, std::function<void(const ApiRequest&)> work) {
  {
    const std::lock_guard lock(mutex_);
    changes_.push_back({std::move(request), std::move(work)});
    if (std::exchange(changing_, true)) return;
  }
  if (place_.pool.run([client = shared_from_this()] { client->do_changes(); })) return;
  std::deque<Change> refused;
  {
    const std::lock_guard lock(mutex_);
    refused.swap(changes_);
    changing_ = false;
  }
  for (const auto& one : refused) fail(one.request, wire::Status::SlowDown, "The server has too much to do");
}

/// One after the other: a change whose content has to be written first holds up those behind it.
void ApiClient::do_changes() {
  while (true) {
    Change next;
    {
      const std::lock_guard lock(mutex_);
      if (ended_) changes_.clear();  // what had not been begun when the connection ended is not done
      if (changes_.empty()) {
        changing_ = false;
        return;
      }
      next = std::move(changes_.front());
      changes_.pop_front();
    }
    next.work(next.request);
  }
}

// ---------------------------------------- streams

bool ApiClient::add(std::uint64_t id, std::shared_ptr<Stream> stream) {
  const std::lock_guard lock(mutex_);
  if (ended_ || streams_.size() >= place_.rules.max_subscriptions) return false;
  return streams_.emplace(id, std::move(stream)).second;
}

std::shared_ptr<Stream> ApiClient::remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return nullptr;
  auto stream = std::move(found->second);
  streams_.erase(found);
  return stream;
}

void ApiClient::note_slow(std::uint64_t id) const {
  place_.counters.slow_readers.add();
  place_.host.log().info("A subscription ended because its client does not read",
                         {{"user", actor().user}, {"connection", connection_}, {"request", id}});
}

void ApiClient::notify(const Json& fields) {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, stream] : streams_) {
      if (stream->is_for_notices()) ids.push_back(id);
    }
  }
  for (const auto id : ids) more(id, fields);
}

void ApiClient::end() {
  std::map<std::uint64_t, std::shared_ptr<Stream>> streams;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    streams.swap(streams_);
    known = !user_.empty();
  }
  for (const auto& [id, stream] : streams) stream->stop();
  if (!known) return;
  place_.nucleus.sessions().remove(connection_);
  store().submit(store::Actor::the_system(), store::ReleaseConnection{connection_}, [](store::Result<store::Done>) {});
}

// ---------------------------------------- translation

wire::Status status_of(store::Code code) { return wire::status_of(store::wire_name(code)); }

double seconds(store::Time time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

wire::Entry entry_of(const store::Entry& entry) {
  wire::Entry made;
  made.path = entry.path;
  made.branch = entry.branch;
  made.type = static_cast<wire::PathType>(entry.type);  // both are the protocol's codes
  made.etag = entry.etag;
  made.transaction_id = entry.transaction_id;
  made.access = static_cast<std::uint8_t>(entry.access);
  made.created = seconds(entry.created);
  made.modified = seconds(entry.modified);
  made.size = entry.size;
  made.empty = entry.empty;
  made.created_by = entry.created_by;
  made.modified_by = entry.modified_by;
  made.hash = entry.hash;
  made.checkpointed = entry.checkpointed;
  made.checkpoint_count = entry.checkpoint_count;
  if (entry.lock) {
    made.lock = wire::EntryLock{entry.lock->user, entry.lock->connection, seconds(entry.lock->since), std::nullopt,
                                entry.lock->etag};
    if (entry.lock->duration) made.lock->duration = std::chrono::duration<double>(*entry.lock->duration).count();
  }
  made.deleted = entry.deleted;
  made.deleted_at = seconds(entry.deleted_at);
  made.deleted_by = entry.deleted_by;
  return made;
}

store::PathAtVersion path_in(const Json& params, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = params.find(name);
    if (found == params.end()) continue;
    if (found->is_string()) {
      return {found->get<std::string>(), wire::text_of(params, "branch"), wire::number_of(params, "checkpoint")};
    }
    if (found->is_object()) {
      return {wire::text_of(*found, "path"), wire::text_of(*found, "branch"), wire::number_of(*found, "checkpoint")};
    }
  }
  return {};
}

std::string text_in(const Json& params, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto text = wire::text_of(params, name); !text.empty()) return text;
  }
  return {};
}

bool flag_in(const Json& params, const char* name) {
  const auto found = params.find(name);
  return found != params.end() && found->is_boolean() && found->get<bool>();
}

std::optional<std::string> message_in(const Json& params) {
  const auto found = params.find("message");
  if (found == params.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace omnibroker::plugins::nucleus
