#include "clock.hpp"
#include "writing.hpp"

namespace omnibroker::nucleus::store {

namespace {

/// Something by its name in its folder, all branches, and what the account may do with the folder.
struct Named {
  Place folder;
  std::string name;
  std::vector<Node> nodes;
  Access inherited = Access::None;
  bool live = true;  ///< Neither it nor a folder that it is in is deleted.

  bool is_folder() const { return nodes.front().is_folder(); }
  std::string path() const { return join(spell(folder.segments, true), name, !nodes.empty() && is_folder()); }
};

enum class Look { Here, HereOrGone };

Named named(Writing& writing, const std::string& path, Look look) {
  auto segments = parse_path(path, writing.shop.options);
  if (segments.empty()) refuse(Code::InvalidParameters, "this cannot be done with the root: " + path);
  Named out;
  out.name = std::move(segments.back());
  segments.pop_back();
  out.folder = writing.tree.walk(std::move(segments), {}, look == Look::Here ? Deleted::Exclude : Deleted::Include);
  if (!out.folder.node) return out;
  if (!out.folder.node->is_folder())
    refuse(Code::InvalidUri, "the path leads through something that is no folder: " + path);
  const auto parent = out.folder.node->id;
  out.inherited = writing.access(out.folder);
  out.live = !out.folder.deleted;
  out.nodes = writing.tree.branches(parent, out.name);
  if (out.nodes.empty() && look == Look::HereOrGone) {
    out.nodes = writing.tree.gone(parent, out.name);
    out.live = false;
  }
  return out;
}

Named must_be(Named found) {
  if (found.nodes.empty()) refuse(Code::NotExist, "nothing is there: " + found.path());
  return found;
}

/// All that is there at a name and below it, folders behind what is in them; all of it the account's to write and
/// unlocked.
std::vector<Item> to_take(Writing& writing, const Named& found) {
  std::vector<Item> items;
  const auto take = [&](Item item) {
    need(item.access, Access::Write, item.path);
    writing.need_unlocked(item.node, item.path);
    items.push_back(std::move(item));
  };
  for (const auto& node : found.nodes) {
    Item item{node, found.path(), writing.rights.at(found.inherited, node)};
    if (node.is_folder()) visit_below(writing, node, item.path, item.access, take);
    take(std::move(item));
  }
  return items;
}

/// Denied where somebody could read behind a move what he may not read before it. `inherited`: what he may do in the
/// folder that it goes to.
void need_read_before(Writing& writing, const Named& found, const std::vector<Item>& items, Access inherited) {
  const auto is_readable = [](const Item& item) { return allows(item.access, Access::Read); };
  if (std::all_of(items.begin(), items.end(), is_readable)) return;
  auto before = items.begin();  // both go the same way through what is there
  const auto compare = [&](const Item& there) {
    if (allows(there.access, Access::Read)) need(before->access, Access::Read, before->path);
    ++before;
  };
  for (const auto& node : found.nodes) {
    Item item{node, found.path(), writing.rights.at(inherited, node)};
    if (node.is_folder()) visit_below(writing, node, item.path, item.access, compare);
    compare(item);
  }
}

}  // namespace

Written perform(Writing& writing, const Rename& command) {
  const auto from = must_be(named(writing, command.from, Look::Here));
  auto to = writing.find(command.to);
  auto from_segments = from.folder.segments;
  from_segments.push_back(from.name);
  if (is_within(to.segments, from_segments)) {
    refuse(Code::InvalidParameters, from.path() + " cannot go onto itself or into its own inside: " + command.to);
  }
  const bool taken = to.node || (to.has_parent() && !writing.tree.branches(to.folders.back().id, to.name()).empty());
  if (taken) refuse(Code::AlreadyExists, "something is there already: " + command.to);
  const auto access = writing.rights.at(to.folders);
  need(access, Access::Write, command.to);
  const auto items = to_take(writing, from);
  need_read_before(writing, from, items, access);
  const auto new_path = spell(to.segments, from.is_folder());
  const auto place_of = [&](const Item& item) { return new_path + item.path.substr(from.path().size()); };
  for (const auto& item : items) parse_path(place_of(item), writing.shop.options);

  // Told from the outside in, so that a folder is known before what is in it.
  const auto above = writing.rights_in(from.folder.node->id);
  const auto above_there = writing.rights_in(to.folders.back().id);
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    auto& change = writing.tell(PathEvent::Rename, item->node, item->path);
    change.destination = place_of(*item);
    change.destination_rights = moved(change.rights, above->lists.size(), above_there);
  }
  writing.make_folders(to);
  for (const auto& node : from.nodes) {
    writing.database.query("UPDATE nodes SET parent = ?, name = ?, tx = ? WHERE id = ?")
        .bind(to.folders.back().id)
        .bind(to.name())
        .bind(writing.transaction())
        .bind(node.id)
        .run();
  }
  const auto moved = writing.tree.by_id(from.nodes.front().id);
  return writing.written(moved, new_path, writing.rights.at(access, moved));
}

std::uint64_t perform(Writing& writing, const Delete& command) {
  auto found = must_be(named(writing, command.path, Look::Here));
  if (command.branch) {
    std::erase_if(found.nodes, [&](const Node& node) { return node.branch != *command.branch; });
    if (found.nodes.empty())
      refuse(Code::NotExist, "nothing is there in branch " + *command.branch + ": " + command.path);
  }
  if (command.recursion == Recursion::Single && found.is_folder() &&
      writing.tree.has_children(found.nodes.front().id)) {
    refuse(Code::FolderNotEmpty, "the folder is not empty: " + found.path());
  }
  const auto items = to_take(writing, found);
  for (const auto& item : items) {
    writing.tell(PathEvent::Delete, item.node, item.path);
    if (writing.lock_of(item.node)) writing.set_lock(item.node, {});
  }
  for (const auto& node : found.nodes) {
    writing.database.query("UPDATE nodes SET deleted = ?, deleted_at = ?, deleted_by = ? WHERE id = ?")
        .bind(writing.transaction())
        .bind(ticks(writing.now))
        .bind(writing.account().name)
        .bind(node.id)
        .run();
  }
  writing.forget_old(found.folder.node->id, found.name);
  return items.size();
}

namespace {

/// The folder that something undeleted goes back to: the one that it was in or, if that is deleted, a new one in its
/// place, with the same access list.
std::int64_t home_of(Writing& writing, const Named& found) {
  if (!found.folder.deleted) return found.folder.node->id;
  auto chain = found.folder.folders;
  chain.push_back(*found.folder.node);
  auto home = writing.tree.walk(found.folder.segments);
  while (home.folders.size() <= home.segments.size()) {
    const auto depth = home.folders.size();
    Place folder{
        {home.segments.begin(), home.segments.begin() + static_cast<std::ptrdiff_t>(depth)}, home.folders, {}, {}};
    Node node = writing.insert(folder, PathType::Folder, {});
    writing.copy_acl(chain[depth], node);
    writing.tell(PathEvent::Undelete, node, folder.path());
    home.folders.push_back(std::move(node));
  }
  return home.folders.back().id;
}

}  // namespace

Written perform(Writing& writing, const Undelete& command) {
  auto found = named(writing, command.path, Look::HereOrGone);
  if (found.live && !found.nodes.empty()) {
    // Only a branch may be deleted beside one that is there.
    auto gone = writing.tree.gone(found.folder.node->id, found.name);
    std::erase_if(gone, [&](const Node& node) {
      return node.type != found.nodes.front().type ||
             std::any_of(found.nodes.begin(), found.nodes.end(),
                         [&](const Node& n) { return n.branch == node.branch; });
    });
    if (gone.empty()) refuse(Code::AlreadyExists, "something is there already: " + found.path());
    found.nodes = std::move(gone);
  }
  must_be(found);
  for (const auto& node : found.nodes) {
    need(writing.rights.at(found.inherited, node), Access::Write, found.path());
    if (node.type == PathType::Asset && !node.content) {
      refuse(Code::NotExist, "only checkpoints are left, one of which can be copied there: " + found.path());
    }
  }
  const auto home = home_of(writing, found);
  for (auto& node : found.nodes) {
    writing.database
        .query("UPDATE nodes SET parent = ?, deleted = 0, deleted_at = 0, deleted_by = '', tx = ? WHERE id = ?")
        .bind(home)
        .bind(writing.transaction())
        .bind(node.id)
        .run();
    node = writing.tree.by_id(node.id);
    writing.tell(PathEvent::Undelete, node, found.path());
    const auto told = [&](const Item& item) { writing.tell(PathEvent::Undelete, item.node, item.path); };
    if (node.is_folder()) visit_below(writing, node, found.path(), Access::Full, told);
  }
  const auto& node = found.nodes.front();
  return writing.written(node, found.path(), writing.rights.at(found.inherited, node));
}

Done perform(Writing& writing, const Obliterate& command) {
  const auto found = must_be(named(writing, command.path, Look::HereOrGone));
  const auto path = found.path();
  for (const auto& node : found.nodes) {
    const bool history = command.checkpoints == Checkpoints::Obliterate && node.checkpoints > 0;
    need(writing.rights.at(found.inherited, node), history ? Access::Admin : Access::Write, path);
    writing.need_unlocked(node, path);
    if (node.is_folder() && writing.tree.has_any_children(node.id)) {
      refuse(Code::FolderNotEmpty, "the folder is not empty, or has deleted entries: " + path);
    }
  }
  for (auto node : found.nodes) {
    writing.tell(PathEvent::Obliterate, node, path);
    if (command.checkpoints == Checkpoints::Obliterate || node.checkpoints == 0) {
      writing.destroy(node);
      continue;
    }
    if (writing.lock_of(node)) writing.set_lock(node, {});
    writing.set_head(node, {}, 0, {});
    writing.database.query("UPDATE nodes SET deleted = ?, deleted_at = ?, deleted_by = ? WHERE id = ? AND deleted = 0")
        .bind(writing.transaction())
        .bind(ticks(writing.now))
        .bind(writing.account().name)
        .bind(node.id)
        .run();
  }
  writing.forget_old(found.folder.node->id, found.name);
  return {};
}

std::uint64_t perform(Writing& writing, const Purge& command) {
  if (!writing.actor.system) refuse(Code::Denied, "only the server itself purges");
  auto query = writing.database.query("SELECT id FROM nodes WHERE deleted > 0 AND deleted_at < ?");
  query.bind(ticks(command.deleted_before));
  std::vector<std::int64_t> old;
  while (query.step()) old.push_back(query.integer(0));
  const auto count = [&] {
    auto rows = writing.database.query("SELECT count(*) FROM nodes");
    rows.step();
    return rows.number(0);
  };
  const auto before = count();
  for (const auto id : old) {
    // One that was deleted in a folder may have gone with it.
    if (!writing.database.query("SELECT 1 FROM nodes WHERE id = ?").bind(id).step()) continue;
    // Nothing is told: it went when it was deleted, and something else may be at its path by now.
    writing.destroy(writing.tree.by_id(id));
  }
  return before - count();
}

}  // namespace omnibroker::nucleus::store
