#include "clock.hpp"
#include "parts.hpp"
#include "rights.hpp"
#include "secrets.hpp"

#include <map>

namespace omnibroker::nucleus::store {

namespace {

constexpr auto kTouch = std::chrono::minutes(1);

#define USER_COLUMNS                                                                                           \
  "p.name, u.first_name, u.last_name, u.email, u.enabled, u.admin, u.read_only, u.created, u.password, u.id, " \
  "coalesce(c.tx, 0) FROM users u JOIN principals p ON p.id = u.id LEFT JOIN password_changes c ON c.user = u.id "

User user_of(const Query& row) {
  User user;
  user.name = row.text(0);
  user.id = row.integer(9);
  user.profile = {row.text(1), row.text(2), row.text(3)};
  user.enabled = row.integer(4) != 0;
  user.admin = row.integer(5) != 0;
  user.read_only = row.integer(6) != 0;
  user.created = time_of(row.integer(7));
  user.password_version = row.number(10);
  return user;
}

std::vector<std::string> names(Query query) {
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

std::int64_t user_id(Database& database, const std::string& name) {
  auto query = database.query("SELECT id FROM principals WHERE name = ? AND NOT is_group");
  query.bind(name);
  if (!query.step()) refuse(Code::UserNotFound, "there is no user " + name);
  return query.integer(0);
}

Place place_of(Database& database, const std::string& path, const Options& options) {
  auto place = Tree(database).walk(parse_path(path, options));
  // Of a path with branches only, any of them has the list.
  if (!place.node && !place.segments.empty() && place.has_parent()) {
    auto nodes = Tree(database).branches(place.folders.back().id, place.name());
    if (!nodes.empty()) place.node = std::move(nodes.front());
  }
  return place;
}

std::vector<AclEntry> lines(Database& database, const std::map<std::int64_t, Access>& acl) {
  std::vector<AclEntry> out;
  for (const auto& [principal, access] : acl) out.push_back({principal_name(database, principal), access});
  return out;
}

Place readable(Database& database, const Actor& actor, const std::string& path, const Options& options) {
  auto place = place_of(database, path, options);
  if (!place.node) refuse(Code::NotExist, "nothing is there: " + path);
  need(Rights(database, account_of(database, actor)).at(place), Access::Read, place.path());
  return place;
}

/// A user who may log in.
const User& may_enter(const User& user) {
  if (!user.enabled) refuse(Code::Denied, "the user is disabled: " + user.name);
  return user;
}

}  // namespace

Result<Access> Store::access(const Actor& actor, const std::string& path) const {
  return parts_->reading<Access>([&](Database& database) {
    return Rights(database, account_of(database, actor)).at(place_of(database, path, parts_->options));
  });
}

Result<std::vector<AclEntry>> Store::acl(const Actor& actor, const std::string& path) const {
  return parts_->reading<std::vector<AclEntry>>([&](Database& database) {
    const auto place = readable(database, actor, path, parts_->options);
    return lines(database, acl_of(database, *place.node));
  });
}

Result<std::vector<AclEntry>> Store::resolved_acl(const Actor& actor, const std::string& path) const {
  return parts_->reading<std::vector<AclEntry>>([&](Database& database) {
    const auto place = readable(database, actor, path, parts_->options);
    auto merged = acl_of(database, *place.node);
    for (auto folder = place.folders.rbegin(); folder != place.folders.rend(); ++folder) {
      merged.merge(acl_of(database, *folder));
    }
    return lines(database, merged);
  });
}

Result<User> Store::account(const Actor& actor) const {
  return parts_->reading<User>([&](Database& database) {
    const auto account = account_of(database, actor);
    auto query = database.query("SELECT " USER_COLUMNS "WHERE u.id = ?");
    query.bind(account.id);
    if (!query.step()) refuse(Code::UserNotFound, "there is no user " + actor.user);
    return user_of(query);
  });
}

Status Store::may_write(const Actor& actor, const std::string& path) const {
  return parts_->reading<Done>([&](Database& database) {
    Rights rights(database, account_of(database, actor));
    if (rights.account().read_only) refuse(Code::Denied, "the user may only read: " + actor.user);
    need(rights.at(place_of(database, path, parts_->options)), Access::Write, path);
    return Done{};
  });
}

Result<std::vector<User>> Store::users() const {
  return parts_->reading<std::vector<User>>([&](Database& database) {
    std::vector<User> out;
    auto query = database.query("SELECT " USER_COLUMNS "ORDER BY p.name");
    while (query.step()) out.push_back(user_of(query));
    return out;
  });
}

Result<User> Store::user(const std::string& name) const {
  return parts_->reading<User>([&](Database& database) {
    auto query = database.query("SELECT " USER_COLUMNS "WHERE p.name = ?");
    query.bind(name);
    if (!query.step()) refuse(Code::UserNotFound, "there is no user " + name);
    return user_of(query);
  });
}

Result<std::vector<std::string>> Store::groups() const {
  return parts_->reading<std::vector<std::string>>([&](Database& database) {
    return names(database.query("SELECT name FROM principals WHERE is_group ORDER BY name"));
  });
}

Result<std::vector<std::string>> Store::group_users(const std::string& group) const {
  return parts_->reading<std::vector<std::string>>([&](Database& database) {
    auto found = database.query("SELECT id FROM principals WHERE name = ? AND is_group");
    found.bind(group);
    if (!found.step()) refuse(Code::GroupNotFound, "there is no group " + group);
    auto query = database.query(
        "SELECT p.name FROM users u JOIN principals p ON p.id = u.id WHERE ?1 = ?2 OR u.id IN "
        "(SELECT user FROM members WHERE group_id = ?1) ORDER BY p.name");
    query.bind(found.integer(0)).bind(kEverybody);
    return names(std::move(query));
  });
}

Result<std::vector<std::string>> Store::user_groups(const std::string& user) const {
  return parts_->reading<std::vector<std::string>>([&](Database& database) {
    auto query = database.query(
        "SELECT name FROM principals WHERE is_group AND (id = ?2 OR id IN "
        "(SELECT group_id FROM members WHERE user = ?1)) ORDER BY name");
    query.bind(user_id(database, user)).bind(kEverybody);
    return names(std::move(query));
  });
}

Result<std::vector<ApiToken>> Store::api_tokens(const std::string& user) const {
  return parts_->reading<std::vector<ApiToken>>([&](Database& database) {
    auto query =
        database.query("SELECT name, created, last_used, expires FROM api_tokens WHERE user = ? ORDER BY name");
    query.bind(user_id(database, user));
    std::vector<ApiToken> out;
    while (query.step()) {
      ApiToken token{query.text(0), time_of(query.integer(1)), {}, {}};
      if (!query.is_null(2)) token.last_used = time_of(query.integer(2));
      if (!query.is_null(3)) token.expires = time_of(query.integer(3));
      out.push_back(std::move(token));
    }
    return out;
  });
}

Result<User> Store::check_password(const std::string& name, std::string_view password) const {
  struct Known {
    User user = {};
    std::string hash = {};
  };
  const auto known = parts_->reading<Known>([&](Database& database) {
    auto query = database.query("SELECT " USER_COLUMNS "WHERE p.name = ?");
    query.bind(name);
    return query.step() ? Known{user_of(query), query.text(8)} : Known{};
  });
  if (!known) return known.error();
  // Behind the read: a tenth of a second is too long to keep a connection.
  return answered<User>([&] {
    if (!password_fits(password, known->hash)) refuse(Code::Unauthenticated, "user name or password is wrong");
    return may_enter(known->user);
  });
}

Result<User> Store::check_api_token(std::string_view token) {
  const auto hash = digest_of(token);
  bool touch = false;
  auto user = parts_->reading<User>([&](Database& database) {
    auto query = database.query("SELECT user, last_used, expires FROM api_tokens WHERE hash = ?");
    query.bytes(hash);
    if (!query.step()) refuse(Code::Unauthenticated, "this API token is unknown");
    const auto now = time_now(parts_->options);
    if (!query.is_null(2) && time_of(query.integer(2)) <= now) refuse(Code::TokenExpired, "this API token has expired");
    touch = query.is_null(1) || now - time_of(query.integer(1)) >= kTouch;
    auto owner = database.query("SELECT " USER_COLUMNS "WHERE u.id = ?");
    owner.bind(query.integer(0)).step();
    return may_enter(user_of(owner));
  });
  if (user && touch) submit(Actor::the_system(), TouchApiToken{hash}, {});
  return user;
}

Result<User> Store::check_refresh_token(std::string_view token) const {
  return parts_->reading<User>([&](Database& database) {
    const auto hash = digest_of(token);
    auto query = database.query(
        "SELECT r.user, min(r.expires, coalesce(t.expires, r.expires)) FROM refresh_tokens r "
        "LEFT JOIN api_tokens t ON t.hash = r.api_token WHERE r.hash = ?");
    query.bytes(hash);
    if (!query.step()) refuse(Code::Unauthenticated, "this refresh token is unknown or was revoked");
    if (time_of(query.integer(1)) <= time_now(parts_->options)) {
      refuse(Code::TokenExpired, "this refresh token has expired");
    }
    auto owner = database.query("SELECT " USER_COLUMNS "WHERE u.id = ?");
    owner.bind(query.integer(0)).step();
    return may_enter(user_of(owner));
  });
}

Result<std::string> Store::secret(const std::string& name) {
  const auto known = parts_->reading<std::string>([&](Database& database) {
    auto query = database.query("SELECT value FROM secrets WHERE name = ?");
    query.bind(name);
    return query.step() ? query.text(0) : std::string();
  });
  if (!known || !known->empty()) return known;
  return apply(Actor::the_system(), MakeSecret{name});
}

}  // namespace omnibroker::nucleus::store
