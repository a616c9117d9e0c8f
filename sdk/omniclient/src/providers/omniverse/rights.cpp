// Access lists, users and groups.
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/service.hpp"

#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;

Json words(std::uint32_t access) {
  auto made = Json::array();
  if ((access & fOmniClientAccess_Read) != 0) made.push_back("read");
  if ((access & fOmniClientAccess_Write) != 0) made.push_back("write");
  if ((access & fOmniClientAccess_Admin) != 0) made.push_back("admin");
  return made;
}

void ask_names(Session& session, const OperationPtr& operation, const char* command, const Json& params,
               const char* key, Done<NamesReply> done) {
  session.call(make_call(operation, command, params), [key, done = std::move(done)](const Answer& answer) {
    auto reply = reply_of<NamesReply>(answer);
    if (reply.result != kOk) return done(std::move(reply));
    const auto names = answer.fields.find(key);
    if (names != answer.fields.end() && names->is_array()) {
      for (const auto& name : *names) {
        if (name.is_string()) reply.names.push_back(name.get<std::string>());
      }
    }
    done(std::move(reply));
  });
}

}  // namespace

void Service::get_acls(OperationPtr operation, const Url& url, Done<AclReply> done) {
  session(url)->call(make_call(operation, "get_acl_resolved", {{"path", path_of(url)}}),
                     [done = std::move(done)](const Answer& answer) {
                       auto reply = reply_of<AclReply>(answer);
                       if (reply.result != kOk) return done(std::move(reply));
                       const auto acl = answer.fields.find("acl");
                       if (acl != answer.fields.end() && acl->is_array()) {
                         for (const auto& one : *acl) {
                           reply.entries.push_back({wire::text_of(one, "name"), wire::entry_of(one).access});
                         }
                       }
                       done(std::move(reply));
                     });
}

void Service::set_acls(OperationPtr operation, const Url& url, std::vector<AclEntry> entries, Done<Reply> done) {
  auto acl = Json::array();
  for (const auto& entry : entries) acl.push_back({{"name", entry.name}, {"acl", words(entry.access)}});
  carry_out(*session(url), operation, "set_acl_v2", {{"path", path_of(url)}, {"acl", std::move(acl)}},
            changing(url, ListCache::Reach::Tree, std::move(done)));
}

void Service::groups(OperationPtr operation, const Url& url, Done<NamesReply> done) {
  ask_names(*session(url), operation, "get_groups", Json::object(), "groups", std::move(done));
}

void Service::group_users(OperationPtr operation, const Url& url, std::string group, Done<NamesReply> done) {
  ask_names(*session(url), operation, "get_group_users", {{"group", group}}, "users", std::move(done));
}

void Service::create_group(OperationPtr operation, const Url& url, std::string group, Done<Reply> done) {
  carry_out(*session(url), operation, "create_group", {{"group", group}}, changing_groups(std::move(done)));
}

void Service::rename_group(OperationPtr operation, const Url& url, std::string group, std::string name,
                           Done<Reply> done) {
  carry_out(*session(url), operation, "rename_group", {{"group", group}, {"new_group", name}},
            changing_groups(std::move(done)));
}

void Service::remove_group(OperationPtr operation, const Url& url, std::string group, Done<CountReply> done) {
  session(url)->call(make_call(operation, "remove_group", {{"group", group}}, Call::Repeat::Never),
                     [done = changing_groups(std::move(done))](const Answer& answer) {
                       auto reply = reply_of<CountReply>(answer);
                       if (reply.result == kOk) reply.count = wire::number_of(answer.fields, "change_count");
                       done(reply);
                     });
}

void Service::users(OperationPtr operation, const Url& url, Done<NamesReply> done) {
  ask_names(*session(url), operation, "get_users", Json::object(), "users", std::move(done));
}

void Service::user_groups(OperationPtr operation, const Url& url, std::string user, Done<NamesReply> done) {
  ask_names(*session(url), operation, "get_user_groups", {{"user", user}}, "groups", std::move(done));
}

void Service::add_user(OperationPtr operation, const Url& url, std::string user, std::string group, Done<Reply> done) {
  carry_out(*session(url), operation, "add_user_to_group", {{"user", user}, {"group", group}},
            changing_groups(std::move(done)));
}

void Service::remove_user(OperationPtr operation, const Url& url, std::string user, std::string group,
                          Done<Reply> done) {
  carry_out(*session(url), operation, "remove_user_from_group", {{"user", user}, {"group", group}},
            changing_groups(std::move(done)));
}

}  // namespace omniclient::omniverse
