#include "providers/memory/server.hpp"

#include <algorithm>

namespace omniclient::memory {
namespace {

std::string parent_of(std::string_view path) {
  auto names = segments(path);
  std::string result;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) result += "/" + names[i];
  return result.empty() ? "/" : result;
}

}  // namespace

BranchAndCheckpoint version_of(const Url& url) {
  return read_checkpoint_query(url.query.value_or("")).value_or(BranchAndCheckpoint{});
}

SharedContent content_at(const Node& file, const BranchAndCheckpoint& at) {
  const auto branch = file.branches.find(at.branch);
  if (branch == file.branches.end()) return nullptr;
  if (at.checkpoint == 0) return branch->second.head;
  const auto& checkpoints = branch->second.checkpoints;
  return at.checkpoint <= checkpoints.size() ? checkpoints[at.checkpoint - 1].content : nullptr;
}

Server::Server() {
  root_.acl = std::vector<AclEntry>{{"users", fOmniClientAccess_Full}};
  root_.created_ns = root_.modified_ns = now_ns();
  groups["users"];
}

Node* Server::find(std::string_view path) {
  Node* node = &root_;
  for (const auto& name : segments(path)) {
    const auto child = node->children.find(name);
    if (child == node->children.end()) return nullptr;
    node = child->second.get();
  }
  return node;
}

Server::Found Server::look_for(std::string_view path, const Connection& connection, std::uint32_t access) {
  Node* node = find(path);
  if (node == nullptr || node->deleted()) return {nullptr, eOmniClientResult_ErrorNotFound};
  if ((access_of(*node, connection.user) & access) != access) return {nullptr, eOmniClientResult_ErrorAccessDenied};
  return {node, kOk};
}

Server::Found Server::make(std::string_view path, Node::Type type, const Connection& connection) {
  const auto names = segments(path);
  Node* node = &root_;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!node->is_folder()) return {nullptr, eOmniClientResult_ErrorWrongType};
    const bool last = i + 1 == names.size();
    const auto wanted = last ? type : Node::Type::Folder;
    auto& child = node->children[names[i]];
    // What was deleted comes back with its history, unless something else takes its place.
    if (child && child->deleted() && child->type != wanted) child.reset();
    if (!child || child->deleted()) {
      if ((access_of(*node, connection.user) & fOmniClientAccess_Write) == 0) {
        if (!child) node->children.erase(names[i]);
        return {nullptr, eOmniClientResult_ErrorAccessDenied};
      }
      if (!child) child = std::make_unique<Node>();
      child->type = wanted;
      child->parent = node;
      child->name = names[i];
      child->deleted_ns = 0;
      child->created_ns = child->modified_ns = now_ns();
      child->created_by = child->modified_by = connection.user;
      if (!last) changed(*child, eOmniClientListEvent_Created);
    }
    node = child.get();
  }
  return {node, kOk};
}

OmniClientResult Server::set_content(Node& file, const std::string& branch, SharedContent content,
                                     const WriteOptions& options, const Connection& connection) {
  auto& target = file.branches[branch];
  target.head = content;
  target.changed = true;
  file.modified_ns = now_ns();
  file.modified_by = connection.user;
  file.version = ++last_version_;
  contents[hash_of(content->view())] = content;
  if (!options.skip_checkpoint) {
    target.checkpoints.push_back({std::move(content), options.message.value_or(""), connection.user, file.modified_ns});
    target.changed = false;
  }
  return kOk;
}

OmniClientResult Server::copy_node(const Node& from, const SharedContent& version, std::string_view to,
                                   const CopyOptions& options, const Connection& connection) {
  if (from.type != Node::Type::Folder && from.type != Node::Type::File) return kOk;  // Has no content to copy.
  Node* there = find(to);
  const bool is_new = there == nullptr || there->deleted();
  if (is_new) {
    const auto made = make(to, from.type, connection);
    if (made.result != kOk) return made.result;
    there = made.node;
  }
  if (there->type != from.type) return eOmniClientResult_ErrorWrongType;
  if (from.type == Node::Type::File) {
    if (is_locked_for(*there, connection)) return eOmniClientResult_ErrorLocked;
    if (version) set_content(*there, "", version, {options.message, false}, connection);
  }
  if (is_new || from.type == Node::Type::File) {
    changed(*there, is_new ? eOmniClientListEvent_Created : eOmniClientListEvent_Updated);
  }
  for (const auto& [name, child] : from.children) {
    if (child->deleted()) continue;
    const auto result = copy_node(*child, content_at(*child, {}), std::string(to) + "/" + name, options, connection);
    if (result != kOk) return result;
  }
  return kOk;
}

OmniClientResult Server::copy(Node& from, const Url& source, std::string_view to, const CopyOptions& options,
                              const Connection& connection) {
  const auto at = version_of(source);
  const auto version = from.type == Node::Type::File ? content_at(from, at) : nullptr;
  if (from.type == Node::Type::File && !version) return eOmniClientResult_ErrorNotFound;
  return copy_node(from, version, to, options, connection);
}

namespace {

bool has_only_files(const Node& node) {
  if (node.type != Node::Type::Folder) return node.type == Node::Type::File;
  return std::all_of(node.children.begin(), node.children.end(),
                     [](const auto& child) { return child.second->deleted() || has_only_files(*child.second); });
}

}  // namespace

OmniClientResult Server::move(Node& from, std::string_view to, const CopyOptions& options,
                              const Connection& connection) {
  if (holds_locks_of_others(from, connection)) return eOmniClientResult_ErrorLocked;
  Node* there = find(to);
  if (there != nullptr && !there->deleted()) {
    // Onto something: what is there takes over the content, file by file.
    // What has no content would stay behind, and be deleted with the rest.
    if (!has_only_files(from)) return eOmniClientResult_ErrorWrongType;
    const auto copied = copy_node(from, content_at(from, {}), to, options, connection);
    return copied == kOk ? remove(from, Depth::Recursive, connection) : copied;
  }
  const auto folder = make(parent_of(to), Node::Type::Folder, connection);
  if (folder.result != kOk) return folder.result;
  if ((access_of(*folder.node, connection.user) & fOmniClientAccess_Write) == 0) {
    return eOmniClientResult_ErrorAccessDenied;
  }
  const auto tell = [this](const auto& self, const Node& node, OmniClientListEvent event) -> void {
    changed(node, event);
    for (const auto& [name, child] : node.children) {
      if (!child->deleted()) self(self, *child, event);
    }
  };
  tell(tell, from, eOmniClientListEvent_Deleted);
  auto& siblings = from.parent->children;
  auto moved = std::move(siblings[from.name]);
  siblings.erase(moved->name);
  moved->name = segments(to).back();
  moved->parent = folder.node;
  Node& node = *moved;
  folder.node->children[node.name] = std::move(moved);
  tell(tell, node, eOmniClientListEvent_Created);
  return kOk;
}

void Server::mark_deleted(Node& node, std::uint64_t deletion, const Connection& connection) {
  for (const auto& [name, child] : node.children) {
    if (!child->deleted()) mark_deleted(*child, deletion, connection);
  }
  changed(node, eOmniClientListEvent_Deleted);
  node.deleted_ns = now_ns();
  node.deleted_by = connection.user;
  node.deletion = deletion;
  node.locked_by.reset();
  tell_gone(node);
}

void Server::tell_gone(Node& node) {
  for (const auto& member : std::exchange(node.members, {})) {
    member.tell({kOk, eOmniClientChannelEvent_Deleted, "", nullptr});
  }
  for (const auto& reader : std::exchange(node.readers, {})) {
    reader.tell({eOmniClientResult_ErrorNotFound, node.object_id, 0, 0, nullptr});
  }
}

OmniClientResult Server::remove(Node& node, Depth depth, const Connection& connection) {
  if (node.parent == nullptr) return eOmniClientResult_ErrorAccessDenied;
  if (depth == Depth::Single && node.has_children()) return eOmniClientResult_ErrorFolderNotEmpty;
  if (holds_locks_of_others(node, connection)) return eOmniClientResult_ErrorLocked;
  mark_deleted(node, ++last_deletion_, connection);
  return kOk;
}

void Server::revive(Node& node, std::uint64_t deletion) {
  node.deleted_ns = 0;
  changed(node, eOmniClientListEvent_Created);
  for (const auto& [name, child] : node.children) {
    if (child->deleted() && child->deletion == deletion) revive(*child, deletion);
  }
}

OmniClientResult Server::undelete(Node& node, const Connection& connection) {
  if (!node.deleted()) return eOmniClientResult_ErrorAlreadyExists;
  if ((access_of(node, connection.user) & fOmniClientAccess_Write) == 0) return eOmniClientResult_ErrorAccessDenied;
  for (Node* above = node.parent; above != nullptr; above = above->parent) {
    if (!above->deleted()) continue;
    above->deleted_ns = 0;
    changed(*above, eOmniClientListEvent_Created);
  }
  revive(node, node.deletion);
  return kOk;
}

OmniClientResult Server::obliterate(Node& node, const Connection& connection) {
  if (node.parent == nullptr) return eOmniClientResult_ErrorAccessDenied;
  if (!node.children.empty()) return eOmniClientResult_ErrorFolderNotEmpty;  // What was deleted can come back.
  if ((access_of(node, connection.user) & fOmniClientAccess_Write) == 0) return eOmniClientResult_ErrorAccessDenied;
  if (is_locked_for(node, connection)) return eOmniClientResult_ErrorLocked;
  changed(node, eOmniClientListEvent_Obliterated);
  tell_gone(node);
  node.parent->children.erase(std::string(node.name));
  return kOk;
}

bool Server::is_locked_for(const Node& node, const Connection& connection) const {
  return node.locked_by && node.locked_by.get() != &connection;
}

bool Server::holds_locks_of_others(const Node& node, const Connection& connection) const {
  return is_locked_for(node, connection) ||
         std::any_of(node.children.begin(), node.children.end(), [&](const auto& child) {
           return !child.second->deleted() && holds_locks_of_others(*child.second, connection);
         });
}

std::vector<AclEntry> Server::acl_of(const Node& node) const {
  for (const Node* at = &node; at != nullptr; at = at->parent) {
    if (at->acl) return *at->acl;
  }
  return {};
}

std::uint32_t Server::access_of(const Node& node, const std::string& user) const {
  if (user == "admin") return fOmniClientAccess_Full;
  std::uint32_t access = 0;
  for (const auto& entry : acl_of(node)) {
    const auto group = groups.find(entry.name);
    const bool member = group != groups.end() && group->second.count(user) != 0;
    if (member || entry.name == user) access |= entry.access;
  }
  return access;
}

OmniClientResult Server::set_acl(Node& node, std::vector<AclEntry> entries, const Connection& connection) {
  if ((access_of(node, connection.user) & fOmniClientAccess_Admin) == 0) return eOmniClientResult_ErrorAccessDenied;
  if (node.parent == nullptr && entries.empty()) return eOmniClientResult_ErrorBadRequest;
  if (entries.empty()) {
    node.acl.reset();
  } else {
    node.acl = std::move(entries);
  }
  changed(node, eOmniClientListEvent_Metadata);
  end_lost_access();
  return kOk;
}

Entry Server::entry_of(const Node& node, const std::string& user, const std::string& branch) const {
  Entry entry;
  entry.relative_path = node.name;
  entry.access = access_of(node, user);
  entry.modified_ns = node.modified_ns;
  entry.created_ns = node.created_ns;
  entry.modified_by = node.modified_by;
  entry.created_by = node.created_by;
  if (node.locked_by) entry.locked_by = node.locked_by->user;
  switch (node.type) {
    case Node::Type::Folder: entry.flags = fOmniClientItem_CanHaveChildren; break;
    case Node::Type::Channel: entry.flags = fOmniClientItem_IsChannel | fOmniClientItem_DoesNotHaveChildren; break;
    case Node::Type::Object:
      entry.flags = fOmniClientItem_CanLiveUpdate | fOmniClientItem_IsOmniObject | fOmniClientItem_DoesNotHaveChildren;
      break;
    case Node::Type::File: {
      entry.flags = fOmniClientItem_ReadableFile | fOmniClientItem_WriteableFile | fOmniClientItem_DoesNotHaveChildren;
      entry.version = std::to_string(node.version);
      const auto found = node.branches.find(branch);
      if (found != node.branches.end()) {
        entry.size = found->second.head->size();
        entry.hash = hash_of(found->second.head->view());
        if (!found->second.checkpoints.empty()) entry.flags |= fOmniClientItem_IsCheckpointed;
      }
      break;
    }
  }
  if (node.deleted()) {
    entry.flags |= fOmniClientItem_IsDeleted;
    entry.deleted_ns = node.deleted_ns;
    entry.deleted_by = node.deleted_by;
  }
  return entry;
}

}  // namespace omniclient::memory
