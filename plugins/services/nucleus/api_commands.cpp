#include "api_commands.hpp"

#include "content_address.hpp"

namespace omnibroker::plugins::nucleus {
const Command* find_command(std::string_view name) {
  for (const auto& group : {session_commands(), listing_commands(), asset_commands(), object_commands(),
                            structure_commands(), rights_commands(), channel_commands()}) {
    for (const auto& command : group) {
      if (command.name == name) return &command;
    }
  }
  return nullptr;
}

bool looks_always(const ApiClientPtr&, const ApiRequest&) { return true; }

bool looks_at_rights(const ApiClientPtr& client, const ApiRequest& request) {
  const auto bytes = request.blob ? request.blob->size() : text_in(request.params, "content").size();
  if (!client->store().is_large(bytes)) return false;
  return !client->store().may_write(client->actor(), path_in(request.params).path);
}

store::Result<store::Content> content_in(const ApiClientPtr& client, const ApiRequest& request,
                                         const std::string& path) {
  if (const auto id = text_in(request.params, "content_id"); !id.empty()) {
    return client->nucleus().uploads().content(id, client->actor().user);
  }
  if (request.blob) return client->store().stage(client->actor(), path, *request.blob);
  const auto text = text_in(request.params, "content");
  return text.empty() ? store::Content() : client->store().stage(client->actor(), path, text);
}

namespace {

std::string address_of(const ApiClient& client, ContentAddress address) {
  const auto actor = client.actor();
  address.user = actor.user;
  address.user_id = actor.id;
  return client.place().lft_address + "/content/?" + address.query(client.nucleus());
}

}  // namespace

std::string content_address(const ApiClient& client, const store::PathAtVersion& path, const store::Entry& entry) {
  ContentAddress address;
  address.path = entry.path;
  address.branch = entry.branch;
  address.etag = entry.etag;
  address.number = path.checkpoint;
  return address_of(client, std::move(address));
}

std::string update_address(const ApiClient& client, const std::string& path, std::uint64_t object_id,
                           std::uint64_t sequence) {
  ContentAddress address;
  address.path = path;
  address.object_id = object_id;
  address.number = sequence;
  return address_of(client, std::move(address));
}

void answer_content(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path,
                    const store::Read& read) {
  auto fields = wire::to_json(entry_of(read.entry));
  if (read.entry.size > client->rules().lft_threshold.bytes) {
    fields["uri_redirection"] = content_address(*client, path, read.entry);
    return client->answer(request, std::move(fields));
  }
  auto bytes = read.content.all();
  if (!bytes) return client->fail(request, bytes.error());
  client->answer(request, std::move(fields), std::make_shared<const std::string>(std::move(*bytes)));
}

nlohmann::json written_fields(const store::Written& written) {
  auto fields = wire::to_json(entry_of(written.entry));
  if (written.checkpoint != 0) fields["checkpoint"] = written.checkpoint;
  if (written.left_out != 0) fields["left_out"] = written.left_out;
  return fields;
}

}  // namespace omnibroker::plugins::nucleus
