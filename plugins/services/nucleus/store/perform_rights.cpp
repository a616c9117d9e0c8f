#include "schema.hpp"
#include "writing.hpp"

namespace omnibroker::nucleus::store {

namespace {

std::int64_t principal(Writing& writing, const std::string& name) {
  auto query = writing.database.query("SELECT id FROM principals WHERE name = ?");
  query.bind(name);
  if (!query.step()) refuse(Code::UserNotFound, "there is no user and no group " + name);
  return query.integer(0);
}

/// Whether somebody has Admin at a place by its lists, without being a super user: those whom a list names, one after
/// another.
bool somebody_is_admin(Writing& writing, const Place& place) {
  std::vector<Node> chain = place.folders;
  chain.push_back(*place.node);
  for (const auto& node : chain) {
    for (const auto& [id, access] : acl_of(writing.database, node)) {
      if (!allows(access, Access::Admin)) continue;
      auto users = writing.database.query(
          "SELECT p.name FROM users u JOIN principals p ON p.id = u.id WHERE u.enabled AND NOT u.read_only AND "
          "(u.id = ?1 OR ?1 = ?2 OR u.id IN (SELECT user FROM members WHERE group_id = ?1))");
      users.bind(id).bind(kEverybody);
      while (users.step()) {
        // Asked without the privilege of super users: these may be taken away elsewhere.
        auto account = account_of(writing.database, Actor{users.text(0), {}});
        account.super = false;
        Rights rights(writing.database, std::move(account));
        Access has = Access::None;
        for (const auto& step : chain) has = rights.at(has, step);
        if (allows(has, Access::Admin)) return true;
      }
    }
  }
  return false;
}

/// A path whose list the account may change; of one with branches only, any of them has the list.
Place to_admin(Writing& writing, const std::string& path) {
  auto place = writing.find(path);
  if (!place.node && !place.segments.empty() && place.has_parent()) {
    auto others = writing.tree.branches(place.folders.back().id, place.name());
    if (!others.empty()) place.node = std::move(others.front());
  }
  writing.there(place);
  need(writing.access(place), Access::Admin, place.path());
  return place;
}

Done put_acl(Writing& writing, Place place, const std::vector<AclEntry>& entries) {
  const auto path = place.path();
  std::vector<Node> nodes = {*place.node};
  if (!place.segments.empty()) nodes = writing.tree.branches(place.folders.back().id, place.name());
  for (auto& node : nodes) {
    writing.database.query("DELETE FROM acl WHERE node = ?").bind(node.id).run();
    for (const auto& line : entries) {
      if ((line.access & Access::Full) != line.access)
        refuse(Code::InvalidParameters, "an access has three bits: " + line.name);
      writing.database.query("INSERT OR REPLACE INTO acl VALUES (?, ?, ?)")
          .bind(node.id)
          .bind(principal(writing, line.name))
          .bind(static_cast<int>(line.access))
          .run();
    }
    node.restricted = !entries.empty();
    node.tx = writing.transaction();
    writing.database.query("UPDATE nodes SET restricted = ?, tx = ? WHERE id = ?")
        .bind(node.restricted)
        .bind(node.tx)
        .bind(node.id)
        .run();
    writing.tell(PathEvent::ChangeAcl, node, path);
  }
  place.node = nodes.front();
  const bool locked_out = !writing.account().super && !allows(writing.access(place), Access::Admin);
  if (locked_out && !somebody_is_admin(writing, place)) {
    refuse(Code::Denied, "nobody would have the right to admin any more: " + path);
  }
  return {};
}

}  // namespace

Done perform(Writing& writing, const SetAcl& command) {
  return put_acl(writing, to_admin(writing, command.path), command.entries);
}

Done perform(Writing& writing, const ChangeAcl& command) {
  auto place = to_admin(writing, command.path);
  std::vector<AclEntry> entries;
  for (const auto& [id, access] : acl_of(writing.database, *place.node)) {
    entries.push_back({principal_name(writing.database, id), access});
  }
  for (const auto& change : command.entries) {
    std::erase_if(entries, [&](const AclEntry& entry) { return entry.name == change.name; });
    if (change.access != Access::None) entries.push_back(change);
  }
  return put_acl(writing, std::move(place), entries);
}

}  // namespace omnibroker::nucleus::store
