// Access lists, users and groups.
#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

/// Asks what a provider knows of users. `method` is one of AccessControl.
template <class R, class Method, class... More>
OmniClientRequestId ask(Method method, char const* url, Answer<R> answer, More... more) {
  return start_with<R>(&Provider::access_control, method, url, std::move(answer), std::move(more)...);
}

/// All callbacks with names have the same shape.
Answer<NamesReply> names_answer(void* user_data, OmniClientGetUsersCallback callback) {
  if (callback == nullptr) return nullptr;
  return [=](NamesReply& reply) {
    std::vector<const char*> names;
    for (const auto& name : reply.names) names.push_back(name.c_str());
    callback(user_data, reply.result, names.size(), names.data());
  };
}

}  // namespace

OmniClientRequestId omniClientGetAcls(char const* url, void* userData, OmniClientGetAclsCallback callback) noexcept {
  Answer<AclReply> answer;
  if (callback != nullptr) {
    answer = [=](AclReply& reply) {
      std::vector<OmniClientAclEntry> entries;
      for (const auto& entry : reply.entries) entries.push_back({entry.name.c_str(), entry.access});
      callback(userData, reply.result, static_cast<std::uint32_t>(entries.size()), entries.data());
    };
  }
  return ask<AclReply>(&AccessControl::get_acls, url, std::move(answer));
}

OmniClientRequestId omniClientSetAcls(char const* url, uint32_t numEntries, OmniClientAclEntry* entries, void* userData,
                                      OmniClientSetAclsCallback callback) noexcept {
  std::vector<AclEntry> list;
  for (std::uint32_t i = 0; entries != nullptr && i < numEntries; ++i) {
    list.push_back({text(entries[i].name), entries[i].access & fOmniClientAccess_Full});
  }
  return ask<Reply>(&AccessControl::set_acls, url, plain_answer(userData, callback), std::move(list));
}

OmniClientRequestId omniClientGetGroups(char const* url, void* userData,
                                        OmniClientGetGroupsCallback callback) noexcept {
  return ask<NamesReply>(&AccessControl::groups, url, names_answer(userData, callback));
}

OmniClientRequestId omniClientGetGroupUsers(char const* url, char const* group, void* userData,
                                            OmniClientGetGroupUsersCallback callback) noexcept {
  return ask<NamesReply>(&AccessControl::group_users, url, names_answer(userData, callback), text(group));
}

OmniClientRequestId omniClientCreateGroup(char const* url, char const* group, void* userData,
                                          OmniClientCreateGroupCallback callback) noexcept {
  return ask<Reply>(&AccessControl::create_group, url, plain_answer(userData, callback), text(group));
}

OmniClientRequestId omniClientRenameGroup(char const* url, char const* group, char const* newGroup, void* userData,
                                          OmniClientRenameGroupCallback callback) noexcept {
  return ask<Reply>(&AccessControl::rename_group, url, plain_answer(userData, callback), text(group), text(newGroup));
}

OmniClientRequestId omniClientRemoveGroup(char const* url, char const* group, void* userData,
                                          OmniClientRemoveGroupCallback callback) noexcept {
  Answer<CountReply> answer;
  if (callback != nullptr) answer = [=](CountReply& reply) { callback(userData, reply.result, reply.count); };
  return ask<CountReply>(&AccessControl::remove_group, url, std::move(answer), text(group));
}

OmniClientRequestId omniClientGetUsers(char const* url, void* userData, OmniClientGetUsersCallback callback) noexcept {
  return ask<NamesReply>(&AccessControl::users, url, names_answer(userData, callback));
}

OmniClientRequestId omniClientGetUserGroups(char const* url, char const* user, void* userData,
                                            OmniClientGetUserGroupsCallback callback) noexcept {
  return ask<NamesReply>(&AccessControl::user_groups, url, names_answer(userData, callback), text(user));
}

OmniClientRequestId omniClientAddUserToGroup(char const* url, char const* user, char const* group, void* userData,
                                             OmniClientAddUserToGroupCallback callback) noexcept {
  return ask<Reply>(&AccessControl::add_user, url, plain_answer(userData, callback), text(user), text(group));
}

OmniClientRequestId omniClientRemoveUserFromGroup(char const* url, char const* user, char const* group, void* userData,
                                                  OmniClientRemoveUserFromGroupCallback callback) noexcept {
  return ask<Reply>(&AccessControl::remove_user, url, plain_answer(userData, callback), text(user), text(group));
}
