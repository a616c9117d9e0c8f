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

store::Result<store::Content> content_in(const ApiClientPtr& client, const ApiRequest& request) {
  if (const auto id = wire::text_of(request.params, "content_id"); !id.empty()) {
    return client->nucleus().uploads().content(id, client->actor().user);
  }
  if (request.blob) return client->store().stage(*request.blob);
  const auto text = wire::text_of(request.params, "content");
  return text.empty() ? store::Content() : client->store().stage(text);
}

std::string content_address(const ApiClientPtr& client, const store::Entry& entry) {
  const ContentAddress address{client->actor().user, entry.path, entry.branch, entry.etag};
  return client->place().lft_address + "/content/?" + address.query(client->nucleus());
}

void answer_content(const ApiClientPtr& client, const ApiRequest& request, const store::Read& read) {
  auto fields = wire::to_json(entry_of(read.entry));
  if (read.entry.size > client->rules().lft_threshold.bytes) {
    fields["uri_redirection"] = content_address(client, read.entry);
    return client->answer(request, std::move(fields));
  }
  auto bytes = read.content.all();
  if (!bytes) return client->fail(request, bytes.error());
  client->answer(request, std::move(fields), std::make_shared<const std::string>(std::move(*bytes)));
}

bool stop_stream(const ApiClientPtr& client, std::uint64_t id) {
  const auto stream = client->remove(id);
  if (stream) stream->stop();
  return stream != nullptr;
}

nlohmann::json written_fields(const store::Written& written) {
  auto fields = wire::to_json(entry_of(written.entry));
  if (written.checkpoint != 0) fields["checkpoint"] = written.checkpoint;
  return fields;
}

}  // namespace omnibroker::plugins::nucleus
