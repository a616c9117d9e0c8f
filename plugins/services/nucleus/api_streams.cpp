// The part of a client that looks after its streams: who may still send, and who has ended.

#include "api_client.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {

using Json = nlohmann::json;

/// With the lock held.
void ApiClient::forget(std::map<std::uint64_t, Held>::iterator held) {
  if (held->second.stream && !held->second.stream->ends()) {
    --subscriptions_;
    place_.counters.subscriptions.add(-1);
  }
  streams_.erase(held);
}

bool ApiClient::expect(const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  return ended_ || streams_.emplace(ticket.id, Held{nullptr, ticket.charge}).second;
}

bool ApiClient::add(const Ticket& ticket, std::shared_ptr<Stream> stream) {
  {
    const std::lock_guard lock(mutex_);
    const auto held = streams_.find(ticket.id);
    if (held == streams_.end() || held->second.charge != ticket.charge) return false;  // it has been stopped
    const bool counts = !stream->ends();
    if (!counts || subscriptions_ < place_.rules.max_subscriptions) {
      if (counts) {
        ++subscriptions_;
        place_.counters.subscriptions.add();
      }
      held->second.stream = std::move(stream);
      return true;
    }
  }
  fail(ticket, wire::Status::QuotaReached, "There are as many subscriptions and channels as one connection may have");
  return false;
}

bool ApiClient::has(const Stream& stream, std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto held = streams_.find(id);
  return held != streams_.end() && held->second.stream.get() == &stream;
}

bool ApiClient::send(const Stream& stream, const Ticket& ticket, Outgoing message, Push push) {
  const auto size = static_cast<std::int64_t>(message.size());
  {
    // With the lock, so that nothing comes behind the answer to a `stop`.
    const std::lock_guard lock(mutex_);
    const auto held = streams_.find(ticket.id);
    if (held == streams_.end() || held->second.stream.get() != &stream) return false;
    held->second.told = true;
    if (!stream.ends())
      ticket.charge->release();  // one that ends by itself is a request that is not answered until then
    if (push == Push::Always) outbox_->push(std::move(message));
    if (push == Push::Always || outbox_->offer(std::move(message))) {
      place_.counters.bytes_out.add(size);
      return true;
    }
    auto last = failure(wire::Status::QuotaReached, "The client does not read what it is sent");
    last["fin"] = true;
    outbox_->push(ApiClient::message(ticket.id, last, nullptr));
    forget(held);
  }
  place_.counters.slow_readers.add();
  place_.host.log().info("A subscription ended because its client does not read",
                         {{"connection", connection_}, {"user", actor().user}, {"request", ticket.id}});
  return false;
}

bool ApiClient::tell(const Stream& stream, const Ticket& ticket, Json fields, std::shared_ptr<const std::string> blob) {
  return send(stream, ticket, message(ticket.id, fields, std::move(blob)), Push::Always);
}

bool ApiClient::offer(const Stream& stream, const Ticket& ticket, Json fields,
                      std::shared_ptr<const std::string> blob) {
  return send(stream, ticket, message(ticket.id, fields, std::move(blob)), Push::WhileThereIsRoom);
}

void ApiClient::finish(const Stream& stream, const Ticket& ticket, Json fields) {
  const std::lock_guard lock(mutex_);
  const auto held = streams_.find(ticket.id);
  if (held == streams_.end() || held->second.stream.get() != &stream) return;
  ticket.charge->release();
  if (held->second.told) fields["fin"] = true;
  outbox_->push(message(ticket.id, fields, nullptr));
  forget(held);
}

void ApiClient::finish(const Stream& stream, const Ticket& ticket, wire::Status status) {
  finish(stream, ticket, failure(status, {}));
}

void ApiClient::finish(const Stream& stream, const Ticket& ticket, const store::Error& error) {
  const bool begun = [&] {
    const std::lock_guard lock(mutex_);
    const auto held = streams_.find(ticket.id);
    return held != streams_.end() && held->second.told;
  }();
  const bool lost = begun && error.code == store::Code::Denied;
  finish(stream, ticket, failure(lost ? wire::Status::AccessLost : status_of(error.code), error.message));
}

void ApiClient::stop(std::uint64_t id) {
  Held held;
  {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    held = found->second;
    forget(found);
    held.charge->release();
    Json fields = {{"status", "OK"}, {"stopped", true}};
    outbox_->push(message(id, fields, nullptr));
  }
  if (held.stream) held.stream->stop();
}

}  // namespace omnibroker::plugins::nucleus
