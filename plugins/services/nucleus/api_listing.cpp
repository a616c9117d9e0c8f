// What is where: stat, lists, and the subscriptions to lists.

#include "api_commands.hpp"

#include <algorithm>
#include <set>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::Status;

/// `include`, `only`, or nothing: what is deleted softly can be listed, too. Ours.
store::Deleted deleted_in(const Json& params) {
  const auto word = wire::text_of(params, "deleted");
  if (word == "include") return store::Deleted::Include;
  return word == "only" ? store::Deleted::Only : store::Deleted::Exclude;
}

void stat2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto entry = client->store().stat(client->actor(), path_in(request.params), deleted_in(request.params));
  if (!entry) return client->fail(request, entry.error());
  client->answer(request, wire::to_json(entry_of(*entry)));
}

// ---------------------------------------- lists

/// A listing that is being sent: page by page, as the client reads, one folder after the other.
class Listing final : public std::enable_shared_from_this<Listing> {
 public:
  Listing(ApiClientPtr client, ApiRequest request) : client_(std::move(client)), request_(std::move(request)) {
    const auto& params = request_.params;
    folders_.push_back(path_in(params).path);
    query_.show_hidden = flag_in(params, "show_hidden");
    query_.deleted = deleted_in(params);
    recursive_ = flag_in(params, "recursive");
    if (const auto branches = params.find("branches"); branches != params.end() && !branches->empty()) {
      query_.branches = branches->get<std::vector<std::string>>();
    }
    for (const char* key : {"path_types", "type"}) {
      if (const auto types = params.find(key); types != params.end()) add_types(*types);
    }
  }

  void go_on() {
    auto page = client_->store().list(client_->actor(), folders_.back(), query_);
    if (!page) {
      if (first_) return client_->fail(request_, page.error());
      // A folder below has gone meanwhile, or may not be read: what is left is listed.
      folders_.pop_back();
      query_.after.clear();
    } else {
      take(*page);
    }
    if (!folders_.empty()) return later();
    client_->answer(request_, {{"status", "DONE"}});
  }

 private:
  void add_types(const Json& types) {
    if (types.is_array()) {
      for (const auto& type : types) add_types(type);
    } else if (types.is_string()) {
      if (const auto type = wire::path_type_of(types.get_ref<const std::string&>())) types_.insert(*type);
    } else if (types.is_number_unsigned()) {
      if (const auto type = wire::path_type_of(types.get<std::uint64_t>())) types_.insert(*type);
    }
  }

  void take(const store::Page& page) {
    auto entries = Json::array();
    std::vector<std::string> below;
    for (const auto& entry : page.entries) {
      if (recursive_ && entry.type == store::PathType::Folder) below.push_back(entry.path);
      auto made = entry_of(entry);
      if (types_.empty() || types_.contains(made.type)) entries.push_back(wire::to_json(made));
    }
    query_.after = page.next;
    const auto folder = folders_.back();
    if (page.next.empty()) folders_.pop_back();
    // What is in this folder comes first, then what is below.
    folders_.insert(folders_.begin(), below.rbegin(), below.rend());
    const auto status = folders_.empty() ? Status::Ok : Status::PartiallyCompleted;
    client_->more(request_.id, {{"status", wire::name(status)}, {"path", folder}, {"entries", std::move(entries)}});
    first_ = false;
  }

  void later() {
    client_->outbox().when_there_is_room([self = shared_from_this()] {
      self->client_->place().pool.run_in_time([self] {
        if (!self->client_->outbox().closed()) self->go_on();
      });
    });
  }

  const ApiClientPtr client_;
  const ApiRequest request_;
  store::ListQuery query_;
  std::set<wire::PathType> types_;
  std::vector<std::string> folders_;  // the last one is being listed
  bool recursive_ = false;
  bool first_ = true;
};

void list2(const ApiClientPtr& client, const ApiRequest& request) {
  std::make_shared<Listing>(client, request)->go_on();
}

// ---------------------------------------- subscriptions

/// Somebody wants to know what changes in a folder, or everywhere. A client that does not read loses it.
class ListSubscription final : public Hub::Subscription,
                               public Stream,
                               public std::enable_shared_from_this<ListSubscription> {
 public:
  ListSubscription(const ApiClientPtr& client, std::uint64_t id, Hub::Of of, std::string path)
      : client_(client), nucleus_(client->nucleus()), id_(id), of_(of), path_(std::move(path)) {}

  /// Begins: what happens from here on is told, behind the answer.
  void start(const ApiClientPtr& client, const ApiRequest& request) {
    const std::lock_guard lock(mutex_);
    nucleus_.hub().add(of_, path_, client->store(), shared_from_this());
    client->begun(request, {{"status", "LATEST"}});
  }

  bool tell(const store::Change& change) override {
    const std::lock_guard lock(mutex_);
    const auto client = client_.lock();
    if (!client) return false;
    auto entry = entry_of(change.entry);
    auto event = store::wire_name(change.event);
    const bool moved_in = of_ == Hub::Of::Folder && change.event == store::PathEvent::Rename &&
                          plain_path(parent_of(change.entry.path)) != path_;
    if (moved_in) {
      entry.path = change.destination;
      event = "create";
    } else {
      entry.destination = change.destination;
    }
    const auto access = client->store().access(client->actor(), entry.path);
    entry.access = access ? static_cast<std::uint8_t>(*access) : std::uint8_t{0};
    const bool own = of_ == Hub::Of::Folder && plain_path(change.entry.path) == path_;
    const bool lost = own && !may_read(*client);
    if (lost) return end(*client, Status::AccessLost), false;
    if ((entry.access & wire::kRead) == 0) return true;  // it is not for him to know
    const bool gone = own && (change.event == store::PathEvent::Delete || change.event == store::PathEvent::Rename ||
                              change.event == store::PathEvent::Obliterate);
    Json fields = {{"status", "OK"}, {"event", event}, {"entry", wire::to_json(entry)}};
    if (!client->offer(id_, std::move(fields))) {
      client->note_slow(id_);
      return end(*client, Status::QuotaReached), false;
    }
    if (gone) return end(*client, Status::NotExist), false;
    return true;
  }
  void lost() override {
    if (const auto client = client_.lock()) end(*client, Status::AccessLost);
  }
  void stop() override { nucleus_.hub().remove(of_, path_, this); }

 private:
  static void end_message(ApiClient& client, std::uint64_t id, Status status) {
    client.more(id, {{"status", wire::name(status)}, {"fin", true}});
  }
  bool may_read(const ApiClient& client) const {
    const auto access = client.store().access(client.actor(), path_);
    return access && store::allows(*access, store::Access::Read);
  }
  void end(ApiClient& client, Status status) {
    if (client.remove(id_)) end_message(client, id_, status);
  }

  const std::weak_ptr<ApiClient> client_;
  Nucleus& nucleus_;
  const std::uint64_t id_;
  const Hub::Of of_;
  const std::string path_;  // without '/' at its end
  std::mutex mutex_;        // held while something is told
};

void subscribe(const ApiClientPtr& client, const ApiRequest& request, Hub::Of of, const std::string& path) {
  auto subscription = std::make_shared<ListSubscription>(client, request.id, of, path);
  if (!client->add(request.id, subscription)) {
    return client->fail(request, Status::QuotaReached, "There are too many subscriptions, or one with this id");
  }
  subscription->start(client, request);
  if (client->outbox().closed()) client->nucleus().hub().remove(of, path, subscription.get());
}

void subscribe_list(const ApiClientPtr& client, const ApiRequest& request) {
  const auto path = path_in(request.params).path;
  const auto entry = client->store().stat(client->actor(), {path});
  if (!entry) return client->fail(request, entry.error());
  if (entry->type != store::PathType::Folder)
    return client->fail(request, Status::InvalidParameters, "It is no folder");
  subscribe(client, request, Hub::Of::Folder, plain_path(path));
}

void service_subscribe_list(const ApiClientPtr& client, const ApiRequest& request) {
  const auto user = client->store().user(client->actor().user);
  if (!user || !user->admin) return client->fail(request, Status::Denied, "This is for super users");
  subscribe(client, request, Hub::Of::Everything, "/");
}

constexpr Command kCommands[] = {
    {"stat2", Runs::Beside, stat2},
    {"list2", Runs::Beside, list2},
    {"list", Runs::Beside, list2},
    {"subscribe_list", Runs::Beside, subscribe_list},
    {"service_subscribe_list", Runs::Beside, service_subscribe_list},
};

}  // namespace

std::span<const Command> listing_commands() { return kCommands; }

}  // namespace omnibroker::plugins::nucleus
