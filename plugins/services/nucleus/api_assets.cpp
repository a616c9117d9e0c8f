// Files: their content is read, written, and watched.

#include "api_commands.hpp"
#include "nudged.hpp"

#include <optional>

namespace omnibroker::plugins::nucleus {

using Json = nlohmann::json;
using wire::Status;

void create_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path) {
  auto content = content_in(client, request, path.path);
  if (!content) return client->fail(request, content.error());
  store::CreateAsset command{path.path, path.branch, std::move(*content)};
  command.overwrite = flag_in(request.params, "overwrite");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

void update_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path) {
  if (flag_in(request.params, "delta"))
    return client->fail(request, Status::NotImplemented, "Files have no deltas here");
  auto content = content_in(client, request, path.path);
  if (!content) return client->fail(request, content.error());
  store::UpdateAsset command{path.path, path.branch, std::move(*content)};
  command.etag = number_in(request.params, "etag");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

void read_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path) {
  store::ReadQuery query;
  query.known_etag = number_in(request.params, "etag");
  const auto read = client->store().read(client->actor(), path, query);
  if (!read) return client->fail(request, read.error());
  answer_content(client, request, path, *read);
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

/// The content that a request names by its hash: of something that its user may read.
std::optional<store::Content> known_content(const ApiClientPtr& client, const ApiRequest& request) {
  const auto type = text_in(request.params, "hash_type");
  if (!type.empty() && type != wire::kHashType) {
    client->fail(request, Status::InvalidParameters, "Contents are known by sha-256-flat here");
    return std::nullopt;
  }
  auto content = client->store().find_content(client->actor(), text_in(request.params, "hash_value"));
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
  command.etag = number_in(request.params, "etag");
  command.checkpoint_message = message_in(request.params);
  submit(client, request, std::move(command), written_fields);
}

/// The first of these branches that has something there.
void read_resolved(const ApiClientPtr& client, const ApiRequest& request) {
  auto path = path_in(request.params);
  const bool given = member(request.params, "branches") != nullptr;
  const auto branches = given ? branches_in(request.params) : std::vector<std::string>{""};
  for (std::size_t i = 0; i < branches.size(); ++i) {
    path.branch = branches[i];
    const auto there = client->store().read(client->actor(), path);
    if (there) return answer_content(client, request, path, *there);
    const bool last = i + 1 == branches.size();
    if (there.error().code != store::Code::NotExist || last) return client->fail(request, there.error());
  }
  client->fail(request, Status::InvalidParameters, "No branch is given");
}

/// The newest content of a file, whenever there is a newer one than the client has.
class AssetSubscription final : public Nudged {
 public:
  AssetSubscription(const ApiClientPtr& client, const ApiRequest& request)
      : Nudged(client, request, plain_path(path_in(request.params).path)),
        at_(path_in(request.params)),
        known_(number_in(request.params, "etag")) {}

 protected:
  Next catch_up(ApiClient& client) override {
    store::ReadQuery query;
    query.known_etag = known_;
    const auto read = client.store().read(client.actor(), at_, query);
    if (!read && read.error().code == store::Code::Latest) {
      if (!is_begun()) client.tell(*this, ticket(), {{"status", "LATEST"}});
      return Next::Wait;
    }
    if (!read) return client.finish(*this, ticket(), read.error()), Next::End;
    auto fields = wire::to_json(entry_of(read->entry));
    fields["status"] = "OK";
    std::shared_ptr<const std::string> blob;
    if (read->entry.size > client.rules().lft_threshold.bytes) {
      fields["uri_redirection"] = content_address(client, at_, read->entry);
    } else {
      auto bytes = read->content.all();
      if (!bytes) return client.finish(*this, ticket(), bytes.error()), Next::End;
      blob = std::make_shared<const std::string>(std::move(*bytes));
    }
    known_ = read->entry.etag;
    return client.tell(*this, ticket(), std::move(fields), std::move(blob)) ? Next::Wait : Next::End;
  }

 private:
  const store::PathAtVersion at_;
  std::uint64_t known_;
};

void subscribe_read(const ApiClientPtr& client, const ApiRequest& request) {
  auto subscription = std::make_shared<AssetSubscription>(client, request);
  if (client->add(request, subscription)) subscription->start(client);
}

constexpr Command kAssetCommands[] = {
    {"create_asset", Runs::InOrder, create, Login::Needed, Answers::Once, looks_at_rights},
    {"update_asset", Runs::InOrder, update, Login::Needed, Answers::Once, looks_at_rights},
    {"create_asset_with_hash", Runs::InOrder, create_with_hash, Login::Needed, Answers::Once, looks_always},
    {"update_asset_with_hash", Runs::InOrder, update_with_hash, Login::Needed, Answers::Once, looks_always},
    {"read_asset_version", Runs::Beside, read},
    {"read_asset_resolved", Runs::Beside, read_resolved},
    {"subscribe_read_asset", Runs::Beside, subscribe_read, Login::Needed, Answers::Stream},
};

}  // namespace

std::span<const Command> asset_commands() { return kAssetCommands; }

}  // namespace omnibroker::plugins::nucleus
