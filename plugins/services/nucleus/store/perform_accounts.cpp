#include "clock.hpp"
#include "digest.hpp"
#include "path.hpp"
#include "schema.hpp"
#include "secrets.hpp"
#include "writing.hpp"

#include <algorithm>

namespace omnibroker::nucleus::store {

namespace {

void need_super(const Writing& writing) {
  if (!writing.account().super)
    refuse(Code::Denied, "only an administrator may do that, not " + writing.account().name);
}

void need_self_or_super(const Writing& writing, const std::string& user) {
  if (writing.account().name != user) need_super(writing);
}

/// Names appear in paths and lists of all kinds, so they follow the rules of a path's segment.
void check_name(const std::string& name, const Options& options) {
  try {
    if (parse_path("/" + name, options).size() == 1 && name.back() != '/') return;
  } catch (const Refusal&) {
    // Said below, as what it is about.
  }
  refuse(Code::InvalidParameters, "a name has 1 to 255 bytes of UTF-8, no '/' and no control characters");
}

std::int64_t user_id(Writing& writing, const std::string& name) {
  auto query = writing.database.query("SELECT id FROM principals WHERE name = ? AND NOT is_group");
  query.bind(name);
  if (!query.step()) refuse(Code::UserNotFound, "there is no user " + name);
  return query.integer(0);
}

std::int64_t group_id(Writing& writing, const std::string& name) {
  auto query = writing.database.query("SELECT id FROM principals WHERE name = ? AND is_group");
  query.bind(name);
  if (!query.step()) refuse(Code::GroupNotFound, "there is no group " + name);
  return query.integer(0);
}

bool name_taken(Writing& writing, const std::string& name) {
  return writing.database.query("SELECT 1 FROM principals WHERE name = ?").bind(name).step();
}

std::int64_t add_principal(Writing& writing, const std::string& name, bool group) {
  writing.database.query("INSERT INTO principals(name, is_group) VALUES (?, ?)").bind(name).bind(group).run();
  return writing.database.last_id();
}

/// Lists without a line are no lists: what they are on inherits again.
void remove_principal(Writing& writing, std::int64_t id) {
  writing.database.query("DELETE FROM principals WHERE id = ?").bind(id).run();
  writing.database.run("UPDATE nodes SET restricted = 0 WHERE restricted AND id NOT IN (SELECT node FROM acl)");
}

/// A store in which nobody is an administrator could only be helped from outside.
void need_some_admin(Writing& writing) {
  if (writing.actor.system) return;
  if (writing.database.query("SELECT 1 FROM users WHERE admin AND enabled AND NOT read_only LIMIT 1").step()) return;
  refuse(Code::Denied, "this is the last administrator");
}

}  // namespace

Done perform(Writing& writing, const CreateUser& command) {
  need_super(writing);
  const auto& user = command.user;
  check_name(user.name, writing.shop.options);
  if (name_taken(writing, user.name)) refuse(Code::AlreadyExists, "a user or a group has this name: " + user.name);
  writing.transaction();
  const auto id = add_principal(writing, user.name, false);
  writing.database.query("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(id)
      .bind(user.profile.first_name)
      .bind(user.profile.last_name)
      .bind(user.profile.email)
      .bind(user.enabled)
      .bind(user.admin)
      .bind(user.read_only)
      .bind(ticks(writing.now))
      .bind(command.password)  // Hashed on its way here.
      .run();
  return {};
}

Done perform(Writing& writing, const ChangeUser& command) {
  need_self_or_super(writing, command.name);
  if (command.enabled || command.admin || command.read_only) need_super(writing);
  const auto id = user_id(writing, command.name);
  writing.transaction();
  const auto set = [&](const char* sql, const std::optional<bool>& value) {
    if (value) writing.database.query(sql).bind(*value).bind(id).run();
  };
  set("UPDATE users SET enabled = ? WHERE id = ?", command.enabled);
  set("UPDATE users SET admin = ? WHERE id = ?", command.admin);
  set("UPDATE users SET read_only = ? WHERE id = ?", command.read_only);
  if (const auto& profile = command.profile) {
    writing.database.query("UPDATE users SET first_name = ?, last_name = ?, email = ? WHERE id = ?")
        .bind(profile->first_name)
        .bind(profile->last_name)
        .bind(profile->email)
        .bind(id)
        .run();
  }
  if (command.password) {
    writing.database.query("UPDATE users SET password = ? WHERE id = ?").bind(*command.password).bind(id).run();
    writing.database.query("DELETE FROM api_tokens WHERE user = ?").bind(id).run();
    writing.database.query("INSERT OR REPLACE INTO password_changes VALUES (?, ?)")
        .bind(id)
        .bind(writing.transaction())
        .run();
  }
  if (command.password || command.enabled == false) {
    writing.database.query("DELETE FROM refresh_tokens WHERE user = ?").bind(id).run();
  }
  need_some_admin(writing);
  return {};
}

Done perform(Writing& writing, const RemoveUser& command) {
  need_super(writing);
  const auto id = user_id(writing, command.name);
  writing.transaction();
  remove_principal(writing, id);
  need_some_admin(writing);
  return {};
}

Done perform(Writing& writing, const CreateGroup& command) {
  need_super(writing);
  check_name(command.name, writing.shop.options);
  if (name_taken(writing, command.name)) {
    refuse(Code::GroupAlreadyExists, "a group or a user has this name: " + command.name);
  }
  writing.transaction();
  add_principal(writing, command.name, true);
  return {};
}

Done perform(Writing& writing, const RenameGroup& command) {
  need_super(writing);
  check_name(command.to, writing.shop.options);
  const auto id = group_id(writing, command.from);
  if (id == kEverybody) refuse(Code::Denied, "the group of all users keeps its name");
  if (name_taken(writing, command.to))
    refuse(Code::GroupAlreadyExists, "a group or a user has this name: " + command.to);
  writing.transaction();
  writing.database.query("UPDATE principals SET name = ? WHERE id = ?").bind(command.to).bind(id).run();
  return {};
}

std::uint64_t perform(Writing& writing, const RemoveGroup& command) {
  need_super(writing);
  const auto id = group_id(writing, command.name);
  if (id == kEverybody) refuse(Code::Denied, "the group of all users stays");
  auto members = writing.database.query("SELECT count(*) FROM members WHERE group_id = ?");
  members.bind(id).step();
  const auto count = members.number(0);
  writing.transaction();
  remove_principal(writing, id);
  return count;
}

Done perform(Writing& writing, const AddToGroup& command) {
  need_super(writing);
  const auto group = group_id(writing, command.group);
  const auto user = user_id(writing, command.user);
  writing.transaction();
  auto query = writing.database.query("INSERT OR IGNORE INTO members VALUES (?, ?)");
  query.bind(group).bind(user);
  if (group != kEverybody) query.run();
  if (group == kEverybody || writing.database.changed() == 0) {
    refuse(Code::UserAlreadyInGroup, command.user + " is in the group already: " + command.group);
  }
  return {};
}

Done perform(Writing& writing, const RemoveFromGroup& command) {
  need_super(writing);
  const auto group = group_id(writing, command.group);
  if (group == kEverybody) refuse(Code::Denied, "everybody stays in the group of all users");
  const auto user = user_id(writing, command.user);
  writing.transaction();
  writing.database.query("DELETE FROM members WHERE group_id = ? AND user = ?").bind(group).bind(user).run();
  if (writing.database.changed() == 0) {
    refuse(Code::UserNotInGroup, command.user + " is not in the group " + command.group);
  }
  return {};
}

std::string perform(Writing& writing, const CreateApiToken& command) {
  need_self_or_super(writing, command.user);
  check_name(command.name, writing.shop.options);
  const auto user = user_id(writing, command.user);
  if (writing.database.query("SELECT 1 FROM api_tokens WHERE user = ? AND name = ?")
          .bind(user)
          .bind(command.name)
          .step()) {
    refuse(Code::AlreadyExists, command.user + " has a token of this name: " + command.name);
  }
  auto his = writing.database.query("SELECT count(*) FROM api_tokens WHERE user = ?");
  his.bind(user).step();
  if (const auto most = writing.shop.options.api_tokens; his.number(0) >= most) {
    refuse(Code::QuotaReached, "a user has at most " + std::to_string(most) + " API tokens: " + command.user);
  }
  const auto token = new_token();
  const auto hash = digest_of(token);
  std::optional<std::int64_t> expires;
  if (command.expires) expires = ticks(*command.expires);
  writing.transaction();
  auto query = writing.database.query("INSERT INTO api_tokens VALUES (?, ?, ?, ?, NULL, ?)");
  query.bind(user).bind(command.name).bytes(hash).bind(ticks(writing.now)).bind(expires).run();
  return token;
}

Done perform(Writing& writing, const DeleteApiToken& command) {
  need_self_or_super(writing, command.user);
  const auto user = user_id(writing, command.user);
  writing.transaction();
  writing.database.query("DELETE FROM api_tokens WHERE user = ? AND name = ?").bind(user).bind(command.name).run();
  if (writing.database.changed() == 0)
    refuse(Code::NotExist, command.user + " has no token of this name: " + command.name);
  return {};
}

std::string perform(Writing& writing, const CreateRefreshToken& command) {
  if (!writing.actor.system) refuse(Code::Denied, "only the server itself makes refresh tokens");
  const auto user = user_id(writing, command.user);
  const auto token = new_token();
  const auto hash = digest_of(token);
  writing.transaction();
  writing.database.query("DELETE FROM refresh_tokens WHERE expires <= ?").bind(ticks(writing.now)).run();
  writing.database
      .query(
          "DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE user = ? ORDER BY created "
          "DESC "
          "LIMIT -1 OFFSET ?)")
      .bind(user)
      .bind(std::uint64_t{std::max<std::size_t>(writing.shop.options.refresh_tokens, 1) - 1})
      .run();
  const auto by = command.api_token ? digest_of(*command.api_token) : std::string();
  if (command.api_token) {
    auto known = writing.database.query("SELECT 1 FROM api_tokens WHERE hash = ? AND user = ?");
    known.bytes(by).bind(user);
    if (!known.step()) refuse(Code::Unauthenticated, "this API token is unknown");
  }
  auto query = writing.database.query("INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?)");
  query.bytes(hash).bind(user).bind(ticks(writing.now)).bind(ticks(command.expires));
  command.api_token ? query.bytes(by) : query.null();
  query.run();
  return token;
}

std::uint64_t perform(Writing& writing, const RevokeRefreshTokens& command) {
  need_self_or_super(writing, command.user);
  const auto user = user_id(writing, command.user);
  writing.transaction();
  if (!command.token) {
    writing.database.query("DELETE FROM refresh_tokens WHERE user = ?").bind(user).run();
  } else {
    const auto hash = digest_of(*command.token);
    writing.database.query("DELETE FROM refresh_tokens WHERE user = ? AND hash = ?").bind(user).bytes(hash).run();
  }
  return writing.database.changed();
}

Done perform(Writing& writing, const TouchApiToken& command) {
  writing.transaction();
  auto query = writing.database.query("UPDATE api_tokens SET last_used = ? WHERE hash = ?");
  query.bind(ticks(writing.now)).bytes(command.hash).run();
  return {};
}

std::string perform(Writing& writing, const MakeSecret& command) {
  const auto value = random_bytes(32);
  writing.transaction();
  writing.database.query("INSERT OR IGNORE INTO secrets VALUES (?, ?)").bind(command.name).bytes(value).run();
  auto query = writing.database.query("SELECT value FROM secrets WHERE name = ?");
  query.bind(command.name).step();
  return query.text(0);
}

ForgetContents::Forgotten perform(Writing& writing, const ForgetContents& command) {
  ForgetContents::Forgotten forgotten;
  for (const auto id : command.ids) {
    auto query = writing.database.query(
        "SELECT hash, size, bytes IS NULL FROM contents WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM nodes WHERE "
        "content = ?1) "
        "AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE content = ?1) AND NOT EXISTS "
        "(SELECT 1 FROM updates WHERE content = ?1)");
    query.bind(id);
    if (!query.step()) continue;
    const auto digest = query.text(0);
    // Somebody who holds it may name it in the next change, and takes it to be there.
    if (writing.shop.contents.pins()->held(digest)) continue;
    const auto size = query.number(1);
    if (query.integer(2) != 0) forgotten.files.push_back(digest);
    writing.transaction();
    writing.database.query("DELETE FROM contents WHERE id = ?").bind(id).run();
    writing.shop.used -= size;
    forgotten.bytes += size;
    ++forgotten.contents;
  }
  return forgotten;
}

}  // namespace omnibroker::nucleus::store
