#pragma once

#include "content_folder.hpp"
#include "database.hpp"
#include "path.hpp"
#include "store.hpp"
#include "types.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace omnibroker::nucleus::store {

/// A row of `nodes` with the hash of its content.
struct Node {
  std::int64_t id = 0;
  std::int64_t parent = 0;
  std::string name;
  std::string branch;
  PathType type = PathType::None;
  std::uint64_t etag = 0;
  std::uint64_t tx = 0;
  std::optional<std::int64_t> content;
  std::string digest;
  std::uint64_t size = 0;
  std::int64_t created = 0;
  std::string created_by;
  std::int64_t modified = 0;
  std::string modified_by;
  std::uint64_t checkpoints = 0;
  std::uint64_t checkpoint_etag = 0;
  std::uint64_t object = 0;
  std::uint64_t sequence = 0;
  bool restricted = false;
  std::uint64_t deleted = 0;  ///< The transaction that deleted it; 0: it is there.
  std::int64_t deleted_at = 0;
  std::string deleted_by;

  bool is_folder() const { return type == PathType::Folder; }
};

/// Where a path leads.
struct Place {
  Segments segments;
  std::vector<Node> folders;  ///< The folders on the way that exist, from the root on.
  std::optional<Node> node;   ///< What is there. Of the root: the root, with no folders before it.
  /// The nearest thing on the way, or what is there itself, that is deleted.
  std::optional<Node> deleted;

  /// All folders on the way exist.
  bool has_parent() const { return segments.empty() || folders.size() == segments.size(); }
  std::string path() const { return spell(segments, node && node->is_folder()); }
  const std::string& name() const { return segments.back(); }
};

/// Looks things up in the tree of paths. Of the connection that it is made on, so of its transaction.
class Tree {
 public:
  explicit Tree(Database& database) : database_(database) {}

  /// Follows a path. A folder on the way that is an asset is an InvalidUri.
  Place walk(Segments segments, const std::string& branch = {}, Deleted deleted = Deleted::Exclude);

  std::optional<Node> child(std::int64_t parent, const std::string& name, const std::string& branch);
  /// What is there under a name, all branches.
  std::vector<Node> branches(std::int64_t parent, const std::string& name);
  /// What was deleted last under a name: all branches that went in the same transaction.
  std::vector<Node> gone(std::int64_t parent, const std::string& name);
  std::vector<Node> children(std::int64_t folder);
  bool has_children(std::int64_t folder);
  /// Children that are there and those that were deleted.
  bool has_any_children(std::int64_t folder);

  /// Visits the children from one name on, in the order of names and branches, until it answers false. Exclude: those
  /// that are there. Only: what was deleted last under names where nothing is.
  void list(std::int64_t folder, const std::string& after_name, const std::string& after_branch, Deleted which,
            const std::function<bool(Node)>& visit);

  /// InvalidVersion.
  struct Frozen {
    Checkpoint checkpoint;
    std::int64_t content = 0;
  };
  Frozen checkpoint(const Node& node, std::uint64_t number);
  /// The newest `most` of those with a number below `before` (0: of all), oldest first.
  std::vector<Checkpoint> checkpoints(const Node& node, std::uint64_t before, std::size_t most);
  /// The number of the checkpoint with this etag.
  std::optional<std::uint64_t> checkpoint_of(const Node& node, std::uint64_t etag);

  /// Where a node is, or was before it was deleted.
  std::string path_of(const Node& node);
  Node by_id(std::int64_t id);

  StoredContent content(std::int64_t id);
  std::optional<StoredContent> content(const std::string& digest);
  std::uint64_t transaction_id();

  /// The entry of a node, without access and lock.
  Entry entry(const Node& node, std::string path, const std::optional<Node>& deleted = {});

 private:
  Database& database_;
};

/// The node as it was at a checkpoint.
void go_back(Entry& entry, const Checkpoint& checkpoint);

}  // namespace omnibroker::nucleus::store
