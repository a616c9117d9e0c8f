// Live objects: made, added to, read and watched.

#include "api_commands.hpp"
#include "nudged.hpp"

#include <utility>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::Status;

Json object_fields(const store::Written& written) {
  auto fields = written_fields(written);
  fields["object_id"] = written.entry.object_id;
  fields["sequence"] = written.entry.sequence;
  return fields;
}

void create_object(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params).path;
  auto content = content_in(client, request, path);
  if (!content) return client->fail(request, content.error());
  submit(client, request, store::CreateObject{path, std::move(*content)}, object_fields);
}

void update_object(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params).path;
  auto content = content_in(client, request, path);
  if (!content) return client->fail(request, content.error());
  store::UpdateObject command{path, number_in(request.params, "object_id"), std::move(*content)};
  command.whole = flag_in(request.params, "whole");  // ours: it stands for everything before it
  submit(client, request, std::move(command), object_fields);
}

/// What a client has of a live object, and what it has not.
class Follower {
 public:
  explicit Follower(const ApiRequest& request)
      : path_(path_in(request.params).path),
        object_id_(number_in(request.params, "object_id")),
        sequence_(number_in(request.params, "sequence")) {}

  enum class Went { AtHead, Behind, Over };
  /// Sends the updates that there are, as far as the client takes them; the last one, at the head of the object, is
  /// LATEST instead of OK. Over: the stream has ended.
  Went follow(ApiClient& client, const Stream& stream, const Ticket& ticket) {
    const auto read = client.store().read_object(client.actor(), path_, {object_id_, sequence_, 1000});
    if (!read) return client.finish(stream, ticket, read.error()), Went::Over;
    if (object_id_ != read->object_id) sequence_ = 0;
    object_id_ = read->object_id;
    newest_ = read->sequence;
    for (const auto& update : read->updates) {
      if (!send(client, stream, ticket, update)) return Went::Over;
      sequence_ = update.sequence;
      if (!client.outbox().has_room()) break;
    }
    return sequence_ < newest_ && !read->updates.empty() ? Went::Behind : Went::AtHead;
  }
  std::uint64_t object_id() const { return object_id_; }
  std::uint64_t newest() const { return newest_; }

 private:
  bool send(ApiClient& client, const Stream& stream, const Ticket& ticket, const store::LiveUpdate& update) {
    Json fields = {{"status", wire::name(update.sequence == newest_ ? Status::Latest : Status::Ok)},
                   {"object_id", object_id_},
                   {"sequence", update.sequence},
                   {"size", update.content.size()},
                   {"modified_timestamp", seconds(update.time)},
                   {"modified_by", update.user}};
    if (update.content.size() > client.rules().lft_threshold.bytes) {
      fields["uri_redirection"] = update_address(client, path_, object_id_, update.sequence);
      return client.tell(stream, ticket, std::move(fields));
    }
    auto bytes = update.content.all();
    if (!bytes) return client.finish(stream, ticket, bytes.error()), false;
    return client.tell(stream, ticket, std::move(fields), std::make_shared<const std::string>(std::move(*bytes)));
  }

  const std::string path_;
  std::uint64_t object_id_;
  std::uint64_t sequence_;
  std::uint64_t newest_ = 0;
};

/// The updates that the client has not, as it reads, and then the end.
class ObjectReading final : public Stream, public std::enable_shared_from_this<ObjectReading> {
 public:
  ObjectReading(ApiClientPtr client, const ApiRequest& request)
      : client_(std::move(client)), ticket_(request), follower_(request) {}

  void stop() override {}
  bool ends() const override { return true; }

  void go_on() {
    switch (follower_.follow(*client_, *this, ticket_)) {
      case Follower::Went::Over: return;
      case Follower::Went::AtHead: {
        Json fields = {
            {"status", "DONE"}, {"fin", true}, {"object_id", follower_.object_id()}, {"sequence", follower_.newest()}};
        return client_->finish(*this, ticket_, std::move(fields));
      }
      case Follower::Went::Behind: break;
    }
    client_->read_on([self = shared_from_this()] { self->go_on(); });
  }

 private:
  const ApiClientPtr client_;
  const Ticket ticket_;
  Follower follower_;
};

void read_object(const ApiClientPtr& client, const ApiRequest& request) {
  const auto reading = std::make_shared<ObjectReading>(client, request);
  if (client->add(request, reading)) reading->go_on();
}

/// All updates from where the client is, and then each one that comes.
class ObjectSubscription final : public Nudged {
 public:
  ObjectSubscription(const ApiClientPtr& client, const ApiRequest& request)
      : Nudged(client, request, plain_path(path_in(request.params).path)), follower_(request) {}

 protected:
  Next catch_up(ApiClient& client) override {
    const auto went = follower_.follow(client, *this, ticket());
    if (went != Follower::Went::AtHead) return went == Follower::Went::Behind ? Next::Again : Next::End;
    if (is_begun()) return Next::Wait;
    Json fields = {{"status", "LATEST"}, {"object_id", follower_.object_id()}, {"sequence", follower_.newest()}};
    return client.tell(*this, ticket(), std::move(fields)) ? Next::Wait : Next::End;
  }

 private:
  Follower follower_;
};

void subscribe_object(const ApiClientPtr& client, const ApiRequest& request) {
  auto subscription = std::make_shared<ObjectSubscription>(client, request);
  if (client->add(request, subscription)) subscription->start(client);
}

void deep_copy(const ApiClientPtr& client, const ApiRequest& request) {
  store::Copy command{path_in(request.params, {"src", "src_path", "path"}),
                      path_in(request.params, {"dst", "dst_path", "to"}).path};
  command.overwrite = flag_in(request.params, "overwrite");
  submit(client, request, std::move(command), object_fields);
}

constexpr Command kObjectCommands[] = {
    {"create_object", Runs::InOrder, create_object, Login::Needed, Answers::Once, looks_at_rights},
    {"update_object", Runs::InOrder, update_object, Login::Needed, Answers::Once, looks_at_rights},
    {"read_object_version", Runs::Beside, read_object, Login::Needed, Answers::Stream},
    {"read_object_resolved", Runs::Beside, read_object, Login::Needed, Answers::Stream},
    {"subscribe_read_object", Runs::Beside, subscribe_object, Login::Needed, Answers::Stream},
    {"deep_copy_object_struct", Runs::InOrder, deep_copy},
};

}  // namespace

std::span<const Command> object_commands() { return kObjectCommands; }

}  // namespace omnibroker::plugins::nucleus
