#include "clock.hpp"
#include "parts.hpp"
#include "rights.hpp"

#include <algorithm>
#include <set>

namespace omnibroker::nucleus::store {

namespace {

/// An update this large is read when it is asked for, and not before.
constexpr std::uint64_t kReadAhead = std::uint64_t{1} << 20;
/// Where an answer with live updates is cut.
constexpr std::uint64_t kLiveAnswer = std::uint64_t{16} << 20;

/// One read, on one state of the database.
class Reading {
 public:
  Reading(const Options& options, const Locks& locks, Database& on, const Actor& actor)
      : database(on),
        tree(on),
        rights(on, account_of(on, actor)),
        options_(options),
        table_(locks),
        now_(time_now(options)) {}

  Database& database;
  Tree tree;
  Rights rights;

  Place find(const std::string& path, const std::string& branch, Deleted deleted) {
    check_branch(branch);
    auto place = tree.walk(parse_path(path, options_), branch, deleted);
    const bool wrong = deleted == Deleted::Only && place.node && !place.deleted;
    if (!place.node || wrong) refuse(Code::NotExist, "nothing is there: " + spell(place.segments, false));
    need(rights.at(place), Access::Read, place.path());
    return place;
  }

  /// An entry with all that it has; the locks are those of after the state, so that none of before is missed.
  Entry entry(const Node& node, std::string path, Access access, const std::optional<Node>& deleted = {}) {
    auto entry = tree.entry(node, std::move(path), deleted);
    entry.access = access;
    const auto it = locks().find(node.id);
    if (it != locks().end() && counts(it->second, now_)) entry.lock = it->second;
    return entry;
  }

 private:
  const LockTable& locks() {
    if (!locks_) locks_ = table_.committed();
    return *locks_;
  }

  const Options& options_;
  const Locks& table_;
  const Time now_;
  std::shared_ptr<const LockTable> locks_;
};

/// What was frozen can be read even if its head is deleted.
Deleted deleted_too(const PathAtVersion& path, Deleted deleted) {
  return path.checkpoint > 0 && deleted == Deleted::Exclude ? Deleted::Include : deleted;
}

void need_asset(const Place& place) {
  if (place.node->type != PathType::Asset) refuse(Code::NotAsset, "this is no asset: " + place.path());
}

/// Opens a content. SlowDown, once for each, where its file is gone: between being found and being opened it can be
/// replaced and collected. What is there instead is then looked up.
ContentReader open(const ContentFolder& contents, StoredContent row, std::string& missed) {
  const auto digest = row.digest;
  const bool is_file = !row.bytes;
  try {
    return contents.open(std::move(row));
  } catch (const Refusal&) {
    if (!is_file || digest == missed || std::filesystem::exists(contents.path_of(digest))) throw;
    missed = digest;
    refuse(Code::SlowDown, {});
  }
}

/// Where the page before ended: "name/branch", since no name has a '/'.
std::pair<std::string, std::string> cursor(const std::string& after) {
  const auto slash = after.find('/');
  if (slash == std::string::npos && !after.empty()) refuse(Code::InvalidParameters, "no page ended at " + after);
  if (after.empty()) return {};
  return {after.substr(0, slash), after.substr(slash + 1)};
}

}  // namespace

Result<Entry> Store::stat(const Actor& actor, const PathAtVersion& path, Deleted deleted) const {
  return parts_->reading<Entry>([&](Database& database) {
    Reading reading(parts_->options, parts_->locks, database, actor);
    const auto place = reading.find(path.path, path.branch, deleted_too(path, deleted));
    auto entry = reading.entry(*place.node, place.path(), reading.rights.at(place), place.deleted);
    if (path.checkpoint > 0) {
      need_asset(place);
      go_back(entry, reading.tree.checkpoint(*place.node, path.checkpoint).checkpoint);
    }
    return entry;
  });
}

Result<Page> Store::list(const Actor& actor, const std::string& path, const ListQuery& query) const {
  return parts_->reading<Page>([&](Database& database) {
    Reading reading(parts_->options, parts_->locks, database, actor);
    Page page;
    page.transaction_id = reading.tree.transaction_id();
    const auto folder = reading.find(path, {}, query.deleted == Deleted::Exclude ? Deleted::Exclude : Deleted::Include);
    if (!folder.node->is_folder()) refuse(Code::InvalidParameters, "this is no folder: " + folder.path());
    const auto access = reading.rights.at(folder);
    const auto own_path = folder.path();
    const auto most = parts_->options.page;
    const auto limit = query.limit == 0 ? most : std::min(query.limit, most);
    // In a deleted folder everything is deleted.
    const bool in_deleted = folder.deleted.has_value();
    const auto which = in_deleted ? Deleted::Include : query.deleted;
    const auto wanted = [&](const Node& node) {
      if (node.name.front() == '.' && !query.show_hidden) return false;
      return node.is_folder() || query.branches.empty() ||
             std::find(query.branches.begin(), query.branches.end(), node.branch) != query.branches.end();
    };
    const auto [name, branch] = cursor(query.after);
    std::string last;
    reading.tree.list(folder.node->id, name, branch, which, [&](Node node) {
      if (!wanted(node)) return true;
      const auto child_access = reading.rights.at(access, node);
      if (!allows(child_access, Access::Read)) return true;
      if (page.entries.size() == limit) {
        page.next = last;
        return false;
      }
      last = node.name + "/" + node.branch;
      page.entries.push_back(
          reading.entry(node, join(own_path, node.name, node.is_folder()), child_access, folder.deleted));
      return true;
    });
    return page;
  });
}

Result<Read> Store::read(const Actor& actor, const PathAtVersion& path, const ReadQuery& query) const {
  for (std::string missed;;) {
    auto result = parts_->reading<Read>([&](Database& database) {
      Reading reading(parts_->options, parts_->locks, database, actor);
      auto version = path;
      // By its etag what was frozen is found, too.
      const auto which = query.etag != 0 ? Deleted::Include : deleted_too(path, Deleted::Exclude);
      const auto place = reading.find(path.path, path.branch, which);
      need_asset(place);
      const auto& node = *place.node;
      if (query.etag != 0 && (query.etag != node.etag || place.deleted)) {
        const auto number = reading.tree.checkpoint_of(node, query.etag);
        if (!number) {
          refuse(Code::InvalidEtag, place.path() + " has no version with the etag " + std::to_string(query.etag));
        }
        version.checkpoint = *number;
      }
      auto entry = reading.entry(node, place.path(), reading.rights.at(place), place.deleted);
      auto content = node.content;
      if (version.checkpoint > 0) {
        const auto frozen = reading.tree.checkpoint(node, version.checkpoint);
        go_back(entry, frozen.checkpoint);
        content = frozen.content;
      }
      if (query.known_etag != 0 && query.known_etag == entry.etag) {
        refuse(Code::Latest, place.path() + " still has the etag " + std::to_string(entry.etag));
      }
      return Read{std::move(entry), nucleus::store::open(parts_->contents, reading.tree.content(*content), missed)};
    });
    if (result || result.error().code != Code::SlowDown) return result;
  }
}

namespace {

template <class Parts>
Result<LiveRead> read_updates(Parts& parts, const Actor& actor, const std::string& path, const LiveQuery& query,
                              std::string& missed) {
  return parts.template reading<LiveRead>([&](Database& database) {
    Reading reading(parts.options, parts.locks, database, actor);
    LiveRead out;
    out.transaction_id = reading.tree.transaction_id();
    const auto place = reading.find(path, {}, Deleted::Exclude);
    const auto& node = *place.node;
    if (node.type != PathType::Object) refuse(Code::NotObject, "this is no live object: " + place.path());
    out.object_id = node.object;
    out.sequence = node.sequence;
    auto rows = database.query(
        "SELECT sequence, content, size, time, user FROM updates WHERE node = ? AND sequence > ? ORDER BY sequence");
    rows.bind(node.id).bind(query.object_id == node.object ? query.sequence : 0);
    for (std::uint64_t bytes = 0; out.updates.size() < query.limit && bytes < kLiveAnswer && rows.step();) {
      auto content = open(parts.contents, reading.tree.content(rows.integer(1)), missed);
      const auto size = rows.number(2);
      bytes += size;
      // Small ones are read now: a thousand of them must not be a thousand open files.
      if (size < kReadAhead) content = parts.contents.in_memory(content);
      out.updates.push_back({rows.number(0), std::move(content), time_of(rows.integer(3)), rows.text(4)});
    }
    return out;
  });
}

}  // namespace

Result<LiveRead> Store::read_object(const Actor& actor, const std::string& path, const LiveQuery& query) const {
  std::string missed;
  auto result = read_updates(*parts_, actor, path, query, missed);
  while (!result && result.error().code == Code::SlowDown) result = read_updates(*parts_, actor, path, query, missed);
  return result;
}

Result<std::vector<Checkpoint>> Store::checkpoints(const Actor& actor, const std::string& path,
                                                   const std::string& branch, std::uint64_t before) const {
  return parts_->reading<std::vector<Checkpoint>>([&](Database& database) {
    Reading reading(parts_->options, parts_->locks, database, actor);
    const auto place = reading.find(path, branch, Deleted::Include);
    need_asset(place);
    return reading.tree.checkpoints(*place.node, before, parts_->options.checkpoints);
  });
}

Result<std::vector<std::string>> Store::branches(const Actor& actor, const std::string& path) const {
  return parts_->reading<std::vector<std::string>>([&](Database& database) {
    Reading reading(parts_->options, parts_->locks, database, actor);
    auto segments = parse_path(path, parts_->options);
    if (segments.empty()) return std::vector<std::string>{""};
    const auto place = reading.tree.walk(segments);
    std::vector<Node> nodes;
    if (place.has_parent()) nodes = reading.tree.branches(place.folders.back().id, place.name());
    if (nodes.empty()) refuse(Code::NotExist, "nothing is there: " + path);
    need(reading.rights.at(reading.rights.at(place.folders), nodes.front()), Access::Read, path);
    std::vector<std::string> names;
    for (const auto& node : nodes) names.push_back(node.branch);
    return names;
  });
}

}  // namespace omnibroker::nucleus::store
