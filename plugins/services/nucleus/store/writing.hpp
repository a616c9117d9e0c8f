#pragma once

#include "change.hpp"
#include "commands.hpp"
#include "content_folder.hpp"
#include "database.hpp"
#include "locks.hpp"
#include "options.hpp"
#include "rights.hpp"
#include "rights_then.hpp"
#include "schema.hpp"
#include "tree.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace omnibroker::nucleus::store {

/// Numbers that are never given twice.
struct Counters {
  std::uint64_t transaction = 0;
  std::uint64_t etag = 0;
  std::uint64_t object = 0;
};

/// What the writer works with: its connection, and what it knows without asking it.
struct Workshop {
  Database& database;
  ContentFolder& contents;
  const Options& options;
  Locks& locks;
  Counters counters = {};
  std::uint64_t used = 0;              ///< Bytes of all contents that are named.
  std::vector<const Pin*> named = {};  ///< The contents of this transaction; its jobs hold them until it is told.
};

/// One change while it is made: who makes it, what it has done so far, and the steps that all of them are made of.
///
/// Each step writes at once; a Refusal leaves undoing to the writer, which rolls back and forgets this object.
class Writing {
 public:
  Writing(Workshop& workshop, const Actor& by);

  Workshop& shop;
  Database& database;
  Tree tree;
  Rights rights;
  const Actor& actor;
  const Time now;
  std::vector<Change> changes = {};
  std::map<std::int64_t, std::optional<Lock>> lock_changes = {};  ///< Made when all else is done; nothing: released.

  const Account& account() const { return rights.account(); }
  /// The number of this change; takes one when it is first asked for.
  std::uint64_t transaction();

  /// --- looking ---
  Place find(const std::string& path, const std::string& branch = {}, Deleted deleted = Deleted::Exclude);
  /// What is there; NotExist.
  const Node& there(const Place& place) const;
  Access access(const Place& place) { return rights.at(place); }
  std::optional<Lock> lock_of(const Node& node) const;
  /// ResourceBusy.
  void need_unlocked(const Node& node, const std::string& path) const;

  /// --- steps ---
  /// The row of a content, made if there is none. QuotaReached.
  std::int64_t content(const Content& content);
  /// Makes the folders of a place that do not exist. Needs Write on the nearest that does.
  void make_folders(Place& place);
  /// Makes what is not there yet at a place whose folders are.
  const Node& insert(Place& place, PathType type, const std::string& branch);
  /// Makes what is not there yet, with the folders that it is in; answers what the account may do with it. Needs
  /// Write, for another branch of a path by the list of that.
  Access make(Place& place, PathType type, const std::string& branch = {});
  /// Gives a node another content, an etag and a time.
  void set_head(Node& node, std::optional<std::int64_t> content, std::uint64_t size, const std::string& digest);
  /// The number of the new checkpoint.
  std::uint64_t freeze(Node& node, const std::string& message);
  void set_lock(const Node& node, std::optional<Lock> lock) { lock_changes[node.id] = std::move(lock); }
  /// Destroys rows with all that hangs on them.
  void destroy(const Node& node);
  /// Destroys what was deleted at a path before the newest of what is kept.
  void forget_old(std::int64_t parent, const std::string& name);
  /// Gives one node the access list of another.
  void copy_acl(const Node& from, Node& to);
  /// A live object without history, of a new id.
  void begin_object(Node& node);
  void append_update(Node& node, std::int64_t content, std::uint64_t size);
  /// Gives a live object the history of another, and a new id.
  void copy_object(const Node& from, Node& to);

  /// --- telling ---
  Entry entry(const Node& node, const std::string& path);
  Change& tell(PathEvent event, const Node& node, const std::string& path);
  /// The access lists that are in force at a node, and for what is in a folder.
  std::shared_ptr<const RightsThen> rights_of(const Node& node);
  std::shared_ptr<const RightsThen> rights_in(std::int64_t folder);
  /// What a command answers about a node: with the asker's rights.
  Written written(const Node& node, const std::string& path, Access access, std::uint64_t checkpoint = 0);

 private:
  void save_object(Node& node);

  std::optional<std::uint64_t> transaction_;
  std::map<std::int64_t, std::shared_ptr<const RightsThen>> rights_in_;  ///< No command changes those that it has told.
};

/// Everything that is there in a folder and below, with its path and what the account may do with it; folders behind
/// what is in them.
struct Item {
  Node node;
  std::string path;
  Access access = Access::None;
};
void visit_below(Writing& writing, const Node& folder, const std::string& path, Access access,
                 const std::function<void(Item)>& visit);

/// --- the commands (commands.hpp says what they do) ---
Written perform(Writing& writing, const CreateAsset& command);
Written perform(Writing& writing, const UpdateAsset& command);
Written perform(Writing& writing, const CreateFolder& command);
Written perform(Writing& writing, const CreateChannel& command);
Written perform(Writing& writing, const CreateObject& command);
Written perform(Writing& writing, const UpdateObject& command);
Written perform(Writing& writing, const Rename& command);
Written perform(Writing& writing, const Copy& command);
std::uint64_t perform(Writing& writing, const Delete& command);
Written perform(Writing& writing, const Undelete& command);
Done perform(Writing& writing, const Obliterate& command);
std::uint64_t perform(Writing& writing, const Purge& command);
Checkpoint perform(Writing& writing, const CreateCheckpoint& command);
Lock perform(Writing& writing, const LockPath& command);
Done perform(Writing& writing, const UnlockPath& command);
Done perform(Writing& writing, const ReleaseConnection& command);
Done perform(Writing& writing, const ReleaseExpiredLocks& command);
Done perform(Writing& writing, const SetAcl& command);
Done perform(Writing& writing, const ChangeAcl& command);
Done perform(Writing& writing, const CreateUser& command);
Done perform(Writing& writing, const ChangeUser& command);
Done perform(Writing& writing, const RemoveUser& command);
Done perform(Writing& writing, const CreateGroup& command);
Done perform(Writing& writing, const RenameGroup& command);
std::uint64_t perform(Writing& writing, const RemoveGroup& command);
Done perform(Writing& writing, const AddToGroup& command);
Done perform(Writing& writing, const RemoveFromGroup& command);
std::string perform(Writing& writing, const CreateApiToken& command);
Done perform(Writing& writing, const DeleteApiToken& command);
std::string perform(Writing& writing, const CreateRefreshToken& command);
std::uint64_t perform(Writing& writing, const RevokeRefreshTokens& command);

/// --- commands of the store's own ---
/// Notes that a token was used.
struct TouchApiToken {
  using Answer = Done;
  std::string hash;
};
/// Makes a secret, if there is none of this name, and answers it.
struct MakeSecret {
  using Answer = std::string;
  std::string name;
};
/// Removes the rows of those contents that nothing names and nobody holds; answers the hashes of those that were files.
struct ForgetContents {
  struct Forgotten {
    std::vector<std::string> files;
    std::uint64_t contents = 0;
    std::uint64_t bytes = 0;
  };
  using Answer = Forgotten;
  std::vector<std::int64_t> ids;
};
Done perform(Writing& writing, const TouchApiToken& command);
std::string perform(Writing& writing, const MakeSecret& command);
ForgetContents::Forgotten perform(Writing& writing, const ForgetContents& command);

}  // namespace omnibroker::nucleus::store
