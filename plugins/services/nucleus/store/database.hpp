#pragma once

#include "refusal.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace omnibroker::nucleus::store {

/// SQLite refused. Of a full disk QuotaReached, else InternalError.
class SqlFailure : public Refusal {
 public:
  SqlFailure(int code, Code status, std::string message) : Refusal(status, std::move(message)), code_(code) {}

  /// Only this statement is wrong (a constraint), not the database or its disk.
  bool harmless() const;

 private:
  int code_;
};

/// One run of a statement: bind, then step through the rows. Ends with its destruction, so that the next one can begin.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  Query(Query&& other) noexcept : statement_(other.statement_), next_(other.next_) { other.statement_ = nullptr; }
  Query& operator=(Query&&) = delete;
  ~Query();

  /// The next parameter. Text and bytes must stay as they are until this query ends.
  Query& bind(std::int64_t value);
  Query& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(bool value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(std::string_view text);
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(const char* text) { return bind(std::string_view(text)); }
  Query& bytes(std::string_view bytes);
  Query& null();
  template <class T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : null();
  }

  /// Goes to the next row; false behind the last.
  bool step();
  /// For what has no rows.
  void run();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  std::string text(int column) const;

 private:
  sqlite3_stmt* statement_;
  int next_ = 0;
};

/// One connection. Threads: one at a time.
class Database {
 public:
  enum class Mode { Create, Write, Read };

  Database(const std::filesystem::path& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Begins a run of `sql`, a literal: its statement is kept for the next time. Not while a run of the same is not at
  /// its end; then it makes a second statement for it.
  Query query(const char* sql);
  /// Runs any number of statements.
  void run(const char* sql);

  std::int64_t last_id() const;
  std::uint64_t changed() const;
  /// False: SQLite has rolled back by itself.
  bool in_transaction() const;
  /// Brings the write-ahead log into the database and empties its file, as far as nobody stands in the way.
  void trim_log();
  /// Copies all of it, as it is now, into a new file, and waits for the disk.
  void copy_to(const std::filesystem::path& file);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  std::unique_ptr<sqlite3, Close> database_;
  std::unordered_multimap<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// A read transaction: all that is asked in it belongs to one state.
class Snapshot {
 public:
  explicit Snapshot(Database& database) : database_(database) { database_.run("BEGIN"); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot();

 private:
  Database& database_;
};

}  // namespace omnibroker::nucleus::store
