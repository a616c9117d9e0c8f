// Files: their content is read, written, and watched.

#include "api_commands.hpp"
#include "nudged.hpp"

#include <optional>

namespace omnibroker::plugins::nucleus {

using Json = nlohmann::json;
using wire::Status;

void create_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path) {
  auto content = content_in(client, request);
  if (!content) return client->fail(request, content.error());
  store::CreateAsset command{path.path, path.branch, std::move(*content)};
  command.overwrite = flag_in(request.params, "overwrite");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

void update_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path) {
  if (flag_in(request.params, "delta"))
    return client->fail(request, Status::NotImplemented, "Files have no deltas here");
  auto content = content_in(client, request);
  if (!content) return client->fail(request, content.error());
  store::UpdateAsset command{path.path, path.branch, std::move(*content)};
  command.etag = wire::number_of(request.params, "etag");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

void read_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path) {
  store::ReadQuery query;
  query.known_etag = wire::number_of(request.params, "etag");
  const auto read = client->store().read(client->actor(), path, query);
  if (!read) return client->fail(request, read.error());
  answer_content(client, request, *read);
}

namespace {

void create(const ApiClientPtr& client, const ApiRequest& request) {
  create_asset(client, request, path_in(request.params));
}
void update(const ApiClientPtr& client, const ApiRequest& request) {
  update_asset(client, request, path_in(request.params));
}
void read(const ApiClientPtr& client, const ApiRequest& request) {
  read_asset(client, request, path_in(request.params));
}

/// The content that a request names by its hash; it has been written to this store before.
std::optional<store::Content> known_content(const ApiClientPtr& client, const ApiRequest& request) {
  const auto type = wire::text_of(request.params, "hash_type");
  if (!type.empty() && type != wire::kHashType) {
    client->fail(request, Status::InvalidParameters, "Contents are known by sha-256-flat here");
    return std::nullopt;
  }
  auto content = client->store().find_content(wire::text_of(request.params, "hash_value"));
  if (content) return *content;
  client->fail(request, content.error());
  return std::nullopt;
}

void create_with_hash(const ApiClientPtr& client, const ApiRequest& request) {
  auto content = known_content(client, request);
  if (!content) return;
  const auto path = path_in(request.params);
  store::CreateAsset command{path.path, path.branch, std::move(*content)};
  command.overwrite = flag_in(request.params, "overwrite");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

void update_with_hash(const ApiClientPtr& client, const ApiRequest& request) {
  auto content = known_content(client, request);
  if (!content) return;
  const auto path = path_in(request.params);
  store::UpdateAsset command{path.path, path.branch, std::move(*content)};
  command.etag = wire::number_of(request.params, "etag");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

/// The first of these branches that has something there.
void read_resolved(const ApiClientPtr& client, const ApiRequest& request) {
  auto path = path_in(request.params);
  std::vector<std::string> branches = {""};
  if (const auto given = request.params.find("branches"); given != request.params.end()) {
    branches = given->get<std::vector<std::string>>();
  }
  for (const auto& branch : branches) {
    path.branch = branch;
    const auto there = client->store().read(client->actor(), path);
    if (there) return answer_content(client, request, *there);
    if (there.error().code != store::Code::NotExist || branch == branches.back()) {
      return client->fail(request, there.error());
    }
  }
  client->fail(request, Status::InvalidParameters, "No branch is given");
}

/// The newest content of a file, whenever there is a newer one than the client has.
class AssetSubscription final : public Nudged {
 public:
  AssetSubscription(const ApiClientPtr& client, const ApiRequest& request)
      : Nudged(client, request.id, plain_path(path_in(request.params).path)),
        request_(request),
        at_(path_in(request.params)),
        known_(wire::number_of(request.params, "etag")) {}

 protected:
  Next catch_up(const ApiClientPtr& client) override {
    store::ReadQuery query;
    query.known_etag = known_;
    const auto read = client->store().read(client->actor(), at_, query);
    if (!read && read.error().code == store::Code::Latest) {
      if (!std::exchange(answered_, true)) client->begun(request_, {{"status", "LATEST"}});
      return Next::Wait;
    }
    if (!read) return fail(client, read.error()), Next::End;
    auto fields = wire::to_json(entry_of(read->entry));
    fields["status"] = "OK";
    std::shared_ptr<const std::string> blob;
    if (read->entry.size > client->rules().lft_threshold.bytes) {
      fields["uri_redirection"] = content_address(client, read->entry);
    } else {
      auto bytes = read->content.all();
      if (!bytes) return fail(client, bytes.error()), Next::End;
      blob = std::make_shared<const std::string>(std::move(*bytes));
    }
    known_ = read->entry.etag;
    if (std::exchange(answered_, true)) {
      client->more(id(), std::move(fields), std::move(blob));
    } else {
      client->begun(request_, std::move(fields), std::move(blob));
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
  const store::PathAtVersion at_;
  std::uint64_t known_;
  bool answered_ = false;
};

void subscribe_read(const ApiClientPtr& client, const ApiRequest& request) {
  auto subscription = std::make_shared<AssetSubscription>(client, request);
  if (!client->add(request.id, subscription)) {
    return client->fail(request, Status::QuotaReached, "There are too many subscriptions, or one with this id");
  }
  subscription->start(client);
}

constexpr Command kCommands[] = {
    {"create_asset", Runs::InOrder, create},
    {"update_asset", Runs::InOrder, update},
    {"create_asset_with_hash", Runs::InOrder, create_with_hash},
    {"update_asset_with_hash", Runs::InOrder, update_with_hash},
    {"read_asset_version", Runs::Beside, read},
    {"read_asset_resolved", Runs::Beside, read_resolved},
    {"subscribe_read_asset", Runs::Beside, subscribe_read},
};

}  // namespace

std::span<const Command> asset_commands() { return kCommands; }

}  // namespace omnibroker::plugins::nucleus
