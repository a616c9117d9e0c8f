#include "database.hpp"

#include <sqlite3.h>

namespace omnibroker::nucleus::store {

namespace {

constexpr int kPatience = 10'000;  // Milliseconds for who else has the database.

[[noreturn]] void fail(sqlite3* database, int code, const std::string& what) {
  const bool full = (code & 0xff) == SQLITE_FULL;
  std::string message = full ? "the disk of the database is full" : "the database failed";
  message += ": " + what + ": ";
  message += database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  throw SqlFailure(code, full ? Code::QuotaReached : Code::InternalError, std::move(message));
}

}  // namespace

bool SqlFailure::harmless() const { return (code_ & 0xff) == SQLITE_CONSTRAINT; }

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_, ++next_, value);
  return *this;
}

Query& Query::bind(std::string_view text) {
  sqlite3_bind_text64(statement_, ++next_, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Query& Query::bytes(std::string_view bytes) {
  sqlite3_bind_blob64(statement_, ++next_, bytes.data() ? bytes.data() : "", bytes.size(), SQLITE_STATIC);
  return *this;
}

Query& Query::null() {
  sqlite3_bind_null(statement_, ++next_);
  return *this;
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  fail(sqlite3_db_handle(statement_), code, sqlite3_sql(statement_));
}

void Query::run() {
  while (step()) {
  }
}

bool Query::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(const std::filesystem::path& file, Mode mode) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;  // A reader of a WAL writes its index, too.
  if (mode == Mode::Create) flags |= SQLITE_OPEN_CREATE;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &opened, flags, nullptr);
  database_.reset(opened);
  if (code != SQLITE_OK) fail(opened, code, file.string() + " cannot be opened");
  sqlite3_extended_result_codes(opened, 1);
  sqlite3_busy_timeout(opened, kPatience);
  run("PRAGMA foreign_keys = ON");
  run("PRAGMA synchronous = FULL");
  if (mode == Mode::Read) run("PRAGMA query_only = ON");
}

Database::~Database() = default;

Query Database::query(const char* sql) {
  const auto [first, last] = statements_.equal_range(sql);
  for (auto it = first; it != last; ++it) {
    if (!sqlite3_stmt_busy(it->second.get())) return Query(it->second.get());
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(database_.get(), code, sql);
  statements_.emplace(sql, std::unique_ptr<sqlite3_stmt, Finalize>(statement));
  return Query(statement);
}

void Database::run(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(database_.get(), code, sql);
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(database_.get()); }
std::uint64_t Database::changed() const { return static_cast<std::uint64_t>(sqlite3_changes64(database_.get())); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

void Database::trim_log() {
  sqlite3_busy_timeout(database_.get(), 0);  // The writer must not be kept waiting for a reader.
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(database_.get(), kPatience);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) fail(database_.get(), code, "its log cannot be emptied");
}

void Database::copy_to(const std::filesystem::path& file) {
  Database copy(file, Mode::Create);
  sqlite3_backup* backup = sqlite3_backup_init(copy.database_.get(), "main", database_.get(), "main");
  if (!backup) fail(copy.database_.get(), sqlite3_errcode(copy.database_.get()), file.string());
  const int step = sqlite3_backup_step(backup, -1);
  const int finish = sqlite3_backup_finish(backup);  // Says nothing of a step that found the database busy.
  const int code = step == SQLITE_DONE ? finish : step;
  if (code != SQLITE_OK) fail(copy.database_.get(), code, file.string() + " cannot be written");
}

Snapshot::~Snapshot() {
  try {
    database_.run("COMMIT");
  } catch (const Refusal&) {
    // Nothing was written, so nothing is lost; the next BEGIN would say what is wrong.
  }
}

}  // namespace omnibroker::nucleus::store
