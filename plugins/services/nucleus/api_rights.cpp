// Access lists, users and groups.

#include "api_commands.hpp"

namespace omnibroker::plugins::nucleus {
namespace {

using Json = nlohmann::json;
using wire::Status;

Json words(store::Access access) {
  auto made = Json::array();
  if (store::allows(access, store::Access::Read)) made.push_back("read");
  if (store::allows(access, store::Access::Write)) made.push_back("write");
  if (store::allows(access, store::Access::Admin)) made.push_back("admin");
  return made;
}

Json list(const std::vector<store::AclEntry>& entries) {
  auto made = Json::array();
  for (const auto& entry : entries) made.push_back({{"name", entry.name}, {"acl", words(entry.access)}});
  return made;
}

/// `[{"name": "ann", "acl": ["read"]}]`. An unknown word is an error: it might have been a refusal.
std::vector<store::AclEntry> entries_in(const Json& params) {
  constexpr const char* kExpected = "an array of objects with name and acl";
  const auto* given = member(params, "acl");
  if (given == nullptr) throw BadParameter(std::string("acl is missing, and should be ") + kExpected);
  if (!given->is_array()) refuse_type("acl", *given, kExpected);
  std::vector<store::AclEntry> entries;
  for (const auto& one : *given) {
    if (!one.is_object()) refuse_type("acl[]", one, "an object with name and acl");
    store::AclEntry entry{text_in(one, "name")};
    if (entry.name.empty()) throw BadParameter("acl[].name is missing, and should be a user or a group");
    const auto rights = texts_in(one, "acl");
    if (!rights) throw BadParameter("acl[].acl is missing, and should be an array of read, write and admin");
    for (const auto& word : *rights) {
      if (word == "read") {
        entry.access = entry.access | store::Access::Read;
      } else if (word == "write") {
        entry.access = entry.access | store::Access::Write;
      } else if (word == "admin") {
        entry.access = entry.access | store::Access::Admin;
      } else {
        throw BadParameter("acl[].acl has another text in it, and should have read, write and admin");
      }
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

void get_acl(const ApiClientPtr& client, const ApiRequest& request) {
  const auto acl = client->store().acl(client->actor(), path_in(request.params).path);
  if (!acl) return client->fail(request, acl.error());
  client->answer(request, {{"acl", list(*acl)}});
}

void get_acl_resolved(const ApiClientPtr& client, const ApiRequest& request) {
  const auto acl = client->store().resolved_acl(client->actor(), path_in(request.params).path);
  if (!acl) return client->fail(request, acl.error());
  client->answer(request, {{"acl", list(*acl)}});
}

/// What a user may do there: for services that act for others.
void resolve_acl(const ApiClientPtr& client, const ApiRequest& request) {
  const auto caller = client->store().account(client->actor());
  if (!caller || !caller->admin) return client->fail(request, Status::Denied, "This is for super users");
  store::Actor actor{text_in(request.params, {"username", "user"}), {}};
  const auto access = client->store().access(actor, path_in(request.params).path);
  if (!access) return client->fail(request, access.error());
  client->answer(request, {{"acl", words(*access)}});
}

void set_acl(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, store::SetAcl{path_in(request.params).path, entries_in(request.params)},
         [](const store::Done&) { return Json::object(); });
}

/// Puts entries into the list, or in place of those with the same name; one without rights takes its name out.
void change_acl(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, store::ChangeAcl{path_in(request.params).path, entries_in(request.params)},
         [](const store::Done&) { return Json::object(); });
}

// ---------------------------------------- users and groups

/// Whether the user is there and may enter, as the store asks for everything that has a path; else it is answered.
bool is_somebody(const ApiClientPtr& client, const ApiRequest& request) {
  const auto account = client->store().account(client->actor());
  if (!account) client->fail(request, account.error());
  return static_cast<bool>(account);
}

void answer_names(const ApiClientPtr& client, const ApiRequest& request, const char* key,
                  const store::Result<std::vector<std::string>>& names) {
  if (!is_somebody(client, request)) return;
  if (!names) return client->fail(request, names.error());
  client->answer(request, {{key, *names}});
}

void get_groups(const ApiClientPtr& client, const ApiRequest& request) {
  answer_names(client, request, "groups", client->store().groups());
}

void get_group_users(const ApiClientPtr& client, const ApiRequest& request) {
  answer_names(client, request, "users", client->store().group_users(text_in(request.params, {"group", "groupname"})));
}

void get_user_groups(const ApiClientPtr& client, const ApiRequest& request) {
  answer_names(client, request, "groups", client->store().user_groups(text_in(request.params, {"user", "username"})));
}

void get_users(const ApiClientPtr& client, const ApiRequest& request) {
  if (!is_somebody(client, request)) return;
  const auto users = client->store().users();
  if (!users) return client->fail(request, users.error());
  auto names = Json::array();
  for (const auto& user : *users) names.push_back(user.name);
  client->answer(request, {{"users", std::move(names)}});
}

/// Submits a change of groups. Before it is answered it is known that rights are others now.
template <class Command, class Fields>
void change_groups(const ApiClientPtr& client, const ApiRequest& request, Command command, Fields fields) {
  submit(client, request, std::move(command), [client, fields](const typename Command::Answer& answer) {
    client->nucleus().rights_changed();
    return fields(answer);
  });
}

Json nothing(const store::Done&) { return Json::object(); }

void create_group(const ApiClientPtr& client, const ApiRequest& request) {
  submit(client, request, store::CreateGroup{text_in(request.params, {"group", "groupname"})}, nothing);
}

void rename_group(const ApiClientPtr& client, const ApiRequest& request) {
  store::RenameGroup command{text_in(request.params, {"group", "groupname"}),
                             text_in(request.params, {"new_group", "new_groupname"})};
  submit(client, request, std::move(command), nothing);
}

void remove_group(const ApiClientPtr& client, const ApiRequest& request) {
  change_groups(client, request, store::RemoveGroup{text_in(request.params, {"group", "groupname"})},
                [](std::uint64_t count) {
                  return Json{{"change_count", count}};
                });
}

template <class Command>
void change_group(const ApiClientPtr& client, const ApiRequest& request) {
  Command command{text_in(request.params, {"user", "username"}), text_in(request.params, {"group", "groupname"})};
  change_groups(client, request, std::move(command), nothing);
}

constexpr Command kRightCommands[] = {
    {"get_acl", Runs::Beside, get_acl},
    {"get_acl_v2", Runs::Beside, get_acl},
    {"get_acl_resolved", Runs::Beside, get_acl_resolved},
    {"service_resolve_acl", Runs::Beside, resolve_acl},
    {"change_acl", Runs::InOrder, change_acl},
    {"set_acl_v2", Runs::InOrder, set_acl},
    {"get_groups", Runs::Beside, get_groups},
    {"get_group_users", Runs::Beside, get_group_users},
    {"create_group", Runs::InOrder, create_group},
    {"rename_group", Runs::InOrder, rename_group},
    {"remove_group", Runs::InOrder, remove_group},
    {"get_users", Runs::Beside, get_users},
    {"get_user_groups", Runs::Beside, get_user_groups},
    {"add_user_to_group", Runs::InOrder, change_group<store::AddToGroup>},
    {"remove_user_from_group", Runs::InOrder, change_group<store::RemoveFromGroup>},
};

}  // namespace

std::span<const Command> rights_commands() { return kRightCommands; }

}  // namespace omnibroker::plugins::nucleus
