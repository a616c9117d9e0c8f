// `create`, `update` and `read`: the old calls, which do what the new ones do by what is at the path. For channels
// there are no others: `create` makes one, `read` joins it, `update` says something there.

#include "api_commands.hpp"

#include <atomic>
#include <memory>
#include <nucleus/channel_frames.hpp>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::PathType;
using wire::Status;

void not_implemented(const ApiClientPtr& client, const ApiRequest& request) {
  client->fail(request, Status::NotImplemented, "This server does not have " + request.command);
}

/// The type that is asked for, as a code or a name; without one it is a file.
std::optional<PathType> type_in(const Json& params) {
  const auto* given = member(params, "type");
  if (given == nullptr) return PathType::Asset;
  if (given->is_string()) return wire::path_type_of(given->get_ref<const std::string&>());
  if (!given->is_number_unsigned()) refuse_type("type", *given, "the name or the code of a type of paths");
  return wire::path_type_of(given->get<std::uint64_t>());
}

void create(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params, {"uri", "path"});
  switch (type_in(request.params).value_or(PathType::None)) {
    case PathType::Asset: return create_asset(client, request, path);
    case PathType::Channel: return submit(client, request, store::CreateChannel{path.path}, written_fields);
    case PathType::Folder: return submit(client, request, store::CreateFolder{path.path}, written_fields);
    case PathType::OmniObject: {
      auto content = content_in(client, request, path.path);
      if (!content) return client->fail(request, content.error());
      return submit(client, request, store::CreateObject{path.path, std::move(*content)}, written_fields);
    }
    case PathType::Mount: return not_implemented(client, request);
    case PathType::None: break;
  }
  client->fail(request, Status::InvalidParameters,
               "type is none that there is, and should be the name or the code of a type of paths");
}

// ---------------------------------------- channels

/// A client's place in a channel. One that does not read what is said loses it.
class Membership final : public Channels::Member, public Stream, public std::enable_shared_from_this<Membership> {
 public:
  Membership(const ApiClientPtr& client, const Ticket& ticket, std::string path)
      : client_(client),
        nucleus_(client->nucleus()),
        pool_(client->place().pool),
        members_(client->place().counters.channels),
        connection_(client->connection()),
        ticket_(ticket),
        path_(std::move(path)) {
    members_.add();
  }
  ~Membership() override { uncount(); }

  const std::string& connection() const override { return connection_; }
  bool may_hear() override {
    const auto client = client_.lock();
    if (!client) return false;
    const auto access = client->store().access(client->actor(), path_);
    return access && store::allows(*access, store::Access::Read);
  }
  bool hear(const Channels::Payload& payload) override {
    const auto client = client_.lock();
    return client && client->offer(*this, ticket_, {{"status", "OK"}}, payload);
  }
  void end(Channels::End why) override {
    const auto status = why == Channels::End::Deleted ? Status::NotExist : Status::AccessLost;
    if (const auto client = client_.lock()) client->finish(*this, ticket_, status);
  }
  /// By the pool, and not by the connection's worker: the channel may be telling its members something.
  void stop() override {
    uncount();  // here: where the pool ends before, it is destroyed with the channel, and not with its service
    pool_.run_in_time([self = shared_from_this()] { self->nucleus_.channels().leave(self->path_, self.get()); });
  }

 private:
  void uncount() {
    if (!uncounted_.exchange(true)) members_.add(-1);
  }

  const std::weak_ptr<ApiClient> client_;
  Nucleus& nucleus_;
  Pool& pool_;
  std::atomic<bool> uncounted_{false};
  const Metric members_;
  const std::string connection_;
  const Ticket ticket_;
  const std::string path_;
};

void join(const ApiClientPtr& client, const ApiRequest& request, const std::string& path) {
  auto membership = std::make_shared<Membership>(client, request, path);
  const auto since = client->store().transaction_id();
  // Looked up again: whoever has deleted it before `since` was known tells nobody.
  const auto still = client->store().stat(client->actor(), {path});
  if (!still) return client->fail(request, still.error());
  if (!client->add(request, membership)) return;
  auto& channels = client->nucleus().channels();
  channels.join(path, membership, since, [&] { client->tell(*membership, request, {{"status", "LATEST"}}); });
  // Whoever has stopped it in between did not find it there.
  if (!client->has(*membership, request.id)) channels.leave(path, membership.get());
}

void read(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params, {"uri", "path"});
  const auto entry = client->store().stat(client->actor(), path);
  if (!entry) return client->fail(request, entry.error());
  if (entry->type == store::PathType::Channel) return join(client, request, plain_path(path.path));
  read_asset(client, request, path);
}

void say(const ApiClientPtr& client, const ApiRequest& request, const std::string& path) {
  const auto access = client->store().access(client->actor(), path);
  if (!access) return client->fail(request, access.error());
  if (!store::allows(*access, store::Access::Write)) {
    return client->fail(request, Status::Denied, "To speak in a channel needs the right to write: " + path);
  }
  auto payload = request.blob ? request.blob : std::make_shared<const std::string>(text_in(request.params, "content"));
  if (!client->nucleus().channels().say(plain_path(path), client->connection(), std::move(payload))) {
    return client->fail(request, Status::InvalidParameters, "The message says that it comes from another connection");
  }
  client->answer(request, Json::object());
}

void update(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params, {"uri", "path"});
  const auto entry = client->store().stat(client->actor(), {path.path});
  if (!entry) return client->fail(request, entry.error());
  if (entry->type == store::PathType::Channel) return say(client, request, path.path);
  update_asset(client, request, path);
}

constexpr Command kChannelCommands[] = {
    {"create", Runs::InOrder, create, Login::Needed, Answers::Once, looks_at_rights},
    {"read", Runs::Beside, read, Login::Needed, Answers::Stream},
    {"update", Runs::InOrder, update, Login::Needed, Answers::Once, looks_always},
    {"set_path_options", Runs::AtOnce, not_implemented},
    {"set_path_options2", Runs::AtOnce, not_implemented},
    {"mount", Runs::AtOnce, not_implemented},
    {"unmount", Runs::AtOnce, not_implemented},
    {"get_mount_info", Runs::AtOnce, not_implemented},
};

}  // namespace

std::span<const Command> channel_commands() { return kChannelCommands; }

}  // namespace omnibroker::plugins::nucleus
