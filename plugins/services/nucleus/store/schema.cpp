#include "schema.hpp"

#include "clock.hpp"
#include "disk.hpp"

#include <set>
#include <string>
#include <unistd.h>

namespace omnibroker::nucleus::store {

namespace fs = std::filesystem;

namespace {

constexpr int kApplication = 0x6f6e7563;  // "onuc", in the file's head: the database is one of ours.

// A path is a chain of nodes, from the root down by name. What is deleted keeps its row and its place, with the
// transaction that deleted it; rows below it stay as they are. Each branch of an asset is a node of its own. An access
// list belongs to a path, so all its branches have the same lines.
constexpr const char* kTables = R"sql(
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE contents(
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  bytes BLOB,
  checks BLOB NOT NULL);

CREATE TABLE nodes(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  parent INTEGER REFERENCES nodes(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  branch TEXT NOT NULL,
  type INTEGER NOT NULL,
  etag INTEGER NOT NULL,
  tx INTEGER NOT NULL,
  content INTEGER REFERENCES contents(id),
  size INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  modified INTEGER NOT NULL,
  modified_by TEXT NOT NULL,
  checkpoints INTEGER NOT NULL DEFAULT 0,
  checkpoint_etag INTEGER NOT NULL DEFAULT 0,
  object INTEGER NOT NULL DEFAULT 0,
  sequence INTEGER NOT NULL DEFAULT 0,
  restricted INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  deleted_at INTEGER NOT NULL DEFAULT 0,
  deleted_by TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX nodes_here ON nodes(parent, name, branch) WHERE deleted = 0;
CREATE INDEX nodes_gone ON nodes(parent, name, deleted) WHERE deleted > 0;
CREATE INDEX nodes_parent ON nodes(parent);
CREATE INDEX nodes_content ON nodes(content) WHERE content IS NOT NULL;

CREATE TABLE checkpoints(
  node INTEGER NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  etag INTEGER NOT NULL,
  content INTEGER NOT NULL REFERENCES contents(id),
  size INTEGER NOT NULL,
  message TEXT NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY(node, number)) WITHOUT ROWID;
CREATE INDEX checkpoints_content ON checkpoints(content);

CREATE TABLE updates(
  node INTEGER NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  sequence INTEGER NOT NULL,
  content INTEGER NOT NULL REFERENCES contents(id),
  size INTEGER NOT NULL,
  time INTEGER NOT NULL,
  user TEXT NOT NULL,
  PRIMARY KEY(node, sequence)) WITHOUT ROWID;
CREATE INDEX updates_content ON updates(content);

CREATE TABLE principals(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, is_group INTEGER NOT NULL);

CREATE TABLE users(
  id INTEGER PRIMARY KEY REFERENCES principals(id) ON DELETE CASCADE,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  email TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  admin INTEGER NOT NULL,
  read_only INTEGER NOT NULL,
  created INTEGER NOT NULL,
  password TEXT NOT NULL);

CREATE TABLE members(
  group_id INTEGER NOT NULL REFERENCES principals(id) ON DELETE CASCADE,
  user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  PRIMARY KEY(group_id, user)) WITHOUT ROWID;
CREATE INDEX members_user ON members(user);

CREATE TABLE acl(
  node INTEGER NOT NULL REFERENCES nodes(id) ON DELETE CASCADE,
  principal INTEGER NOT NULL REFERENCES principals(id) ON DELETE CASCADE,
  access INTEGER NOT NULL,
  PRIMARY KEY(node, principal)) WITHOUT ROWID;
CREATE INDEX acl_principal ON acl(principal);

CREATE TABLE api_tokens(
  user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  last_used INTEGER,
  expires INTEGER,
  PRIMARY KEY(user, name)) WITHOUT ROWID;

CREATE TABLE refresh_tokens(
  hash BLOB PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  api_token BLOB REFERENCES api_tokens(hash) ON DELETE CASCADE) WITHOUT ROWID;
CREATE INDEX refresh_tokens_user ON refresh_tokens(user, created);
CREATE INDEX refresh_tokens_api_token ON refresh_tokens(api_token) WHERE api_token IS NOT NULL;

CREATE TABLE secrets(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)sql";

// Came later than the others, and is made where it is missing: what an older version writes without it is right, too.
// The transaction that changed a user's password last.
constexpr const char* kLaterTables = R"sql(
CREATE TABLE IF NOT EXISTS password_changes(
  user INTEGER PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  tx INTEGER NOT NULL);
)sql";

/// What may be in a folder that was begun and has no database yet.
bool may_begin_in(const fs::path& folder) {
  static const std::set<std::string> kOurs = {"lock", "blobs"};
  for (const auto& file : fs::directory_iterator(folder)) {
    if (!kOurs.contains(file.path().filename().string())) return false;
  }
  return true;
}

std::int64_t pragma(Database& database, const char* sql) {
  auto query = database.query(sql);
  return query.step() ? query.integer(0) : 0;
}

void make_tables(Database& database, const Options& options) {
  const auto now = ticks(time_now(options));
  database.run("BEGIN IMMEDIATE");
  database.run(kTables);
  database.run("INSERT INTO counters VALUES ('transaction', 1), ('etag', 1), ('object', 0), ('used', 0)");
  database
      .query(
          "INSERT INTO nodes(id, name, branch, type, etag, tx, created, created_by, modified, modified_by, restricted) "
          "VALUES (?1, '', '', ?2, 1, 1, ?3, '', ?3, '', 1)")
      .bind(kRoot)
      .bind(static_cast<int>(PathType::Folder))
      .bind(now)
      .run();
  database.query("INSERT INTO principals(id, name, is_group) VALUES (?, 'users', 1)").bind(kEverybody).run();
  database.query("INSERT INTO acl VALUES (?, ?, ?)")
      .bind(kRoot)
      .bind(kEverybody)
      .bind(static_cast<int>(options.everybody))
      .run();
  database.run(("PRAGMA application_id = " + std::to_string(kApplication)).c_str());
  database.run(("PRAGMA user_version = " + std::to_string(kFormat)).c_str());
  database.run("COMMIT");
}

}  // namespace

void check_folder(const fs::path& folder) {
  if (fs::exists(folder / kUnfinishedName)) {
    refuse(Code::InvalidParameters, folder.string() + " is a backup that was not finished");
  }
  if (!fs::exists(folder / kDatabaseName) && !may_begin_in(folder)) {
    refuse(Code::InvalidParameters,
           folder.string() + " is neither empty nor a data folder: it has no " + kDatabaseName);
  }
}

bool check_format(Database& database, const fs::path& file) {
  if (pragma(database, "SELECT count(*) FROM sqlite_master") == 0) return false;
  if (pragma(database, "PRAGMA application_id") != kApplication) {
    refuse(Code::InvalidParameters, file.string() + " is a database of something else");
  }
  const auto format = pragma(database, "PRAGMA user_version");
  if (format > kFormat) {
    refuse(Code::InvalidParameters, file.string() + " has format " + std::to_string(format) +
                                        ", and this version knows " + std::to_string(kFormat) + ": use a newer one");
  }
  return true;
}

void prepare_folder(const fs::path& folder, const Options& options) {
  const auto file = folder / kDatabaseName;
  File::open_or_create(file);  // Before SQLite makes it: what is in it is nobody else's to read.
  Database database(file, Database::Mode::Create);
  const bool begun = check_format(database, file);
  database.run("PRAGMA journal_mode = WAL");
  make_folder(folder / "blobs");
  if (!begun) make_tables(database, options);
  database.run(kLaterTables);
  sync_folder(folder);
  // One that this user may only pass through cannot be opened; nor has this made the folder in it, then.
  const auto above = folder.parent_path();
  if (folder.has_parent_path() && ::access(above.c_str(), R_OK) == 0) sync_folder(above);
}

}  // namespace omnibroker::nucleus::store
