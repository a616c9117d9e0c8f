#include "providers/memory/service.hpp"

namespace omniclient::memory {
namespace {

using Found = Server::Found;

bool is_included(const Node& node, Include include) {
  switch (include) {
    case eOmniClientListIncludeOption_IncludeDeleted: return true;
    case eOmniClientListIncludeOption_OnlyDeleted: return node.deleted();
    default: return !node.deleted();
  }
}

Found look(Server& server, const Url& url, const Connection& connection, Include include) {
  Node* node = server.find(path_of(url));
  if (node == nullptr || !is_included(*node, include)) return {nullptr, eOmniClientResult_ErrorNotFound};
  if ((server.access_of(*node, connection.user) & fOmniClientAccess_Read) == 0) {
    return {nullptr, eOmniClientResult_ErrorAccessDenied};
  }
  return {node, kOk};
}

EntryReply stat_item(Server& server, const Url& url, const Connection& connection, Include include) {
  const auto found = look(server, url, connection, include);
  if (found.result != kOk) return failed<EntryReply>(found.result);
  const auto at = version_of(url);
  EntryReply reply;
  reply.result = kOk;
  reply.entry = server.entry_of(*found.node, connection.user, at.branch);
  if (found.node->type == Node::Type::File && url.query) {
    const auto content = content_at(*found.node, at);
    if (!content) return failed<EntryReply>(eOmniClientResult_ErrorNotFound);
    reply.entry.size = content->size();
    reply.entry.hash = hash_of(content->view());
  }
  return reply;
}

ListReply list_folder(Server& server, const Url& url, const Connection& connection, Include include) {
  // A folder that was deleted itself can be looked into where deleted items are asked for.
  const auto found =
      look(server, url, connection,
           include == eOmniClientListIncludeOption_OnlyDeleted ? eOmniClientListIncludeOption_IncludeDeleted : include);
  if (found.result != kOk) return failed<ListReply>(found.result);
  if (!found.node->is_folder()) return failed<ListReply>(eOmniClientResult_ErrorNotFound);
  ListReply reply;
  reply.result = kOk;
  for (const auto& [name, child] : found.node->children) {
    if (is_included(*child, include)) reply.entries.push_back(server.entry_of(*child, connection.user));
  }
  return reply;
}

OmniClientResult check_ends(const Node& from, const Url& source, const Node* there, const Url& to,
                            const CopyOptions& options) {
  if (options.kind != ItemKind::Any && from.is_folder() != (options.kind == ItemKind::Folder)) {
    return eOmniClientResult_ErrorWrongType;
  }
  const std::string from_path = from.path();
  const std::string to_path(path_of(to));
  const bool restores = version_of(source).checkpoint != 0;
  if (from_path == to_path && !restores) return eOmniClientResult_ErrorSourceIsDest;
  if (from.is_folder() && to_path.compare(0, from_path.size() + 1, from_path + "/") == 0) {
    return eOmniClientResult_ErrorSourceIsDest;
  }
  // Over what it is in.
  if (from.is_folder() && (to_path == "/" || from_path.compare(0, to_path.size() + 1, to_path + "/") == 0)) {
    return eOmniClientResult_ErrorSourceIsDest;
  }
  if (there == nullptr || there->deleted()) return kOk;
  if (!options.overwrite) return eOmniClientResult_ErrorAlreadyExists;
  return there->type == from.type ? kOk : eOmniClientResult_ErrorWrongType;
}

}  // namespace

void Service::stat(OperationPtr operation, const Url& url, Include include, Done<EntryReply> done) {
  serve<EntryReply>(operation, url, std::move(done), [url, include](Server& server, const ConnectionPtr& connection) {
    return stat_item(server, url, *connection, include);
  });
}

void Service::list(OperationPtr operation, const Url& url, Include include, Done<ListReply> done) {
  serve<ListReply>(operation, url, std::move(done), [url, include](Server& server, const ConnectionPtr& connection) {
    return list_folder(server, url, *connection, include);
  });
}

void Service::watch(OperationPtr operation, const Url& url, Include include, Done<EntryReply> first, OnChange change) {
  end_with(operation, url);
  serve<EntryReply>(operation, url, std::move(first), [=](Server& server, const ConnectionPtr& connection) {
    auto reply = stat_item(server, url, *connection, include);
    if (reply.result == eOmniClientResult_ErrorNotFound) reply.result = eOmniClientResult_OkNotYetFound;
    const bool goes_on = reply.result == kOk || reply.result == eOmniClientResult_OkNotYetFound;
    if (goes_on && !operation->cancelled()) {
      server.add({operation, connection, std::string(path_of(url)), false, change});
    }
    return reply;
  });
}

void Service::watch_folder(OperationPtr operation, const Url& url, Include include, Done<ListReply> first,
                           OnChange change) {
  end_with(operation, url);
  serve<ListReply>(operation, url, std::move(first), [=](Server& server, const ConnectionPtr& connection) {
    auto reply = list_folder(server, url, *connection, include);
    if (reply.result == kOk && !operation->cancelled()) {
      server.add({operation, connection, std::string(path_of(url)), true, change});
    }
    return reply;
  });
}

void Service::read(OperationPtr operation, const Url& url, Done<ReadReply> done) {
  serve<ReadReply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) {
    const auto found = server.look_for(path_of(url), *connection, fOmniClientAccess_Read);
    if (found.result != kOk) return failed<ReadReply>(found.result);
    if (found.node->type != Node::Type::File) return failed<ReadReply>(eOmniClientResult_ErrorWrongType);
    const auto content = content_at(*found.node, version_of(url));
    if (!content) return failed<ReadReply>(eOmniClientResult_ErrorNotFound);
    // The reader may move it out of its hands, so it is the reader's own.
    ReadReply reply;
    reply.result = kOk;
    reply.version = std::to_string(found.node->version);
    reply.content = std::make_shared<Content>(Content::copy(content->view()));
    return reply;
  });
}

void Service::write(OperationPtr operation, const Url& url, SharedContent content, WriteOptions options,
                    Done<WriteReply> done) {
  serve<WriteReply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) {
    const auto at = version_of(url);
    if (at.checkpoint != 0) return failed<WriteReply>(eOmniClientResult_ErrorBadRequest);
    Found found = server.look_for(path_of(url), *connection, fOmniClientAccess_Write);
    const bool is_new = found.result == eOmniClientResult_ErrorNotFound;
    if (is_new) found = server.make(path_of(url), Node::Type::File, *connection);
    if (found.result != kOk) return failed<WriteReply>(found.result);
    if (found.node->type != Node::Type::File) return failed<WriteReply>(eOmniClientResult_ErrorWrongType);
    if (server.is_locked_for(*found.node, *connection)) return failed<WriteReply>(eOmniClientResult_ErrorLocked);
    // The caller's content may be read by others from now on, so it is kept as it is.
    server.set_content(*found.node, at.branch, std::make_shared<Content>(Content::copy(content->view())), options,
                       *connection);
    server.changed(*found.node, is_new ? eOmniClientListEvent_Created : eOmniClientListEvent_Updated);
    return WriteReply{{kOk}, std::to_string(found.node->version), hash_of(content->view())};
  });
}

void Service::create_folder(OperationPtr operation, const Url& url, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [url](Server& server, const ConnectionPtr& connection) -> Reply {
    const Node* there = server.find(path_of(url));
    if (there != nullptr && !there->deleted()) return {eOmniClientResult_ErrorAlreadyExists};
    const auto made = server.make(path_of(url), Node::Type::Folder, *connection);
    if (made.result == kOk) server.changed(*made.node, eOmniClientListEvent_Created);
    return {made.result};
  });
}

void Service::copy(OperationPtr operation, const Url& from, const Url& to, CopyOptions options, Done<Reply> done) {
  serve<Reply>(operation, from, std::move(done), [=](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = server.look_for(path_of(from), *connection, fOmniClientAccess_Read);
    if (found.result != kOk) return {found.result};
    const auto refused = check_ends(*found.node, from, server.find(path_of(to)), to, options);
    if (refused != kOk) return {refused};
    return {server.copy(*found.node, from, path_of(to), options, *connection)};
  });
}

void Service::move(OperationPtr operation, const Url& from, const Url& to, CopyOptions options, Done<MoveReply> done) {
  serve<MoveReply>(operation, from, std::move(done), [=](Server& server, const ConnectionPtr& connection) {
    const auto found = server.look_for(path_of(from), *connection, fOmniClientAccess_Read | fOmniClientAccess_Write);
    if (found.result != kOk) return failed<MoveReply>(found.result);
    // The past cannot be moved.
    if (version_of(from).checkpoint != 0) return failed<MoveReply>(eOmniClientResult_ErrorBadRequest);
    const auto refused = check_ends(*found.node, from, server.find(path_of(to)), to, options);
    if (refused != kOk) return failed<MoveReply>(refused);
    return failed<MoveReply>(server.move(*found.node, path_of(to), options, *connection));
  });
}

void Service::remove(OperationPtr operation, const Url& url, Depth depth, Done<Reply> done) {
  serve<Reply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = server.look_for(path_of(url), *connection, fOmniClientAccess_Write);
    if (found.result != kOk) return {found.result};
    return {server.remove(*found.node, depth, *connection)};
  });
}

}  // namespace omniclient::memory
