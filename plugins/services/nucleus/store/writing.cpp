#include "writing.hpp"

#include "clock.hpp"

namespace omnibroker::nucleus::store {

Writing::Writing(Workshop& workshop, const Actor& by)
    : shop(workshop),
      database(workshop.database),
      tree(workshop.database),
      rights(workshop.database, account_of(workshop.database, by)),
      actor(by),
      now(time_now(workshop.options)) {
  if (account().read_only) refuse(Code::Denied, "the user may only read: " + by.user);
}

std::uint64_t Writing::transaction() {
  if (!transaction_) transaction_ = ++shop.counters.transaction;
  return *transaction_;
}

Place Writing::find(const std::string& path, const std::string& branch, Deleted deleted) {
  check_branch(branch);
  return tree.walk(parse_path(path, shop.options), branch, deleted);
}

const Node& Writing::there(const Place& place) const {
  if (!place.node) refuse(Code::NotExist, "nothing is there: " + place.path());
  return *place.node;
}

std::optional<Lock> Writing::lock_of(const Node& node) const {
  if (const auto changed = lock_changes.find(node.id); changed != lock_changes.end()) return changed->second;
  const auto it = shop.locks.working().find(node.id);
  if (it == shop.locks.working().end() || !counts(it->second, now)) return {};
  return it->second;
}

void Writing::need_unlocked(const Node& node, const std::string& path) const {
  const auto lock = lock_of(node);
  if (!lock || !keeps_out(*lock, actor)) return;
  const bool own = lock->user == actor.user;
  refuse(Code::ResourceBusy, path + " is locked by " + (own ? "another connection of " : "") + lock->user);
}

std::int64_t Writing::content(const Content& content) {
  const Pin& pin = ContentFolder::pin(content);
  shop.named.push_back(&pin);
  auto known = database.query("SELECT id FROM contents WHERE hash = ?");
  known.bytes(pin.digest);
  if (known.step()) return known.integer(0);
  const auto quota = shop.options.quota;
  if (quota > 0 && shop.used + pin.size > quota) {
    refuse(Code::QuotaReached, "the store has at most " + std::to_string(quota) +
                                   " bytes of content: " + std::to_string(shop.used) + " are taken, " +
                                   std::to_string(pin.size) + " more do not fit");
  }
  auto query = database.query("INSERT INTO contents(hash, size, bytes, checks) VALUES (?, ?, ?, ?)");
  query.bytes(pin.digest).bind(pin.size);
  pin.bytes ? query.bytes(*pin.bytes) : query.null();
  query.bytes(pin.checks).run();
  shop.used += pin.size;
  return database.last_id();
}

void Writing::make_folders(Place& place) {
  if (place.has_parent()) return;
  need(rights.at(place.folders), Access::Write, spell(place.segments, false));
  while (!place.has_parent()) {
    const auto depth = place.folders.size();
    Place folder{Segments(place.segments.begin(), place.segments.begin() + static_cast<std::ptrdiff_t>(depth)),
                 place.folders,
                 {},
                 {}};
    place.folders.push_back(insert(folder, PathType::Folder, {}));
    tell(PathEvent::Create, place.folders.back(), folder.path());
  }
}

const Node& Writing::insert(Place& place, PathType type, const std::string& branch) {
  Node node;
  node.parent = place.folders.back().id;
  node.name = place.name();
  node.branch = branch;
  node.type = type;
  node.etag = ++shop.counters.etag;
  node.tx = transaction();
  node.created = node.modified = ticks(now);
  node.created_by = node.modified_by = account().name;
  // A path has one type and one access list, whatever branches it has.
  const auto others = tree.branches(node.parent, node.name);
  if (!others.empty() && others.front().type != type) {
    refuse(Code::AlreadyExists, "something of another type is there, in another branch: " + place.path());
  }
  database
      .query(
          "INSERT INTO nodes(parent, name, branch, type, etag, tx, created, created_by, modified, modified_by) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(node.parent)
      .bind(node.name)
      .bind(node.branch)
      .bind(static_cast<int>(node.type))
      .bind(node.etag)
      .bind(node.tx)
      .bind(node.created)
      .bind(node.created_by)
      .bind(node.modified)
      .bind(node.modified_by)
      .run();
  node.id = database.last_id();
  if (!others.empty()) copy_acl(others.front(), node);
  place.node = std::move(node);
  return *place.node;
}

Access Writing::make(Place& place, PathType type, const std::string& branch) {
  const auto access = rights.at(place.folders);
  // A path has one access list: it also decides who may make another branch of it.
  const auto others = place.has_parent() ? tree.branches(place.folders.back().id, place.name()) : std::vector<Node>();
  need(others.empty() ? access : rights.at(access, others.front()), Access::Write, place.path());
  make_folders(place);
  insert(place, type, branch);
  return rights.at(access, *place.node);
}

void Writing::set_head(Node& node, std::optional<std::int64_t> content, std::uint64_t size, const std::string& digest) {
  node.content = content;
  node.size = size;
  node.digest = digest;
  node.etag = ++shop.counters.etag;
  node.tx = transaction();
  node.modified = ticks(now);
  node.modified_by = account().name;
  database.query("UPDATE nodes SET content = ?, size = ?, etag = ?, tx = ?, modified = ?, modified_by = ? WHERE id = ?")
      .bind(node.content)
      .bind(node.size)
      .bind(node.etag)
      .bind(node.tx)
      .bind(node.modified)
      .bind(node.modified_by)
      .bind(node.id)
      .run();
}

std::uint64_t Writing::freeze(Node& node, const std::string& message) {
  node.tx = transaction();
  ++node.checkpoints;
  node.checkpoint_etag = node.etag;
  database
      .query(
          "INSERT INTO checkpoints(node, number, etag, content, size, message, created, created_by) "
          "VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(node.id)
      .bind(node.checkpoints)
      .bind(node.etag)
      .bind(node.content)
      .bind(node.size)
      .bind(message)
      .bind(ticks(now))
      .bind(account().name)
      .run();
  database.query("UPDATE nodes SET tx = ?, checkpoints = ?, checkpoint_etag = ? WHERE id = ?")
      .bind(node.tx)
      .bind(node.checkpoints)
      .bind(node.checkpoint_etag)
      .bind(node.id)
      .run();
  return node.checkpoints;
}

void Writing::destroy(const Node& node) {
  transaction();
  set_lock(node, {});
  database.query("DELETE FROM nodes WHERE id = ?").bind(node.id).run();
}

void Writing::forget_old(std::int64_t parent, const std::string& name) {
  auto query = database.query(
      "SELECT id FROM nodes WHERE parent = ?1 AND name = ?2 AND deleted > 0 AND deleted NOT IN "
      "(SELECT DISTINCT deleted FROM nodes WHERE parent = ?1 AND name = ?2 AND deleted > 0 ORDER BY deleted DESC LIMIT "
      "?3)");
  query.bind(parent).bind(name).bind(std::uint64_t{shop.options.keep_deleted});
  std::vector<Node> old;
  while (query.step()) old.emplace_back().id = query.integer(0);
  for (const auto& node : old) destroy(node);
}

void Writing::copy_acl(const Node& from, Node& to) {
  if (!from.restricted) return;
  database.query("INSERT INTO acl SELECT ?, principal, access FROM acl WHERE node = ?").bind(to.id).bind(from.id).run();
  database.query("UPDATE nodes SET restricted = 1 WHERE id = ?").bind(to.id).run();
  to.restricted = true;
}

void Writing::begin_object(Node& node) {
  database.query("DELETE FROM updates WHERE node = ?").bind(node.id).run();
  node.object = ++shop.counters.object;
  node.sequence = 0;
  node.size = 0;
}

void Writing::append_update(Node& node, std::int64_t content, std::uint64_t size) {
  ++node.sequence;
  node.size += size;
  save_object(node);
  database.query("INSERT INTO updates(node, sequence, content, size, time, user) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(node.id)
      .bind(node.sequence)
      .bind(content)
      .bind(size)
      .bind(node.modified)
      .bind(node.modified_by)
      .run();
}

void Writing::copy_object(const Node& from, Node& to) {
  begin_object(to);
  to.sequence = from.sequence;
  to.size = from.size;
  save_object(to);
  database
      .query(
          "INSERT INTO updates(node, sequence, content, size, time, user) "
          "SELECT ?, sequence, content, size, time, user FROM updates WHERE node = ?")
      .bind(to.id)
      .bind(from.id)
      .run();
}

void Writing::save_object(Node& node) {
  node.etag = ++shop.counters.etag;
  node.tx = transaction();
  node.modified = ticks(now);
  node.modified_by = account().name;
  database
      .query(
          "UPDATE nodes SET object = ?, sequence = ?, size = ?, etag = ?, tx = ?, modified = ?, modified_by = ? "
          "WHERE id = ?")
      .bind(node.object)
      .bind(node.sequence)
      .bind(node.size)
      .bind(node.etag)
      .bind(node.tx)
      .bind(node.modified)
      .bind(node.modified_by)
      .bind(node.id)
      .run();
}

Entry Writing::entry(const Node& node, const std::string& path) {
  Entry entry = tree.entry(node, path);
  entry.lock = lock_of(node);
  return entry;
}

Change& Writing::tell(PathEvent event, const Node& node, const std::string& path) {
  Change change;
  change.event = event;
  change.entry = entry(node, path);
  change.transaction_id = transaction();
  change.by = actor;
  change.rights = rights_of(node);
  return changes.emplace_back(std::move(change));
}

Written Writing::written(const Node& node, const std::string& path, Access access, std::uint64_t checkpoint) {
  Written out{entry(node, path), checkpoint};
  out.entry.access = access;
  return out;
}

void visit_below(Writing& writing, const Node& folder, const std::string& path, Access access,
                 const std::function<void(Item)>& visit) {
  for (auto& child : writing.tree.children(folder.id)) {
    Item item;
    item.path = join(path, child.name, child.is_folder());
    item.access = writing.rights.at(access, child);
    item.node = std::move(child);
    if (item.node.is_folder()) visit_below(writing, item.node, item.path, item.access, visit);
    visit(std::move(item));
  }
}

}  // namespace omnibroker::nucleus::store
