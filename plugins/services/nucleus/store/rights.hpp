#pragma once

#include "database.hpp"
#include "tree.hpp"
#include "types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace omnibroker::nucleus::store {

/// Who an actor is, as the database has it now.
struct Account {
  std::int64_t id = 0;  ///< 0: the system.
  std::string name;
  bool super = false;  ///< An administrator, or the system.
  bool read_only = false;
  std::set<std::int64_t> groups;
};

/// UserNotFound; Denied for one who is disabled.
Account account_of(Database& database, const Actor& actor);

/// Who may do what.
class Rights {
 public:
  Rights(Database& database, Account account) : database_(database), account_(std::move(account)) {}

  const Account& account() const { return account_; }
  /// What remains of what is inherited at a node: of the nearest list that names the account or its groups.
  Access at(Access inherited, const Node& node);
  Access at(Access inherited, const std::map<std::int64_t, Access>& lines) const;
  Access at(const std::vector<Node>& folders);
  /// Of what is at a place or, if nothing is, of the nearest folder.
  Access at(const Place& place);

 private:
  Database& database_;
  Account account_;
};

/// A node's own lines, by principal.
std::map<std::int64_t, Access> acl_of(Database& database, const Node& node);
std::string principal_name(Database& database, std::int64_t id);

/// Denied, with what is missing for what.
void need(Access has, Access needs, const std::string& path);

}  // namespace omnibroker::nucleus::store
