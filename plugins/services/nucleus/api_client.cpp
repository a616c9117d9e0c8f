#include "api_client.hpp"

#include <chrono>
#include <nucleus/connlib.hpp>
#include <utility>

namespace omnibroker::plugins::nucleus {

using Json = nlohmann::json;

namespace {

constexpr std::size_t kReadsAtOnce = 8;
constexpr std::size_t kValueSize = 100;  // bytes that one value in JSON takes, roughly, behind its text

}  // namespace

Charge::Charge(std::shared_ptr<Load> load, std::size_t bytes) : load_(std::move(load)), bytes_(bytes) {
  ++load_->requests;
  load_->bytes += bytes_;
}

Charge::~Charge() {
  if (release()) load_->outbox->wake();  // nothing is sent that would make the connection look whether it may go on
}

bool Charge::release() {
  if (released_.exchange(true)) return false;
  load_->bytes -= bytes_;
  --load_->requests;
  return true;
}

ApiClient::ApiClient(Place place, std::shared_ptr<Outbox> outbox)
    : place_(std::move(place)),
      outbox_(std::move(outbox)),
      connection_(random_word(16)),
      load_(std::make_shared<Load>()),
      reads_(std::make_shared<Lane>(place_.pool, kReadsAtOnce, outbox_)),
      changes_(std::make_shared<Lane>(place_.pool, 1)) {
  load_->outbox = outbox_;
}

bool ApiClient::log_in(const store::User& user, std::string& session_token) {
  const std::lock_guard lock(mutex_);
  if (!user_.empty() || ended_) return false;
  user_ = user.name;
  user_id_ = user.id;
  session_token = random_word(16);
  place_.nucleus.sessions().add(connection_, session_token, {user.name, connection_, false, user.id});
  place_.counters.clients.add();
  return true;
}

bool ApiClient::is_logged_in() const {
  const std::lock_guard lock(mutex_);
  return !user_.empty();
}

store::Actor ApiClient::actor() const {
  const std::lock_guard lock(mutex_);
  return {user_, connection_, false, user_id_};
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

bool ApiClient::begin(ApiRequest& request) {
  place_.counters.requests.add();
  place_.counters.bytes_in.add(static_cast<std::int64_t>(request.size));
  if (load_->requests >= place_.rules.max_in_flight) return false;
  request.charge = std::make_shared<Charge>(load_, request.size + kValueSize * request.values);
  return true;
}

bool ApiClient::is_ready() const {
  constexpr std::size_t kBeforeLogin = 8;
  if (!outbox_->has_room() || load_->bytes >= place_.rules.max_unread.bytes) return false;
  return load_->requests < kBeforeLogin || is_logged_in();
}

void ApiClient::answer(const Ticket& ticket, Json fields, std::shared_ptr<const std::string> blob) {
  if (!fields.contains("status")) fields["status"] = "OK";
  auto made = message(ticket.id, fields, std::move(blob));
  const auto size = static_cast<std::int64_t>(made.size());
  const std::lock_guard lock(mutex_);
  const auto held = streams_.find(ticket.id);
  if (held != streams_.end() && held->second.charge == ticket.charge) forget(held);
  // Released before it is sent: that wakes the connection, which looks whether it may take more.
  if (!ticket.charge->release()) return;
  place_.counters.bytes_out.add(size);
  outbox_->push(std::move(made));
}

Json ApiClient::failure(wire::Status status, std::string_view why) const {
  place_.counters.failed(status);
  Json fields = {{"status", wire::name(status)}};
  if (!why.empty()) fields["message"] = why;
  if (status == wire::Status::SlowDown) {
    fields["backoff_time_ms"] =
        std::chrono::duration_cast<std::chrono::milliseconds>(place_.rules.backoff_time).count();
  }
  return fields;
}

void ApiClient::fail(const Ticket& ticket, wire::Status status, std::string_view why) {
  answer(ticket, failure(status, why));
}

void ApiClient::fail(const Ticket& ticket, const store::Error& error) {
  nucleus().refused(error);
  fail(ticket, status_of(error.code), error.message);
}

void ApiClient::refuse(std::uint64_t id, wire::Status status, std::string_view why) {
  auto fields = failure(status, why);
  outbox_->push(message(id, fields, nullptr));
}

void ApiClient::more(const Ticket& ticket, Json fields, std::shared_ptr<const std::string> blob) {
  auto made = message(ticket.id, fields, std::move(blob));
  place_.counters.bytes_out.add(static_cast<std::int64_t>(made.size()));
  outbox_->push(std::move(made));
}

// ---------------------------------------- work

void ApiClient::read(ApiRequest request, std::function<void(const ApiRequest&)> work) {
  auto shared = std::make_shared<const ApiRequest>(std::move(request));
  reads_->add([client = shared_from_this(), shared, work = std::move(work)] {
    if (!client->outbox_->closed()) work(*shared);
  });
}

void ApiClient::read_on(std::function<void()> work) {
  reads_->add([client = shared_from_this(), work = std::move(work)] {
    if (!client->outbox_->closed()) work();
  });
}

void ApiClient::change(ApiRequest request, std::function<void(const ApiRequest&)> work,
                       std::function<bool(const ApiRequest&)> looks) {
  auto shared = std::make_shared<const ApiRequest>(std::move(request));
  auto run = [client = shared_from_this(), shared, work = std::move(work)] {
    if (!client->outbox_->closed()) work(*shared);
  };
  if (!looks) return changes_->add(std::move(run));
  changes_->add([client = shared_from_this(), shared, run = std::move(run), looks = std::move(looks)] {
    const bool waits = client->under_way_ > 0 && looks(*shared) && client->wait_for_changes(run);
    if (!waits) run();
  });
}

bool ApiClient::wait_for_changes(std::function<void()> work) {
  const std::lock_guard lock(settling_);
  if (under_way_ == 0) return false;
  waits_ = true;
  changes_->hold(std::move(work));
  return true;
}

void ApiClient::settle() {
  const std::lock_guard lock(settling_);
  if (--under_way_ == 0 && std::exchange(waits_, false)) changes_->go_on();
}

// ---------------------------------------- the end

void ApiClient::notify(const Json& fields) {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, held] : streams_) {
      if (held.stream && held.stream->is_for_notices()) ids.push_back(id);
    }
  }
  for (const auto id : ids) {
    auto copy = fields;
    outbox_->push(message(id, copy, nullptr));
  }
}

void ApiClient::end() {
  std::map<std::uint64_t, Held> streams;
  bool known = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    while (!streams_.empty()) {
      const auto held = streams_.begin();
      streams.emplace(held->first, held->second);
      forget(held);
    }
    known = !user_.empty();
  }
  reads_->end();
  changes_->end();  // what had not been begun when the connection ended is not done
  for (const auto& [id, held] : streams) {
    if (held.stream) held.stream->stop();
  }
  if (!known) return;
  place_.counters.clients.add(-1);
  place_.nucleus.sessions().remove(connection_);
  {
    const std::lock_guard lock(submitting_);
    gone_ = true;
  }
  place_.nucleus.release(connection_);
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

}  // namespace omnibroker::plugins::nucleus
