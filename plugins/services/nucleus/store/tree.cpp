#include "tree.hpp"

#include "clock.hpp"
#include "schema.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace omnibroker::nucleus::store {

namespace {

#define NODE_COLUMNS                                                                                             \
  "n.id, n.parent, n.name, n.branch, n.type, n.etag, n.tx, n.content, c.hash, n.size, n.created, n.created_by, " \
  "n.modified, n.modified_by, n.checkpoints, n.checkpoint_etag, n.object, n.sequence, n.restricted, n.deleted, " \
  "n.deleted_at, n.deleted_by FROM nodes n LEFT JOIN contents c ON c.id = n.content "

Node node_of(const Query& row) {
  Node node;
  node.id = row.integer(0);
  node.parent = row.integer(1);
  node.name = row.text(2);
  node.branch = row.text(3);
  node.type = static_cast<PathType>(row.integer(4));
  node.etag = row.number(5);
  node.tx = row.number(6);
  if (!row.is_null(7)) node.content = row.integer(7);
  node.digest = row.text(8);
  node.size = row.number(9);
  node.created = row.integer(10);
  node.created_by = row.text(11);
  node.modified = row.integer(12);
  node.modified_by = row.text(13);
  node.checkpoints = row.number(14);
  node.checkpoint_etag = row.number(15);
  node.object = row.number(16);
  node.sequence = row.number(17);
  node.restricted = row.integer(18) != 0;
  node.deleted = row.number(19);
  node.deleted_at = row.integer(20);
  node.deleted_by = row.text(21);
  return node;
}

std::vector<Node> all(Query query) {
  std::vector<Node> nodes;
  while (query.step()) nodes.push_back(node_of(query));
  return nodes;
}

Checkpoint checkpoint_row(const Query& row) {
  Checkpoint checkpoint;
  checkpoint.number = row.number(0);
  checkpoint.etag = row.number(1);
  checkpoint.size = row.number(2);
  checkpoint.hash = hex(row.text(3));
  checkpoint.message = row.text(4);
  checkpoint.created = time_of(row.integer(5));
  checkpoint.created_by = row.text(6);
  return checkpoint;
}

#define CHECKPOINT_COLUMNS                                                                              \
  "p.number, p.etag, p.size, c.hash, p.message, p.created, p.created_by, p.content FROM checkpoints p " \
  "JOIN contents c ON c.id = p.content "

}  // namespace

Place Tree::walk(Segments segments, const std::string& branch, Deleted deleted) {
  Place place;
  place.segments = std::move(segments);
  Node here = by_id(kRoot);
  for (std::size_t i = 0; i < place.segments.size(); ++i) {
    const bool last = i + 1 == place.segments.size();
    const auto& name = place.segments[i];
    const auto parent = here.id;
    if (!here.is_folder()) {
      refuse(Code::InvalidUri, "the path leads through something that is no folder: " + spell(place.segments, false));
    }
    place.folders.push_back(std::move(here));
    auto next = child(parent, name, last ? branch : "");
    if (!next && !last && !branches(parent, name).empty()) {
      refuse(Code::InvalidUri, "the path leads through something that is no folder: " + spell(place.segments, false));
    }
    // A deleted one is only looked at where nothing is, on any branch.
    if (!next && deleted != Deleted::Exclude && branches(parent, name).empty()) {
      for (auto& node : gone(parent, name)) {
        if (node.branch == (last ? branch : "")) next = std::move(node);
      }
    }
    if (!next) return place;
    if (next->deleted) place.deleted = *next;
    here = std::move(*next);
  }
  place.node = std::move(here);
  return place;
}

std::optional<Node> Tree::child(std::int64_t parent, const std::string& name, const std::string& branch) {
  auto query =
      database_.query("SELECT " NODE_COLUMNS "WHERE n.parent = ? AND n.name = ? AND n.branch = ? AND n.deleted = 0");
  query.bind(parent).bind(name).bind(branch);
  if (!query.step()) return {};
  return node_of(query);
}

std::vector<Node> Tree::branches(std::int64_t parent, const std::string& name) {
  auto query =
      database_.query("SELECT " NODE_COLUMNS "WHERE n.parent = ? AND n.name = ? AND n.deleted = 0 ORDER BY n.branch");
  query.bind(parent).bind(name);
  return all(std::move(query));
}

std::vector<Node> Tree::gone(std::int64_t parent, const std::string& name) {
  auto query = database_.query(
      "SELECT " NODE_COLUMNS
      "WHERE n.parent = ?1 AND n.name = ?2 AND n.deleted > 0 AND n.deleted = "
      "(SELECT max(deleted) FROM nodes WHERE parent = ?1 AND name = ?2 AND deleted > 0) ORDER BY n.branch");
  query.bind(parent).bind(name);
  return all(std::move(query));
}

std::vector<Node> Tree::children(std::int64_t folder) {
  auto query = database_.query("SELECT " NODE_COLUMNS "WHERE n.parent = ? AND n.deleted = 0 ORDER BY n.name, n.branch");
  query.bind(folder);
  return all(std::move(query));
}

bool Tree::has_children(std::int64_t folder) {
  return database_.query("SELECT 1 FROM nodes WHERE parent = ? AND deleted = 0 LIMIT 1").bind(folder).step();
}

bool Tree::has_any_children(std::int64_t folder) {
  return database_.query("SELECT 1 FROM nodes WHERE parent = ? LIMIT 1").bind(folder).step();
}

void Tree::list(std::int64_t folder, const std::string& after_name, const std::string& after_branch, Deleted which,
                const std::function<bool(Node)>& visit) {
  auto here =
      database_.query("SELECT " NODE_COLUMNS
                      "WHERE n.parent = ? AND n.deleted = 0 AND (n.name, n.branch) > (?, ?) ORDER BY n.name, n.branch");
  auto gone = database_.query(
      "SELECT " NODE_COLUMNS
      "WHERE n.parent = ?1 AND n.deleted > 0 AND (n.name, n.branch) > (?2, ?3) AND n.deleted = "
      "(SELECT max(deleted) FROM nodes WHERE parent = ?1 AND name = n.name AND deleted > 0) AND NOT EXISTS "
      "(SELECT 1 FROM nodes WHERE parent = ?1 AND name = n.name AND deleted = 0) ORDER BY n.name, n.branch");
  const auto next = [](Query& query) -> std::optional<Node> {
    if (!query.step()) return {};
    return node_of(query);
  };
  std::optional<Node> left, right;
  if (which != Deleted::Only) left = next(here.bind(folder).bind(after_name).bind(after_branch));
  if (which != Deleted::Exclude) right = next(gone.bind(folder).bind(after_name).bind(after_branch));
  const auto key = [](const Node& node) { return std::tie(node.name, node.branch); };
  while (left || right) {
    const bool take_left = left && (!right || key(*left) < key(*right));
    auto& side = take_left ? left : right;
    if (!visit(std::move(*side))) return;
    side = next(take_left ? here : gone);
  }
}

Tree::Frozen Tree::checkpoint(const Node& node, std::uint64_t number) {
  auto query = database_.query("SELECT " CHECKPOINT_COLUMNS "WHERE p.node = ? AND p.number = ?");
  query.bind(node.id).bind(number);
  if (!query.step()) {
    refuse(Code::InvalidVersion, node.name + " has no checkpoint " + std::to_string(number) +
                                     (node.branch.empty() ? "" : " in branch " + node.branch) + "; it has " +
                                     std::to_string(node.checkpoints));
  }
  return {checkpoint_row(query), query.integer(7)};
}

std::vector<Checkpoint> Tree::checkpoints(const Node& node, std::uint64_t before, std::size_t most) {
  auto query = database_.query("SELECT " CHECKPOINT_COLUMNS
                               "WHERE p.node = ?1 AND (?2 = 0 OR p.number < ?2) ORDER BY p.number DESC LIMIT ?3");
  query.bind(node.id).bind(before).bind(std::uint64_t{most});
  std::vector<Checkpoint> out;
  while (query.step()) out.push_back(checkpoint_row(query));
  std::reverse(out.begin(), out.end());
  return out;
}

Node Tree::by_id(std::int64_t id) {
  auto query = database_.query("SELECT " NODE_COLUMNS "WHERE n.id = ?");
  query.bind(id);
  if (!query.step()) refuse(Code::InternalError, "the database names an entry that it does not have");
  return node_of(query);
}

std::string Tree::path_of(const Node& node) {
  std::string path = node.is_folder() ? node.name + "/" : node.name;
  for (auto id = node.parent; id != kRoot;) {
    const auto folder = by_id(id);
    path.insert(0, folder.name + "/");
    id = folder.parent;
  }
  return "/" + path;
}

std::optional<std::uint64_t> Tree::checkpoint_of(const Node& node, std::uint64_t etag) {
  auto query = database_.query("SELECT number FROM checkpoints WHERE node = ? AND etag = ? LIMIT 1");
  query.bind(node.id).bind(etag);
  if (!query.step()) return {};
  return query.number(0);
}

namespace {

StoredContent content_row(const Query& query) {
  StoredContent row{query.text(0), query.number(1), {}, query.text(3)};
  if (!query.is_null(2)) row.bytes = query.text(2);
  return row;
}

}  // namespace

StoredContent Tree::content(std::int64_t id) {
  auto query = database_.query("SELECT hash, size, bytes, checks FROM contents WHERE id = ?");
  query.bind(id);
  if (!query.step()) refuse(Code::InternalError, "the database names a content that it does not have");
  return content_row(query);
}

std::optional<StoredContent> Tree::content(const std::string& digest) {
  auto query = database_.query("SELECT hash, size, bytes, checks FROM contents WHERE hash = ?");
  query.bytes(digest);
  if (!query.step()) return {};
  return content_row(query);
}

std::uint64_t Tree::transaction_id() {
  auto query = database_.query("SELECT value FROM counters WHERE name = 'transaction'");
  query.step();
  return query.number(0);
}

Entry Tree::entry(const Node& node, std::string path, const std::optional<Node>& deleted) {
  Entry entry;
  entry.path = std::move(path);
  entry.branch = node.branch;
  entry.type = node.type;
  entry.etag = node.etag;
  entry.transaction_id = node.tx;
  entry.size = node.size;
  entry.empty = node.is_folder() && !has_children(node.id);
  entry.created = time_of(node.created);
  entry.created_by = node.created_by;
  entry.modified = time_of(node.modified);
  entry.modified_by = node.modified_by;
  if (node.type == PathType::Asset) entry.hash = hex(node.digest);
  entry.checkpointed = node.checkpoints > 0 && node.checkpoint_etag == node.etag;
  entry.checkpoint_count = node.checkpoints;
  entry.object_id = node.object;
  entry.sequence = node.sequence;
  const Node* gone = node.deleted ? &node : deleted ? &*deleted : nullptr;
  if (gone) {
    entry.deleted = true;
    entry.deleted_at = time_of(gone->deleted_at);
    entry.deleted_by = gone->deleted_by;
  }
  return entry;
}

void go_back(Entry& entry, const Checkpoint& checkpoint) {
  entry.etag = checkpoint.etag;
  entry.size = checkpoint.size;
  entry.hash = checkpoint.hash;
  entry.modified = checkpoint.created;
  entry.modified_by = checkpoint.created_by;
  entry.checkpointed = true;
  entry.lock.reset();
}

}  // namespace omnibroker::nucleus::store
