#include "rights.hpp"

#include "schema.hpp"

namespace omnibroker::nucleus::store {

Account account_of(Database& database, const Actor& actor) {
  Account account;
  account.name = actor.user;
  if (actor.system) {
    account.super = true;
    return account;
  }
  auto user = database.query(
      "SELECT u.id, u.enabled, u.admin, u.read_only, coalesce(c.tx, 0) FROM principals p JOIN users u ON u.id = p.id "
      "LEFT JOIN password_changes c ON c.user = u.id WHERE p.name = ?");
  user.bind(actor.user);
  const bool found = user.step();
  if (!found) refuse(Code::UserNotFound, "there is no user " + actor.user);
  if (actor.id != 0 && actor.id != user.integer(0)) {
    refuse(Code::UserNotFound, "another user has this name by now: " + actor.user);
  }
  if (user.integer(1) == 0) refuse(Code::Denied, "the user is disabled: " + actor.user);
  if (actor.password_version && *actor.password_version != user.number(4)) {
    refuse(Code::Denied, "the password has been changed since, log in again: " + actor.user);
  }
  account.id = user.integer(0);
  account.super = user.integer(2) != 0;
  account.read_only = user.integer(3) != 0;
  account.groups.insert(kEverybody);
  auto groups = database.query("SELECT group_id FROM members WHERE user = ?");
  groups.bind(account.id);
  while (groups.step()) account.groups.insert(groups.integer(0));
  return account;
}

std::map<std::int64_t, Access> acl_of(Database& database, const Node& node) {
  std::map<std::int64_t, Access> lines;
  if (!node.restricted) return lines;
  auto query = database.query("SELECT principal, access FROM acl WHERE node = ?");
  query.bind(node.id);
  while (query.step()) lines.emplace(query.integer(0), static_cast<Access>(query.integer(1)));
  return lines;
}

Access Rights::at(Access inherited, const Node& node) {
  if (account_.super) return Access::Full;
  return node.restricted ? at(inherited, acl_of(database_, node)) : inherited;
}

Access Rights::at(Access inherited, const std::map<std::int64_t, Access>& lines) const {
  if (const auto own = lines.find(account_.id); own != lines.end()) return own->second;
  bool named = false;
  Access together = Access::None;
  for (const auto& [principal, access] : lines) {
    if (!account_.groups.contains(principal)) continue;
    named = true;
    together = together | access;
  }
  return named ? together : inherited;
}

Access Rights::at(const std::vector<Node>& folders) {
  Access access = Access::None;
  for (const auto& folder : folders) access = at(access, folder);
  return access;
}

Access Rights::at(const Place& place) {
  const auto access = at(place.folders);
  return place.node ? at(access, *place.node) : access;
}

std::string principal_name(Database& database, std::int64_t id) {
  auto query = database.query("SELECT name FROM principals WHERE id = ?");
  query.bind(id);
  return query.step() ? query.text(0) : std::string();
}

void need(Access has, Access needs, const std::string& path) {
  if (allows(has, needs)) return;
  const char* what = needs == Access::Read ? "read" : needs == Access::Write ? "write" : "admin";
  refuse(Code::Denied, std::string("this needs the right to ") + what + ": " + path);
}

}  // namespace omnibroker::nucleus::store
