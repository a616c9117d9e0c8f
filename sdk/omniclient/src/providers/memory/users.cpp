// Access lists, users and groups.
#include "providers/memory/service.hpp"

#include <algorithm>

namespace omniclient::memory {
namespace {

/// Groups are changed by whoever administrates the server as a whole.
bool may_administrate(Server& server, const Connection& connection) {
  return (server.access_of(*server.find("/"), connection.user) & fOmniClientAccess_Admin) != 0;
}

template <class Names>
NamesReply names_reply(const Names& names) {
  NamesReply reply;
  reply.result = kOk;
  reply.names.assign(names.begin(), names.end());
  return reply;
}

/// Calls `change` with every access list that names the group; answers how many there were.
template <class Change>
std::uint64_t for_each_acl(Node& node, const std::string& group, const Change& change) {
  std::uint64_t count = 0;
  if (node.acl) {
    const auto named = [&group](const AclEntry& entry) { return entry.name == group; };
    if (std::any_of(node.acl->begin(), node.acl->end(), named)) {
      change(*node.acl);
      ++count;
    }
  }
  for (const auto& [name, child] : node.children) count += for_each_acl(*child, group, change);
  return count;
}

}  // namespace

void Service::get_acls(OperationPtr operation, const Url& url, Done<AclReply> done) {
  serve<AclReply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) {
    const auto found = server.look_for(path_of(url), *connection, fOmniClientAccess_Read);
    if (found.result != kOk) return failed<AclReply>(found.result);
    return AclReply{{kOk}, server.acl_of(*found.node)};
  });
}

void Service::set_acls(OperationPtr operation, const Url& url, std::vector<AclEntry> entries, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = server.look_for(path_of(url), *connection, 0);
    if (found.result != kOk) return {found.result};
    return {server.set_acl(*found.node, entries, *connection)};
  });
}

void Service::groups(OperationPtr operation, const Url& url, Done<NamesReply> done) {
  serve<NamesReply>(operation, url, std::move(done), [](Server& server, const ConnectionPtr&) {
    NamesReply reply;
    reply.result = kOk;
    for (const auto& [name, members] : server.groups) reply.names.push_back(name);
    return reply;
  });
}

void Service::group_users(OperationPtr operation, const Url& url, std::string group, Done<NamesReply> done) {
  serve<NamesReply>(operation, url, std::move(done), [group](Server& server, const ConnectionPtr&) {
    const auto found = server.groups.find(group);
    if (found == server.groups.end()) return failed<NamesReply>(eOmniClientResult_ErrorNotFound);
    return names_reply(found->second);
  });
}

void Service::create_group(OperationPtr operation, const Url& url, std::string group, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [group](Server& server, const ConnectionPtr& connection) -> Reply {
    if (group.empty()) return {eOmniClientResult_ErrorBadRequest};
    if (!may_administrate(server, *connection)) return {eOmniClientResult_ErrorAccessDenied};
    return {server.groups.emplace(group, std::set<std::string>()).second ? kOk : eOmniClientResult_ErrorAlreadyExists};
  });
}

void Service::rename_group(OperationPtr operation, const Url& url, std::string group, std::string name,
                           Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) -> Reply {
    if (name.empty() || group == "users") return {eOmniClientResult_ErrorBadRequest};
    if (!may_administrate(server, *connection)) return {eOmniClientResult_ErrorAccessDenied};
    if (server.groups.count(group) == 0) return {eOmniClientResult_ErrorNotFound};
    if (server.groups.count(name) != 0) return {eOmniClientResult_ErrorAlreadyExists};
    server.groups[name] = std::move(server.groups[group]);
    server.groups.erase(group);
    for_each_acl(*server.find("/"), group, [&](std::vector<AclEntry>& entries) {
      for (auto& entry : entries) {
        if (entry.name == group) entry.name = name;
      }
    });
    return {kOk};
  });
}

void Service::remove_group(OperationPtr operation, const Url& url, std::string group, Done<CountReply> done) {
  serve<CountReply>(operation, url, std::move(done), [group](Server& server, const ConnectionPtr& connection) {
    if (group == "users") return failed<CountReply>(eOmniClientResult_ErrorBadRequest);
    if (!may_administrate(server, *connection)) return failed<CountReply>(eOmniClientResult_ErrorAccessDenied);
    if (server.groups.erase(group) == 0) return failed<CountReply>(eOmniClientResult_ErrorNotFound);
    CountReply reply;
    reply.result = kOk;
    reply.count = for_each_acl(*server.find("/"), group, [&group](std::vector<AclEntry>& entries) {
      entries.erase(std::remove_if(entries.begin(), entries.end(),
                                   [&group](const AclEntry& entry) { return entry.name == group; }),
                    entries.end());
    });
    server.end_lost_access();
    return reply;
  });
}

void Service::users(OperationPtr operation, const Url& url, Done<NamesReply> done) {
  serve<NamesReply>(operation, url, std::move(done),
                    [](Server& server, const ConnectionPtr&) { return names_reply(server.users); });
}

void Service::user_groups(OperationPtr operation, const Url& url, std::string user, Done<NamesReply> done) {
  serve<NamesReply>(operation, url, std::move(done), [user](Server& server, const ConnectionPtr&) {
    if (server.users.count(user) == 0) return failed<NamesReply>(eOmniClientResult_ErrorNotFound);
    NamesReply reply;
    reply.result = kOk;
    for (const auto& [name, members] : server.groups) {
      if (members.count(user) != 0) reply.names.push_back(name);
    }
    return reply;
  });
}

void Service::add_user(OperationPtr operation, const Url& url, std::string user, std::string group, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) -> Reply {
    if (!may_administrate(server, *connection)) return {eOmniClientResult_ErrorAccessDenied};
    const auto found = server.groups.find(group);
    if (found == server.groups.end() || server.users.count(user) == 0) return {eOmniClientResult_ErrorNotFound};
    return {found->second.insert(user).second ? kOk : eOmniClientResult_ErrorAlreadyExists};
  });
}

void Service::remove_user(OperationPtr operation, const Url& url, std::string user, std::string group,
                          Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) -> Reply {
    if (group == "users") return {eOmniClientResult_ErrorBadRequest};
    if (!may_administrate(server, *connection)) return {eOmniClientResult_ErrorAccessDenied};
    const auto found = server.groups.find(group);
    if (found == server.groups.end() || found->second.erase(user) == 0) return {eOmniClientResult_ErrorNotFound};
    server.end_lost_access();
    return {kOk};
  });
}

}  // namespace omniclient::memory
