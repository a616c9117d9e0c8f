#include "upkeep.hpp"

#include "parts.hpp"

#include <set>

namespace omnibroker::nucleus::store {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostProblems = 1000;
/// Contents of one step of what goes through all of them: what is held up by a step is held up shortly.
constexpr int kStep = 256;

bool has_row(Database& database, const std::string& digest) {
  return database.query("SELECT 1 FROM contents WHERE hash = ?").bytes(digest).step();
}

}  // namespace

bool names_file(Database& database, const std::string& digest) {
  return database.query("SELECT 1 FROM contents WHERE hash = ? AND bytes IS NULL").bytes(digest).step();
}

Result<Collected> Store::collect_garbage() {
  const std::lock_guard lock(parts_->upkeep);
  Collected collected;
  const auto swept = answered<std::uint64_t>([&] { return parts_->sweep(); });
  if (!swept) return swept.error();
  collected.contents += *swept;
  const auto strays = [&](const std::set<std::string>& digests) {
    return parts_->reading_each(digests, [&](Database& database, const std::string& digest) {
      // Nobody holds it and nobody can begin to; so whoever named it has been answered, and its row can be seen.
      bool removed = false;
      parts_->contents.pins()->remove_unless_held(digest, [&] {
        if (!names_file(database, digest)) removed = parts_->contents.unlink(digest);
      });
      return removed;
    });
  };
  for (std::int64_t after = 0;;) {
    const auto ids = parts_->reading<std::vector<std::int64_t>>([&](Database& database) {
      auto query = database.query(
          "SELECT id FROM contents c WHERE id > ? AND NOT EXISTS (SELECT 1 FROM nodes WHERE content = c.id) AND NOT "
          "EXISTS "
          "(SELECT 1 FROM checkpoints WHERE content = c.id) AND NOT EXISTS (SELECT 1 FROM updates WHERE content = "
          "c.id) "
          "ORDER BY id LIMIT ?");
      query.bind(after).bind(kStep);
      std::vector<std::int64_t> out;
      while (query.step()) out.push_back(query.integer(0));
      return out;
    });
    if (!ids) return ids.error();
    if (ids->empty()) break;
    after = ids->back();
    const auto forgotten = apply(Actor::the_system(), ForgetContents{*ids});
    if (!forgotten) return forgotten.error();
    collected.contents += forgotten->contents;
    collected.bytes += forgotten->bytes;
    const auto removed = strays({forgotten->files.begin(), forgotten->files.end()});
    if (!removed) return removed.error();
  }
  // Files without a row are what an end at the wrong moment left. Each is asked for by itself: a state of the database
  // that is kept for as long as all files take to be listed would keep its log from being cut.
  std::set<std::string> unknown;
  const auto looked = answered<Done>([&] {
    auto lease = parts_->readers.take();
    parts_->contents.for_each([&](const std::string& digest, std::uint64_t) {
      if (!names_file(lease.database(), digest)) unknown.insert(digest);
    });
    return Done{};
  });
  if (!looked) return looked.error();
  if (parts_->contents.pins()->uncertain) return collected;
  const auto removed = strays(unknown);
  if (!removed) return removed.error();
  collected.contents += *removed;
  const auto trimmed = answered<Done>([&] {
    parts_->readers.take().database().trim_log();
    return Done{};
  });
  if (!trimmed) return trimmed.error();
  return collected;
}

Status Store::backup(const fs::path& to) {
  const std::lock_guard lock(parts_->upkeep);  // Until every blob is linked, none is collected.
  return answered<Done>([&] {
    back_up(parts_->readers, parts_->contents, to);
    return Done{};
  });
}

namespace {

/// Where a content's file lies in a backup; its folder is made.
fs::path place_in(const fs::path& blobs, const fs::path& file) {
  const auto shard = blobs / file.parent_path().filename();
  make_folder(shard);
  return shard / file.filename();
}

/// All files of contents that are there now: what the database names may be collected before it has been copied.
void link_what_is_there(const ContentFolder& contents, const fs::path& blobs) {
  contents.for_each([&](const std::string& digest, std::uint64_t) {
    const auto from = contents.path_of(digest);
    try {
      link_or_copy(from, place_in(blobs, from));
    } catch (const Refusal&) {
      if (fs::exists(from)) throw;  // else it is collected already
    }
  });
}

/// Links what the copy of the database names and is not there yet, and removes what it does not name.
void link_what_is_named(Database& copy, const ContentFolder& contents, const fs::path& blobs) {
  std::set<std::string> named;
  auto query = copy.query("SELECT hash FROM contents WHERE bytes IS NULL");
  while (query.step()) {
    const auto from = contents.path_of(query.text(0));
    const auto to = place_in(blobs, from);
    if (!fs::exists(to)) link_or_copy(from, to);
    named.insert(to.string());
  }
  for (const auto& shard : fs::directory_iterator(blobs)) {
    for (const auto& file : fs::directory_iterator(shard.path())) {
      if (!named.contains(file.path().string())) fs::remove(file.path());
    }
  }
}

}  // namespace

void back_up(Readers& readers, const ContentFolder& contents, const fs::path& to) {
  make_folder(to);
  if (!fs::is_empty(to)) {
    refuse(Code::InvalidParameters, "a backup goes into an empty folder, and this is none: " + to.string());
  }
  const auto unfinished = to / kUnfinishedName, blobs = to / "blobs";
  File::create(unfinished);  // Before SQLite makes it: nobody else may read it.
  make_folder(blobs);
  link_what_is_there(contents, blobs);
  readers.take().database().copy_to(unfinished);
  {
    Database copy(unfinished, Database::Mode::Write);
    link_what_is_named(copy, contents, blobs);
  }
  for (const auto& shard : fs::directory_iterator(blobs)) sync_folder(shard.path());
  sync_folder(blobs);
  rename_file(unfinished, to / kDatabaseName);
  sync_folder(to);
}

namespace {

/// Collects what is wrong, up to a number.
class Findings {
 public:
  explicit Findings(Verification& into) : into_(into) {}
  ~Findings() {
    if (more_ > 0) into_.problems.push_back("and " + std::to_string(more_) + " more problems");
  }
  Findings(const Findings&) = delete;
  Findings& operator=(const Findings&) = delete;

  void add(std::string sentence) {
    if (into_.problems.size() + 1 < kMostProblems) {
      into_.problems.push_back(std::move(sentence));
    } else {
      ++more_;
    }
  }

 private:
  Verification& into_;
  std::uint64_t more_ = 0;
};

/// Rules that hold between rows: a query for what breaks one, and what that means. Column 0 is a node or a number.
struct Rule {
  const char* sql;
  const char* what;
};

constexpr Rule kRules[] = {
    {"SELECT n.id FROM nodes n LEFT JOIN nodes p ON p.id = n.parent WHERE n.id != 1 AND (p.id IS NULL OR p.type != 2)",
     "is in no folder"},
    {"SELECT n.id FROM nodes n LEFT JOIN contents c ON c.id = n.content WHERE n.type = 1 AND n.content IS NOT NULL AND "
     "(c.id IS NULL OR c.size != n.size)",
     "has a content of another size, or none"},
    {"SELECT id FROM nodes WHERE type = 1 AND content IS NULL AND deleted = 0", "is an asset without content"},
    {"SELECT id FROM nodes WHERE type != 1 AND content IS NOT NULL", "has content, and is no asset"},
    {"SELECT n.id FROM nodes n WHERE n.checkpoints != (SELECT count(*) FROM checkpoints WHERE node = n.id) OR "
     "n.checkpoints != "
     "coalesce((SELECT max(number) FROM checkpoints WHERE node = n.id), 0)",
     "has other checkpoints than are counted"},
    {"SELECT p.node FROM checkpoints p LEFT JOIN contents c ON c.id = p.content WHERE c.id IS NULL OR c.size != p.size",
     "has a checkpoint with a content of another size, or none"},
    {"SELECT n.id FROM nodes n WHERE n.type = 4 AND (n.size != coalesce((SELECT sum(size) FROM updates WHERE node = "
     "n.id), 0) OR "
     "n.sequence != coalesce((SELECT max(sequence) FROM updates WHERE node = n.id), 0))",
     "has a history of another length than it says"},
    {"SELECT n.id FROM nodes n WHERE n.type = 4 AND (SELECT max(sequence) - min(sequence) + 1 - count(*) FROM updates "
     "WHERE "
     "node = n.id) != 0",
     "has a history with a gap"},
    {"SELECT u.node FROM updates u LEFT JOIN contents c ON c.id = u.content WHERE c.id IS NULL OR c.size != u.size",
     "has an update with a content of another size, or none"},
    {"SELECT id FROM nodes WHERE etag > (SELECT value FROM counters WHERE name = 'etag') OR max(tx, deleted) > "
     "(SELECT value FROM counters WHERE name = 'transaction') OR object > (SELECT value FROM counters WHERE name = "
     "'object')",
     "has a number that was not given yet"},
    {"SELECT n.id FROM nodes n WHERE n.restricted != EXISTS (SELECT 1 FROM acl WHERE node = n.id)",
     "has an access list without being marked, or the other way round"},
    {"SELECT a.id FROM nodes a JOIN nodes b ON a.parent = b.parent AND a.name = b.name AND a.type != b.type WHERE "
     "a.deleted = 0 "
     "AND b.deleted = 0 AND a.id < b.id",
     "has branches of different types"},
};

/// The sum is kept, so that opening a store does not mean to look at all contents.
void verify_used(Database& database, Findings& findings) {
  auto query = database.query(
      "SELECT (SELECT value FROM counters WHERE name = 'used'), (SELECT coalesce(sum(size), 0) FROM contents)");
  if (!query.step() || query.integer(0) == query.integer(1)) return;
  findings.add("the contents have " + std::to_string(query.number(1)) + " bytes together, and not " +
               std::to_string(query.number(0)) + " as is counted");
}

void verify_rows(Database& database, Findings& findings, Verification& out) {
  auto integrity = database.query("PRAGMA integrity_check(100)");
  while (integrity.step()) {
    if (const auto text = integrity.text(0); text != "ok") findings.add("the database is damaged: " + text);
  }
  auto keys = database.query("PRAGMA foreign_key_check");
  while (keys.step()) {
    findings.add("the database has a row in " + keys.text(0) + " that names a row which " + keys.text(2) +
                 " does not have");
  }
  Tree tree(database);
  for (const auto& rule : kRules) {
    auto query = database.query(rule.sql);
    while (query.step()) {
      const auto node = tree.by_id(query.integer(0));
      std::string path = node.name;
      try {
        path = tree.path_of(node);
      } catch (const Refusal&) {
        // It has no path; its name must do.
      }
      findings.add(path + (node.branch.empty() ? "" : " in branch " + node.branch) + " " + rule.what);
    }
  }
  verify_used(database, findings);
  auto count = database.query("SELECT count(*) FROM nodes");
  count.step();
  out.entries = count.number(0);
}

}  // namespace

namespace {

template <class Body>
Status reading(Readers& readers, Body&& body) {
  return answered<Done>([&] {
    auto lease = readers.take();
    const Snapshot snapshot(lease.database());
    body(lease.database());
    return Done{};
  });
}

}  // namespace

Result<Verification> Store::verify() const {
  return answered<Verification>([&] { return store::verify(parts_->readers, parts_->contents); });
}

Verification verify(Readers& readers, const ContentFolder& contents) {
  Verification out;
  Findings findings(out);
  const auto rows = reading(readers, [&](Database& database) { verify_rows(database, findings, out); });
  if (!rows) {
    findings.add("the rows cannot all be read: " + rows.error().message);
  }
  // Step by step, so that no state of the database has to be kept for as long as all contents take to be read.
  for (std::int64_t after = 0;;) {
    std::vector<StoredContent> found;
    const auto step = reading(readers, [&](Database& database) {
      auto query = database.query("SELECT id FROM contents WHERE id > ? ORDER BY id LIMIT ?");
      query.bind(after).bind(kStep);
      while (query.step()) found.push_back(Tree(database).content(after = query.integer(0)));
    });
    if (!step) {
      findings.add("the contents cannot all be read: " + step.error().message);
      break;
    }
    if (found.empty()) break;
    for (const auto& content : found) {
      const auto examined = answered<std::string>([&] { return contents.examine(content); });
      auto problem = examined ? *examined : examined.error().message;
      if (!problem.empty()) {
        bool still = true;
        static_cast<void>(reading(readers, [&](Database& database) { still = has_row(database, content.digest); }));
        if (!still) continue;  // It was collected meanwhile.
        findings.add(std::move(problem));
      }
      ++out.contents;
      out.bytes += content.size;
    }
  }
  return out;
}

}  // namespace omnibroker::nucleus::store
