#pragma once

#include "providers/memory/node.hpp"

namespace omniclient::memory {

/// Somebody who watches an item, or what is in a folder.
struct Watching {
  OperationPtr operation;
  ConnectionPtr connection;
  std::string path;
  bool contents = false;
  OnChange change;
};

/// The state of one server: a tree of items, users, and who watches. What it refuses it says with a result.
///
/// Threads: the loop's alone.
class Server {
 public:
  Server();

  /// The item, deleted or not; null where there never was one.
  Node* find(std::string_view path);
  /// The item, where it is there and `connection` may do `access` with it; otherwise the result says why not.
  struct Found {
    Node* node = nullptr;
    OmniClientResult result = eOmniClientResult_Ok;
  };
  Found look_for(std::string_view path, const Connection& connection, std::uint32_t access);

  /// Makes an item with the folders above it, or revives one that was deleted. The caller has seen that none is there.
  Found make(std::string_view path, Node::Type type, const Connection& connection);
  OmniClientResult set_content(Node& file, const std::string& branch, SharedContent content,
                               const WriteOptions& options, const Connection& connection);

  OmniClientResult copy(Node& from, const Url& source, std::string_view to, const CopyOptions& options,
                        const Connection& connection);
  OmniClientResult move(Node& from, std::string_view to, const CopyOptions& options, const Connection& connection);
  OmniClientResult remove(Node& node, Depth depth, const Connection& connection);
  OmniClientResult undelete(Node& node, const Connection& connection);
  OmniClientResult obliterate(Node& node, const Connection& connection);

  std::uint32_t access_of(const Node& node, const std::string& user) const;
  std::vector<AclEntry> acl_of(const Node& node) const;
  OmniClientResult set_acl(Node& node, std::vector<AclEntry> entries, const Connection& connection);

  /// Of a version that `url` names, as seen by `user`.
  Entry entry_of(const Node& node, const std::string& user, const std::string& branch = "") const;

  void changed(const Node& node, OmniClientListEvent event);
  void add(Watching watching) { watching_.push_back(std::move(watching)); }
  void forget(const Operation* operation);
  /// Whatever belongs to a connection ends with it.
  void lose(const ConnectionPtr& connection);
  /// Everybody who was not meant to see it any more is told so.
  void end_lost_access();

  std::uint64_t next_object_id() { return ++last_object_; }

  bool is_locked_for(const Node& node, const Connection& connection) const;
  bool holds_locks_of_others(const Node& node, const Connection& connection) const;

  std::map<std::string, std::set<std::string>> groups;  ///< By name: their users.
  std::set<std::string> users;
  std::map<std::string, SharedContent> contents;  ///< By hash.

 private:
  void revive(Node& node, std::uint64_t deletion);
  void mark_deleted(Node& node, std::uint64_t deletion, const Connection& connection);
  OmniClientResult copy_node(const Node& from, const SharedContent& version, std::string_view to,
                             const CopyOptions& options, const Connection& connection);
  void tell_gone(Node& node);

  Node root_;
  std::uint64_t last_object_ = 0;
  std::uint64_t last_deletion_ = 0;
  std::uint64_t last_version_ = 0;
  std::vector<Watching> watching_;
};

/// The content that a URL names: a branch's present, or one of its checkpoints. Null where there is none.
SharedContent content_at(const Node& file, const BranchAndCheckpoint& at);
BranchAndCheckpoint version_of(const Url& url);

}  // namespace omniclient::memory
