// Access lists, users and groups.
#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

template <class R>
using Ask = std::function<void(AccessControl&, const Url&, OperationPtr, Done<R>)>;

template <class R>
OmniClientRequestId ask(char const* url, Answer<R> answer, Ask<R> question) {
  return start_with<R, AccessControl>(&Provider::access_control, url, std::move(answer), std::move(question));
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
  return ask<AclReply>(url, std::move(answer),
                       [](AccessControl& able, const Url& target, OperationPtr operation, Done<AclReply> done) {
                         able.get_acls(std::move(operation), target, std::move(done));
                       });
}

OmniClientRequestId omniClientSetAcls(char const* url, uint32_t numEntries, OmniClientAclEntry* entries, void* userData,
                                      OmniClientSetAclsCallback callback) noexcept {
  std::vector<AclEntry> list;
  for (std::uint32_t i = 0; entries != nullptr && i < numEntries; ++i) {
    list.push_back({text(entries[i].name), entries[i].access & fOmniClientAccess_Full});
  }
  return ask<Reply>(url, plain_answer(userData, callback),
                    [list](AccessControl& able, const Url& target, OperationPtr operation, Done<Reply> done) {
                      able.set_acls(std::move(operation), target, list, std::move(done));
                    });
}

OmniClientRequestId omniClientGetGroups(char const* url, void* userData,
                                        OmniClientGetGroupsCallback callback) noexcept {
  return ask<NamesReply>(url, names_answer(userData, callback),
                         [](AccessControl& able, const Url& target, OperationPtr operation, Done<NamesReply> done) {
                           able.groups(std::move(operation), target, std::move(done));
                         });
}

OmniClientRequestId omniClientGetGroupUsers(char const* url, char const* group, void* userData,
                                            OmniClientGetGroupUsersCallback callback) noexcept {
  return ask<NamesReply>(
      url, names_answer(userData, callback),
      [group = text(group)](AccessControl& able, const Url& target, OperationPtr operation, Done<NamesReply> done) {
        able.group_users(std::move(operation), target, group, std::move(done));
      });
}

OmniClientRequestId omniClientCreateGroup(char const* url, char const* group, void* userData,
                                          OmniClientCreateGroupCallback callback) noexcept {
  return ask<Reply>(
      url, plain_answer(userData, callback),
      [group = text(group)](AccessControl& able, const Url& target, OperationPtr operation, Done<Reply> done) {
        able.create_group(std::move(operation), target, group, std::move(done));
      });
}

OmniClientRequestId omniClientRenameGroup(char const* url, char const* group, char const* newGroup, void* userData,
                                          OmniClientRenameGroupCallback callback) noexcept {
  return ask<Reply>(url, plain_answer(userData, callback),
                    [group = text(group), name = text(newGroup)](AccessControl& able, const Url& target,
                                                                 OperationPtr operation, Done<Reply> done) {
                      able.rename_group(std::move(operation), target, group, name, std::move(done));
                    });
}

OmniClientRequestId omniClientRemoveGroup(char const* url, char const* group, void* userData,
                                          OmniClientRemoveGroupCallback callback) noexcept {
  Answer<CountReply> answer;
  if (callback != nullptr) answer = [=](CountReply& reply) { callback(userData, reply.result, reply.count); };
  return ask<CountReply>(
      url, std::move(answer),
      [group = text(group)](AccessControl& able, const Url& target, OperationPtr operation, Done<CountReply> done) {
        able.remove_group(std::move(operation), target, group, std::move(done));
      });
}

OmniClientRequestId omniClientGetUsers(char const* url, void* userData, OmniClientGetUsersCallback callback) noexcept {
  return ask<NamesReply>(url, names_answer(userData, callback),
                         [](AccessControl& able, const Url& target, OperationPtr operation, Done<NamesReply> done) {
                           able.users(std::move(operation), target, std::move(done));
                         });
}

OmniClientRequestId omniClientGetUserGroups(char const* url, char const* user, void* userData,
                                            OmniClientGetUserGroupsCallback callback) noexcept {
  return ask<NamesReply>(
      url, names_answer(userData, callback),
      [user = text(user)](AccessControl& able, const Url& target, OperationPtr operation, Done<NamesReply> done) {
        able.user_groups(std::move(operation), target, user, std::move(done));
      });
}

OmniClientRequestId omniClientAddUserToGroup(char const* url, char const* user, char const* group, void* userData,
                                             OmniClientAddUserToGroupCallback callback) noexcept {
  return ask<Reply>(url, plain_answer(userData, callback),
                    [user = text(user), group = text(group)](AccessControl& able, const Url& target,
                                                             OperationPtr operation, Done<Reply> done) {
                      able.add_user(std::move(operation), target, user, group, std::move(done));
                    });
}

OmniClientRequestId omniClientRemoveUserFromGroup(char const* url, char const* user, char const* group, void* userData,
                                                  OmniClientRemoveUserFromGroupCallback callback) noexcept {
  return ask<Reply>(url, plain_answer(userData, callback),
                    [user = text(user), group = text(group)](AccessControl& able, const Url& target,
                                                             OperationPtr operation, Done<Reply> done) {
                      able.remove_user(std::move(operation), target, user, group, std::move(done));
                    });
}
