// What is where: stat, lists, and the subscriptions to lists.

#include "api_commands.hpp"

#include <optional>
#include <set>

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::Status;

/// `include`, `only`, or nothing: what is deleted softly can be listed, too. Ours.
store::Deleted deleted_in(const Json& params) {
  const auto word = text_in(params, "deleted");
  if (word.empty()) return store::Deleted::Exclude;
  if (word == "include") return store::Deleted::Include;
  if (word == "only") return store::Deleted::Only;
  throw BadParameter("deleted is another text, and should be include or only");
}

void stat2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto entry = client->store().stat(client->actor(), path_in(request.params), deleted_in(request.params));
  if (!entry) return client->fail(request, entry.error());
  client->answer(request, wire::to_json(entry_of(*entry)));
}

// ---------------------------------------- lists

/// The types of paths that `types`, a name, a code, or an array of these, asks for.
void add_types(const char* name, const Json& types, std::set<wire::PathType>& into) {
  constexpr const char* kExpected = "the name or the code of a type of paths";
  const auto add = [&](const Json& one) {
    std::optional<wire::PathType> type;
    if (one.is_string()) type = wire::path_type_of(one.get_ref<const std::string&>());
    if (one.is_number_unsigned()) type = wire::path_type_of(one.get<std::uint64_t>());
    if (!one.is_string() && !one.is_number_unsigned()) refuse_type(name, one, kExpected);
    if (!type) throw BadParameter(std::string(name) + " is no type of paths, and should be " + kExpected);
    into.insert(*type);
  };
  if (!types.is_array()) return add(types);
  for (const auto& type : types) add(type);
}

/// A listing that is being sent: page by page, as the client reads, one folder after the other.
class Listing final : public Stream, public std::enable_shared_from_this<Listing> {
 public:
  Listing(ApiClientPtr client, const ApiRequest& request) : client_(std::move(client)), ticket_(request) {
    const auto& params = request.params;
    folders_.push_back(path_in(params).path);
    query_.show_hidden = flag_in(params, "show_hidden");
    query_.deleted = deleted_in(params);
    recursive_ = flag_in(params, "recursive");
    if (auto branches = branches_in(params); !branches.empty()) query_.branches = std::move(branches);
    for (const char* key : {"path_types", "type"}) {
      if (const auto* types = member(params, key)) add_types(key, *types, types_);
    }
  }

  void stop() override {}
  bool ends() const override { return true; }

  void go_on() {
    auto page = client_->store().list(client_->actor(), folders_.back(), query_);
    if (page) {
      if (!take(*page)) return;
    } else if (top_ || !has_gone(page.error())) {
      return client_->finish(*this, ticket_, page.error());
    } else {
      // A folder below has gone meanwhile, or may not be read: what is left is listed.
      folders_.pop_back();
      query_.after.clear();
    }
    if (!folders_.empty()) return later();
    client_->finish(*this, ticket_, Json{{"status", "DONE"}});
  }

 private:
  static bool has_gone(const store::Error& error) {
    return error.code == store::Code::NotExist || error.code == store::Code::Denied ||
           error.code == store::Code::InvalidUri || error.code == store::Code::InvalidParameters;
  }

  /// False: nobody wants more.
  bool take(const store::Page& page) {
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
    if (page.next.empty()) top_ = false;
    // What is in this folder comes first, then what is below.
    folders_.insert(folders_.begin(), below.rbegin(), below.rend());
    const auto status = folders_.empty() ? Status::Ok : Status::PartiallyCompleted;
    return client_->tell(*this, ticket_,
                         {{"status", wire::name(status)}, {"path", folder}, {"entries", std::move(entries)}});
  }

  void later() {
    client_->read_on([self = shared_from_this()] { self->go_on(); });
  }

  const ApiClientPtr client_;
  const Ticket ticket_;
  store::ListQuery query_;
  std::set<wire::PathType> types_;
  std::vector<std::string> folders_;  // the last one is being listed
  bool recursive_ = false;
  bool top_ = true;  // it is still the folder that was asked for
};

void list2(const ApiClientPtr& client, const ApiRequest& request) {
  const auto listing = std::make_shared<Listing>(client, request);
  if (client->add(request, listing)) listing->go_on();
}

// ---------------------------------------- subscriptions

/// Somebody wants to know what changes in a folder, or everywhere. A client that does not read loses it.
class ListSubscription final : public Hub::Subscription,
                               public Stream,
                               public std::enable_shared_from_this<ListSubscription> {
 public:
  ListSubscription(const ApiClientPtr& client, const Ticket& ticket, Hub::Of of, std::string path)
      : client_(client), nucleus_(client->nucleus()), ticket_(ticket), of_(of), path_(std::move(path)) {}

  /// Begins: what happens from here on is told, behind the answer.
  void start(ApiClient& client) {
    {
      const std::lock_guard lock(mutex_);
      nucleus_.hub().add(of_, path_, client.store(), shared_from_this());
      // Looked at again: what was deleted before it was added nobody tells it.
      const auto there = client.store().stat(client.actor(), {path_});
      if (there) {
        client.tell(*this, ticket_, {{"status", "LATEST"}});
      } else {
        client.finish(*this, ticket_, there.error());
      }
    }
    // Whoever has stopped it in between did not find it there.
    if (!client.has(*this, ticket_.id)) stop();
  }

  bool tell(const store::Change& change) override {
    const std::lock_guard lock(mutex_);
    const auto client = client_.lock();
    if (!client) return false;
    const bool own = of_ == Hub::Of::Folder && plain_path(change.entry.path) == path_;
    const bool comes = !own && of_ == Hub::Of::Folder && change.event == store::PathEvent::Rename &&
                       plain_path(parent_of(change.entry.path)) != path_;
    const bool goes = own && (change.event == store::PathEvent::Delete || change.event == store::PathEvent::Rename ||
                              change.event == store::PathEvent::Obliterate);
    auto entry = entry_of(change.entry);
    auto event = store::wire_name(change.event);
    if (comes) {
      entry.path = change.destination;
      event = "create";
    } else {
      entry.destination = change.destination;
    }
    entry.access = access(*client, comes ? change.destination_rights : change.rights);
    if ((entry.access & wire::kRead) == 0) {  // it is not for him to know
      if (goes) client->finish(*this, ticket_, Status::AccessLost);
      return !goes && (!own || check_now(*client));
    }
    // Where it has gone to may be closed to him.
    if (!comes && !entry.destination.empty() && (access(*client, change.destination_rights) & wire::kRead) == 0) {
      entry.destination.clear();
      event = store::wire_name(store::PathEvent::Delete);
    }
    if (!client->offer(*this, ticket_, {{"status", "OK"}, {"event", event}, {"entry", wire::to_json(entry)}})) {
      return false;
    }
    if (goes) client->finish(*this, ticket_, Status::NotExist);
    return !goes;
  }
  bool check() override {
    const std::lock_guard lock(mutex_);
    const auto client = client_.lock();
    return client && check_now(*client);
  }
  void lost() override {
    if (const auto client = client_.lock()) client->finish(*this, ticket_, Status::AccessLost);
  }
  void stop() override { nucleus_.hub().remove(of_, path_, this); }

 private:
  static std::uint8_t access(const ApiClient& client, const std::shared_ptr<const store::RightsThen>& then) {
    const auto access = then ? client.store().access(client.actor(), *then) : store::Access::None;
    return access ? static_cast<std::uint8_t>(*access) : std::uint8_t{0};
  }
  /// Whether he may still know what is there; else it ends.
  bool check_now(ApiClient& client) {
    if (of_ == Hub::Of::Everything) {
      const auto user = client.store().account(client.actor());
      if (user && user->admin) return true;
    } else {
      const auto access = client.store().access(client.actor(), path_);
      if (access && store::allows(*access, store::Access::Read)) return true;
    }
    client.finish(*this, ticket_, Status::AccessLost);
    return false;
  }

  const std::weak_ptr<ApiClient> client_;
  Nucleus& nucleus_;
  const Ticket ticket_;
  const Hub::Of of_;
  const std::string path_;  // without '/' at its end
  std::mutex mutex_;        // held while something is told
};

void subscribe(const ApiClientPtr& client, const ApiRequest& request, Hub::Of of, const std::string& path) {
  auto subscription = std::make_shared<ListSubscription>(client, request, of, path);
  if (client->add(request, subscription)) subscription->start(*client);
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
  const auto user = client->store().account(client->actor());
  if (!user || !user->admin) return client->fail(request, Status::Denied, "This is for super users");
  subscribe(client, request, Hub::Of::Everything, "/");
}

constexpr Command kListingCommands[] = {
    {"stat2", Runs::Beside, stat2},
    {"list2", Runs::Beside, list2, Login::Needed, Answers::Stream},
    {"list", Runs::Beside, list2, Login::Needed, Answers::Stream},
    {"subscribe_list", Runs::Beside, subscribe_list, Login::Needed, Answers::Stream},
    {"service_subscribe_list", Runs::Beside, service_subscribe_list, Login::Needed, Answers::Stream},
};

}  // namespace

std::span<const Command> listing_commands() { return kListingCommands; }

}  // namespace omnibroker::plugins::nucleus
