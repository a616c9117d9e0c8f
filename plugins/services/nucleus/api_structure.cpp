// Folders, rename, copy, delete; checkpoints and branches; locks.

#include "api_commands.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

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

/// Several changes of one request: an answer for each, in their order, and one at the end. Some of them at a time are
/// with the store, and the next ones when these are done and the client reads; changes of other requests wait behind.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::size_t kAtOnce = 256;

  /// `submit`: hands the change with a number to the store, which answers by `answer` or `fail`.
  using Submit = std::function<void(const std::shared_ptr<Batch>&, std::size_t)>;
  Batch(const ApiClientPtr& client, const Ticket& ticket, std::size_t count, Submit submit)
      : client_(client), ticket_(ticket), submit_(std::move(submit)), answers_(count) {}

  ApiClient& client() const { return *client_; }

  void begin() {
    if (answers_.size() > kAtOnce) client_->hold_changes();
    goes_on_ = true;  // nobody else has it yet
    go_on();
  }

  /// Of the change with this number. One that is refused at once is answered before those that wait for the disk: it is
  /// kept until they are. The last one ends the request.
  void answer(std::size_t number, Json fields) {
    const std::lock_guard lock(mutex_);
    answers_[number] = std::move(fields);
    for (; next_ < answers_.size() && !answers_[next_].is_null(); ++next_) {
      client_->more(ticket_, std::exchange(answers_[next_], nullptr));
    }
    if (next_ == answers_.size()) return client_->answer(ticket_, {{"status", "DONE"}});
    const bool few = begun_ < answers_.size() && begun_ - next_ <= kAtOnce / 2;
    if (few && !std::exchange(goes_on_, true)) go_on_later();
  }
  void fail(std::size_t number, const store::Error& error, Json fields) {
    client_->nucleus().refused(error);
    const auto status = status_of(error.code);
    client_->place().counters.failed(status);
    fields["status"] = wire::name(status);
    fields["message"] = error.message;
    answer(number, std::move(fields));
  }

 private:
  /// Not at once: this may be the store's writer, or within the submitting of the one that was answered.
  void go_on_later() {
    client_->outbox().when_there_is_room(
        [self = shared_from_this()] { self->client_->place().pool.run_in_time([self] { self->go_on(); }); });
  }
  /// One thread at a time, so that they are done in their order.
  void go_on() {
    while (true) {
      std::size_t number = 0;
      {
        const std::lock_guard lock(mutex_);
        goes_on_ = begun_ < answers_.size() && begun_ - next_ < kAtOnce;
        if (!goes_on_) return;
        number = begun_++;
      }
      submit_(shared_from_this(), number);
      if (number + 1 == answers_.size() && answers_.size() > kAtOnce) client_->go_on_with_changes();
    }
  }

  const ApiClientPtr client_;
  const Ticket ticket_;
  const Submit submit_;
  std::mutex mutex_;
  std::size_t begun_ = 0;      // guarded by mutex_, as the next ones
  std::size_t next_ = 0;       // the first one that has not been answered
  bool goes_on_ = false;       // somebody goes on, or will
  std::vector<Json> answers_;  // null: there is none yet, or it has been sent
};

/// False: it has been refused, because there are too many.
bool are_not_too_many(const ApiClientPtr& client, const ApiRequest& request, const Json& items) {
  if (items.size() <= Batch::kMost) return true;
  client->fail(request, Status::InvalidParameters,
               "There are " + std::to_string(items.size()) + " paths, and should be at most " +
                   std::to_string(Batch::kMost) + " in one request");
  return false;
}

const Json& items_in(const Json& params, std::initializer_list<const char*> names) {
  static const Json none = Json::array();
  for (const char* name : names) {
    const auto* found = member(params, name);
    if (found == nullptr) continue;
    if (!found->is_array()) refuse_type(name, *found, "an array");
    return *found;
  }
  return none;
}

store::Copy copy_in(const Json& item) {
  if (!item.is_object()) refuse_type("paths_to_copy[]", item, "an object with src and dst");
  const auto to = path_in(item, {"dst", "dst_path", "to"});
  store::Copy command{path_in(item, {"src", "src_path", "uri"}), to.path, to.branch};
  command.overwrite = flag_in(item, "overwrite");
  command.checkpoint_message = message_in(item);
  return command;
}

void copy2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto& items = items_in(request.params, {"paths_to_copy", "paths"});
  if (items.empty()) return client->answer(request, {{"status", "DONE"}});
  if (!are_not_too_many(client, request, items)) return;
  const bool overwrite = flag_in(request.params, "overwrite");
  std::vector<store::Copy> commands;
  for (const auto& item : items) {  // all are read before the first one is done
    commands.push_back(copy_in(item));
    commands.back().overwrite = commands.back().overwrite || overwrite;
  }
  auto submit = [commands = std::move(commands)](const std::shared_ptr<Batch>& batch, std::size_t i) {
    auto answered = [batch, i, from = commands[i].from.path,
                     to = commands[i].to](const store::Result<store::Written>& result) {
      Json fields = {{"src", {{"path", from}}}, {"dst", {{"path", to}}}};
      if (!result) return batch->fail(i, result.error(), std::move(fields));
      fields.update(written_fields(*result));
      fields["status"] = "OK";
      batch->answer(i, std::move(fields));
    };
    batch->client().submit(commands[i], std::move(answered));
  };
  const auto count = items.size();
  std::make_shared<Batch>(client, request, count, std::move(submit))->begin();
}

void copy(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, copy_in(request.params), written_fields);
}

/// Files and empty folders.
void delete2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto& items = items_in(request.params, {"paths"});
  if (items.empty()) return client->answer(request, {{"status", "DONE"}});
  if (!are_not_too_many(client, request, items)) return;
  std::vector<store::PathAtVersion> paths;
  for (const auto& item : items) {
    if (!item.is_string() && !item.is_object())
      refuse_type("paths[]", item, "a text, or an object with path and branch");
    paths.push_back(item.is_string() ? store::PathAtVersion{item.get<std::string>()}
                                     : store::PathAtVersion{text_in(item, "path"), text_in(item, "branch")});
  }
  auto submit = [paths = std::move(paths)](const std::shared_ptr<Batch>& batch, std::size_t i) {
    store::Delete command{paths[i].path, store::Recursion::Single};
    if (!paths[i].branch.empty()) command.branch = paths[i].branch;
    auto answered = [batch, i, path = paths[i].path](const store::Result<std::uint64_t>& result) {
      if (!result) return batch->fail(i, result.error(), {{"path", path}});
      batch->answer(i, {{"status", "OK"}, {"path", path}});
    };
    batch->client().submit(std::move(command), std::move(answered));
  };
  const auto count = items.size();
  std::make_shared<Batch>(client, request, count, std::move(submit))->begin();
}

/// With all that is in it.
void delete_all(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params).path;
  store::Delete command{path, store::Recursion::Recursive};
  client->submit(std::move(command),
                 [client, ticket = Ticket(request), path](const store::Result<std::uint64_t>& result) {
                   if (!result) return client->fail(ticket, result.error());
                   client->more(ticket, {{"status", "OK"}, {"path", path}, {"count", *result}});
                   client->answer(ticket, {{"status", "DONE"}});
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
  const auto before = number_in(request.params, "before");  // ours
  const auto checkpoints = client->store().checkpoints(client->actor(), path.path, path.branch, before);
  if (!checkpoints) return client->fail(request, checkpoints.error());
  auto entries = Json::array();
  for (const auto& one : *checkpoints) entries.push_back(checkpoint_fields(one, path));
  Json fields = {{"checkpoints", std::move(entries)}};
  if (!checkpoints->empty() && checkpoints->front().number > 1) fields["older"] = true;  // ours: there are more
  client->answer(request, std::move(fields));
}

void get_branches(const ApiClientPtr& client, const ApiRequest& request) {
  const auto branches = client->store().branches(client->actor(), path_in(request.params).path);
  if (!branches) return client->fail(request, branches.error());
  client->answer(request, {{"branches", *branches}});
}

// ---------------------------------------- locks

void lock(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params);
  store::LockPath command{path.path, path.branch, number_in(request.params, "etag")};
  if (const auto wanted = seconds_in(request.params, "duration")) {
    constexpr double kMost = 365.0 * 24 * 3600;
    if (!(*wanted > 0 && *wanted <= kMost)) {
      return client->fail(request, Status::InvalidParameters,
                          "duration is out of range, and should be more than 0 seconds and at most a year");
    }
    command.duration = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*wanted));
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

constexpr Command kStructureCommands[] = {
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

std::span<const Command> structure_commands() { return kStructureCommands; }

}  // namespace omnibroker::plugins::nucleus
