// Deleted items, checkpoints, locks.
#include "providers/memory/service.hpp"

namespace omniclient::memory {
namespace {

std::string checkpoint_name(const std::string& branch, std::size_t number) {
  return branch + "&" + std::to_string(number);
}

/// A file, or why there is none to work on.
Server::Found file_at(Server& server, const Url& url, const Connection& connection, std::uint32_t access) {
  auto found = server.look_for(path_of(url), connection, access);
  if (found.result == kOk && found.node->type != Node::Type::File) return {nullptr, eOmniClientResult_ErrorWrongType};
  return found;
}

}  // namespace

void Service::undelete(OperationPtr operation, const Url& url, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) -> Reply {
    Node* node = server.find(path_of(url));
    if (node == nullptr) return {eOmniClientResult_ErrorNotFound};
    return {server.undelete(*node, *connection)};
  });
}

void Service::obliterate(OperationPtr operation, const Url& url, bool checkpoints_too, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done),
               [url, checkpoints_too](Server& server, const ConnectionPtr& connection) -> Reply {
                 Node* node = server.find(path_of(url));
                 if (node == nullptr) return {eOmniClientResult_ErrorNotFound};
                 if (!checkpoints_too) {
                   for (const auto& [name, branch] : node->branches) {
                     if (!branch.checkpoints.empty()) return {eOmniClientResult_ErrorAccessDenied};
                   }
                 }
                 return {server.obliterate(*node, *connection)};
               });
}

void Service::create_checkpoint(OperationPtr operation, const Url& url, std::string comment, bool force,
                                Done<TextReply> done) {
  serve<TextReply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) {
    const auto found = file_at(server, url, *connection, fOmniClientAccess_Write);
    if (found.result != kOk) return failed<TextReply>(found.result);
    const auto at = version_of(url);
    const auto branch = found.node->branches.find(at.branch);
    if (branch == found.node->branches.end()) return failed<TextReply>(eOmniClientResult_ErrorNotFound);
    auto& checkpoints = branch->second.checkpoints;
    TextReply reply;
    if (!branch->second.changed && !checkpoints.empty() && !force) {
      reply.result = eOmniClientResult_ErrorAlreadyExists;
      reply.text = checkpoint_name(at.branch, checkpoints.size());
      return reply;
    }
    checkpoints.push_back({branch->second.head, comment, connection->user, now_ns()});
    branch->second.changed = false;
    server.changed(*found.node, eOmniClientListEvent_Metadata);
    return TextReply{{kOk}, checkpoint_name(at.branch, checkpoints.size())};
  });
}

void Service::list_checkpoints(OperationPtr operation, const Url& url, Done<ListReply> done) {
  serve<ListReply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) {
    const auto found = file_at(server, url, *connection, fOmniClientAccess_Read);
    if (found.result != kOk) return failed<ListReply>(found.result);
    const auto name = version_of(url).branch;
    ListReply reply;
    reply.result = kOk;
    const auto branch = found.node->branches.find(name);
    if (branch == found.node->branches.end()) return reply;
    for (const auto& checkpoint : branch->second.checkpoints) {
      Entry entry = server.entry_of(*found.node, connection->user, name);
      entry.relative_path = checkpoint_name(name, reply.entries.size() + 1);
      entry.size = checkpoint.content->size();
      entry.hash = hash_of(checkpoint.content->view());
      entry.comment = checkpoint.comment;
      entry.created_by = entry.modified_by = checkpoint.by;
      entry.created_ns = entry.modified_ns = checkpoint.time_ns;
      reply.entries.push_back(std::move(entry));
    }
    return reply;
  });
}

void Service::create_with_hash(OperationPtr operation, const Url& url, std::string hash, bool overwrite,
                               WriteOptions options, Done<WriteReply> done) {
  serve<WriteReply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) {
    const auto content = server.contents.find(hash);
    if (content == server.contents.end()) return failed<WriteReply>(eOmniClientResult_ErrorNotFound);
    auto found = file_at(server, url, *connection, fOmniClientAccess_Write);
    const bool is_new = found.result == eOmniClientResult_ErrorNotFound;
    if (found.result == kOk && !overwrite) return failed<WriteReply>(eOmniClientResult_ErrorAlreadyExists);
    if (is_new) found = server.make(path_of(url), Node::Type::File, *connection);
    if (found.result != kOk) return failed<WriteReply>(found.result);
    if (server.is_locked_for(*found.node, *connection)) return failed<WriteReply>(eOmniClientResult_ErrorLocked);
    const auto bytes = content->second;
    server.set_content(*found.node, "", bytes, options, *connection);
    server.changed(*found.node, is_new ? eOmniClientListEvent_Created : eOmniClientListEvent_Updated);
    return WriteReply{{kOk}, std::to_string(found.node->version), hash};
  });
}

void Service::lock(OperationPtr operation, const Url& url, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = file_at(server, url, *connection, fOmniClientAccess_Write);
    if (found.result != kOk) return {found.result};
    if (server.is_locked_for(*found.node, *connection)) return {eOmniClientResult_ErrorLocked};
    const bool was = found.node->locked_by != nullptr;
    found.node->locked_by = connection;
    if (!was) server.changed(*found.node, eOmniClientListEvent_Locked);
    return {kOk};
  });
}

void Service::unlock(OperationPtr operation, const Url& url, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = file_at(server, url, *connection, fOmniClientAccess_Write);
    if (found.result != kOk) return {found.result};
    if (server.is_locked_for(*found.node, *connection)) return {eOmniClientResult_ErrorAccessDenied};
    if (found.node->locked_by == nullptr) return {kOk};
    found.node->locked_by.reset();
    server.changed(*found.node, eOmniClientListEvent_Unlocked);
    return {kOk};
  });
}

}  // namespace omniclient::memory
