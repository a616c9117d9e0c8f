// Folders, rename, copy, delete; checkpoints and branches; locks.

#include "api_commands.hpp"

#include <atomic>
#include <chrono>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::Status;

void create_directory(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, store::CreateFolder{path_in(request.params).path}, written_fields);
}

void rename(const ApiClientPtr& client, const ApiRequest& request) {
  store::Rename command{text_in(request.params, {"src_path", "src", "from", "uri", "path"}),
                        text_in(request.params, {"dst_path", "dst", "to", "new_uri", "new_path"})};
  submit(client, request, std::move(command), written_fields);
}

// ---------------------------------------- many at one time

/// Several changes of one request: an answer for each, in their order, and one at the end.
class Batch {
 public:
  Batch(const ApiClientPtr& client, const ApiRequest& request, std::size_t count)
      : client_(client), request_(request), left_(count) {}

  /// The last one of the changes ends the request. The store answers in the order in which it was asked.
  void answer(Json fields) {
    client_->more(request_.id, std::move(fields));
    if (--left_ == 0) client_->answer(request_, {{"status", "DONE"}});
  }
  void fail(const store::Error& error, Json fields) {
    fields["status"] = wire::name(status_of(error.code));
    fields["message"] = error.message;
    answer(std::move(fields));
  }

 private:
  const ApiClientPtr client_;
  const ApiRequest request_;
  std::atomic<std::size_t> left_;
};

const Json& items_in(const Json& params, std::initializer_list<const char*> names) {
  static const Json none = Json::array();
  for (const char* name : names) {
    const auto found = params.find(name);
    if (found != params.end() && found->is_array()) return *found;
  }
  return none;
}

store::Copy copy_in(const Json& item) {
  const auto to = path_in(item, {"dst", "dst_path", "to"});
  store::Copy command{path_in(item, {"src", "src_path", "uri"}), to.path, to.branch};
  command.overwrite = flag_in(item, "overwrite");
  command.checkpoint_message = message_in(item);
  return command;
}

void copy2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto& items = items_in(request.params, {"paths_to_copy", "paths"});
  if (items.empty()) return client->answer(request, {{"status", "DONE"}});
  const auto batch = std::make_shared<Batch>(client, request, items.size());
  const bool overwrite = flag_in(request.params, "overwrite");
  std::vector<store::Copy> commands;
  for (const auto& item : items) {  // all are read before the first one is done
    commands.push_back(copy_in(item));
    commands.back().overwrite = commands.back().overwrite || overwrite;
  }
  for (auto& command : commands) {
    Json fields = {{"src", {{"path", command.from.path}}}, {"dst", {{"path", command.to}}}};
    client->store().submit(client->actor(), std::move(command),
                           [batch, fields](store::Result<store::Written> result) mutable {
                             if (!result) return batch->fail(result.error(), std::move(fields));
                             fields.update(written_fields(*result));
                             fields["status"] = "OK";
                             batch->answer(std::move(fields));
                           });
  }
}

void copy(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, copy_in(request.params), written_fields);
}

/// Files and empty folders.
void delete2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto& items = items_in(request.params, {"paths"});
  if (items.empty()) return client->answer(request, {{"status", "DONE"}});
  const auto batch = std::make_shared<Batch>(client, request, items.size());
  std::vector<store::PathAtVersion> paths;
  for (const auto& item : items) paths.push_back(path_in(Json{{"path", item}}));
  for (auto& path : paths) {
    store::Delete command{path.path, store::Recursion::Single};
    if (!path.branch.empty()) command.branch = path.branch;
    client->store().submit(client->actor(), std::move(command),
                           [batch, path](const store::Result<std::uint64_t>& result) {
                             if (!result) return batch->fail(result.error(), {{"path", path.path}});
                             batch->answer({{"status", "OK"}, {"path", path.path}});
                           });
  }
}

/// With all that is in it.
void delete_all(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params).path;
  store::Delete command{path, store::Recursion::Recursive};
  client->store().submit(client->actor(), std::move(command),
                         [client, request, path](const store::Result<std::uint64_t>& result) {
                           if (!result) return client->fail(request, result.error());
                           client->more(request.id, {{"status", "OK"}, {"path", path}, {"count", *result}});
                           client->answer(request, {{"status", "DONE"}});
                         });
}

void undelete(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, store::Undelete{path_in(request.params).path}, written_fields);
}

void obliterate(const ApiClientPtr& client, const ApiRequest& request) {
  const auto checkpoints =
      flag_in(request.params, "obliterate_checkpoints") ? store::Checkpoints::Obliterate : store::Checkpoints::Keep;
  submit(client, request, store::Obliterate{path_in(request.params).path, checkpoints},
         [](const store::Done&) { return Json::object(); });
}

void get_transaction_id(const ApiClientPtr& client, const ApiRequest& request) {
  client->answer(request, {{"transaction_id", std::to_string(client->store().transaction_id())}});
}

// ---------------------------------------- checkpoints

Json checkpoint_fields(const store::Checkpoint& checkpoint, const store::PathAtVersion& path) {
  return {{"path", path.path},
          {"branch", path.branch},
          {"checkpoint", checkpoint.number},
          {"etag", std::to_string(checkpoint.etag)},
          {"size", checkpoint.size},
          {"hash_type", wire::kHashType},
          {"hash_value", checkpoint.hash},
          {"hash_bsize", wire::kHashBlock},
          {"message", checkpoint.message},
          {"created_timestamp", seconds(checkpoint.created)},
          {"created_by", checkpoint.created_by}};
}

void checkpoint_version(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params);
  store::CreateCheckpoint command{path.path, path.branch, message_in(request.params).value_or("")};
  command.force = flag_in(request.params, "force");
  submit(client, request, std::move(command),
         [path](const store::Checkpoint& checkpoint) { return checkpoint_fields(checkpoint, path); });
}

void replace_version(const ApiClientPtr& client, const ApiRequest& request) {
  auto command = copy_in(request.params);
  command.overwrite = true;
  submit(client, request, std::move(command), written_fields);
}

void get_checkpoints(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params);
  const auto checkpoints = client->store().checkpoints(client->actor(), path.path, path.branch);
  if (!checkpoints) return client->fail(request, checkpoints.error());
  auto entries = Json::array();
  for (const auto& one : *checkpoints) entries.push_back(checkpoint_fields(one, path));
  client->answer(request, {{"checkpoints", std::move(entries)}});
}

void get_branches(const ApiClientPtr& client, const ApiRequest& request) {
  const auto branches = client->store().branches(client->actor(), path_in(request.params).path);
  if (!branches) return client->fail(request, branches.error());
  client->answer(request, {{"branches", *branches}});
}

// ---------------------------------------- locks

void lock(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params);
  store::LockPath command{path.path, path.branch, wire::number_of(request.params, "etag")};
  if (const auto given = request.params.find("duration"); given != request.params.end() && !given->is_null()) {
    constexpr double kMost = 365.0 * 24 * 3600;
    const auto wanted = given->get<double>();
    if (!(wanted > 0 && wanted <= kMost)) {
      return client->fail(request, Status::InvalidParameters,
                          "A lock's duration is a number of seconds, at most a year");
    }
    command.duration = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(wanted));
  }
  submit(client, request, std::move(command), [](const store::Lock& made) {
    return Json{{"locked_by", made.user},
                {"lock_owner", made.connection},
                {"lock_time", seconds(made.since)},
                {"lock_etag", std::to_string(made.etag)}};
  });
}

void unlock(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params);
  submit(client, request, store::UnlockPath{path.path, path.branch, flag_in(request.params, "force")},
         [](const store::Done&) { return Json::object(); });
}

constexpr Command kCommands[] = {
    {"create_directory", Runs::InOrder, create_directory},
    {"rename", Runs::InOrder, rename},
    {"rename2", Runs::InOrder, rename},
    {"copy", Runs::InOrder, copy},
    {"copy2", Runs::InOrder, copy2},
    {"delete", Runs::InOrder, delete_all},
    {"delete2", Runs::InOrder, delete2},
    {"undelete", Runs::InOrder, undelete},
    {"obliterate", Runs::InOrder, obliterate},
    {"get_transaction_id", Runs::Beside, get_transaction_id},
    {"checkpoint_version", Runs::InOrder, checkpoint_version},
    {"replace_version", Runs::InOrder, replace_version},
    {"get_checkpoints", Runs::Beside, get_checkpoints},
    {"get_branches", Runs::Beside, get_branches},
    {"lock", Runs::InOrder, lock},
    {"unlock", Runs::InOrder, unlock},
};

}  // namespace

std::span<const Command> structure_commands() { return kCommands; }

}  // namespace omnibroker::plugins::nucleus
