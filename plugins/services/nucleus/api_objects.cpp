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
  auto content = content_in(client, request);
  if (!content) return client->fail(request, content.error());
  submit(client, request, store::CreateObject{path_in(request.params).path, std::move(*content)}, object_fields);
}

void update_object(const ApiClientPtr& client, const ApiRequest& request) {
  auto content = content_in(client, request);
  if (!content) return client->fail(request, content.error());
  store::UpdateObject command{path_in(request.params).path, wire::number_of(request.params, "object_id"),
                              std::move(*content)};
  command.whole = flag_in(request.params, "whole");  // ours: it stands for everything before it
  submit(client, request, std::move(command), object_fields);
}

/// What a client has of a live object, and what it has not.
class Follower {
 public:
  explicit Follower(const ApiRequest& request)
      : object_id_(wire::number_of(request.params, "object_id")),
        sequence_(wire::number_of(request.params, "sequence")) {}

  store::LiveQuery query() const { return {object_id_, sequence_, 1000}; }
  /// The updates as messages; the last one, at the head of the object, is LATEST instead of OK.
  template <class Send>
  store::Status follow(const store::LiveRead& read, Send send) {
    for (const auto& update : read.updates) {
      auto bytes = update.content.all();
      if (!bytes) return bytes.error();
      const bool head = update.sequence == read.sequence;
      send(Json{{"status", wire::name(head ? Status::Latest : Status::Ok)},
                {"object_id", read.object_id},
                {"sequence", update.sequence},
                {"size", bytes->size()},
                {"modified_timestamp", seconds(update.time)},
                {"modified_by", update.user}},
           std::make_shared<const std::string>(std::move(*bytes)));
      sequence_ = update.sequence;
    }
    object_id_ = read.object_id;
    return store::Done{};
  }
  bool is_behind(const store::LiveRead& read) const {
    return object_id_ != read.object_id || sequence_ < read.sequence;
  }

 private:
  std::uint64_t object_id_;
  std::uint64_t sequence_;
};

/// The updates that the client has not, as it reads, and then the end.
class ObjectReading final : public std::enable_shared_from_this<ObjectReading> {
 public:
  ObjectReading(ApiClientPtr client, ApiRequest request, std::string path)
      : client_(std::move(client)), request_(std::move(request)), path_(std::move(path)), follower_(request_) {}

  void go_on() {
    const auto read = client_->store().read_object(client_->actor(), path_, follower_.query());
    if (!read) return client_->fail(request_, read.error());
    const auto followed = follower_.follow(
        *read, [&](Json fields, auto blob) { client_->more(request_.id, std::move(fields), std::move(blob)); });
    if (!followed) return client_->fail(request_, followed.error());
    if (!follower_.is_behind(*read) || read->updates.empty()) {
      return client_->answer(
          request_, {{"status", "DONE"}, {"fin", true}, {"object_id", read->object_id}, {"sequence", read->sequence}});
    }
    client_->outbox().when_there_is_room([self = shared_from_this()] {
      self->client_->place().pool.run_in_time([self] {
        if (!self->client_->outbox().closed()) self->go_on();
      });
    });
  }

 private:
  const ApiClientPtr client_;
  const ApiRequest request_;
  const std::string path_;
  Follower follower_;
};

void read_object(const ApiClientPtr& client, const ApiRequest& request) {
  std::make_shared<ObjectReading>(client, request, path_in(request.params).path)->go_on();
}

/// All updates from where the client is, and then each one that comes.
class ObjectSubscription final : public Nudged {
 public:
  ObjectSubscription(const ApiClientPtr& client, const ApiRequest& request)
      : Nudged(client, request.id, plain_path(path_in(request.params).path)), request_(request), follower_(request) {}

 protected:
  Next catch_up(const ApiClientPtr& client) override {
    const auto read = client->store().read_object(client->actor(), path(), follower_.query());
    if (!read) return fail(client, read.error()), Next::End;
    const auto send = [&](Json fields, std::shared_ptr<const std::string> blob) {
      if (std::exchange(answered_, true)) return client->more(id(), std::move(fields), std::move(blob));
      client->begun(request_, std::move(fields), std::move(blob));
    };
    if (const auto followed = follower_.follow(*read, send); !followed)
      return fail(client, followed.error()), Next::End;
    if (follower_.is_behind(*read) && !read->updates.empty()) return Next::Again;
    if (!answered_) {
      send({{"status", "LATEST"}, {"object_id", read->object_id}, {"sequence", read->sequence}}, nullptr);
    }
    return Next::Wait;
  }

  void abandon(const ApiClientPtr& client) override {
    if (!std::exchange(answered_, true)) client->drop(request_);
  }

 private:
  void fail(const ApiClientPtr& client, const store::Error& error) {
    if (!std::exchange(answered_, true)) return client->fail(request_, error);
    const auto status = error.code == store::Code::Denied ? Status::AccessLost : status_of(error.code);
    client->more(id(), {{"status", wire::name(status)}, {"fin", true}});
  }

  const ApiRequest request_;
  Follower follower_;
  bool answered_ = false;
};

void subscribe_object(const ApiClientPtr& client, const ApiRequest& request) {
  auto subscription = std::make_shared<ObjectSubscription>(client, request);
  if (!client->add(request.id, subscription)) {
    return client->fail(request, Status::QuotaReached, "There are too many subscriptions, or one with this id");
  }
  subscription->start(client);
}

void deep_copy(const ApiClientPtr& client, const ApiRequest& request) {
  store::Copy command{path_in(request.params, {"src", "src_path", "path"}),
                      path_in(request.params, {"dst", "dst_path", "to"}).path};
  command.overwrite = flag_in(request.params, "overwrite");
  submit(client, request, std::move(command), object_fields);
}

constexpr Command kCommands[] = {
    {"create_object", Runs::InOrder, create_object},           {"update_object", Runs::InOrder, update_object},
    {"read_object_version", Runs::Beside, read_object},        {"read_object_resolved", Runs::Beside, read_object},
    {"subscribe_read_object", Runs::Beside, subscribe_object}, {"deep_copy_object_struct", Runs::InOrder, deep_copy},
};

}  // namespace

std::span<const Command> object_commands() { return kCommands; }

}  // namespace omnibroker::plugins::nucleus
