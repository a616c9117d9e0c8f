// Rights as they were when something was done, and those that somebody has to a content.

#include "rights_then.hpp"

#include "parts.hpp"
#include "rights.hpp"
#include "writing.hpp"

namespace omnibroker::nucleus::store {

std::shared_ptr<const RightsThen> moved(const std::shared_ptr<const RightsThen>& rights, std::size_t skipped,
                                        const std::shared_ptr<const RightsThen>& above) {
  if (rights->lists.size() <= skipped) return above;
  auto made = std::make_shared<RightsThen>(*above);
  made->lists.insert(made->lists.end(), rights->lists.begin() + static_cast<std::ptrdiff_t>(skipped),
                     rights->lists.end());
  return made;
}

std::shared_ptr<const RightsThen> Writing::rights_of(const Node& node) {
  auto above = node.id == kRoot ? std::make_shared<const RightsThen>() : rights_in(node.parent);
  if (!node.restricted) return above;
  auto made = std::make_shared<RightsThen>(*above);
  made->lists.push_back(acl_of(database, node));
  return made;
}

std::shared_ptr<const RightsThen> Writing::rights_in(std::int64_t folder) {
  if (const auto known = rights_in_.find(folder); known != rights_in_.end()) return known->second;
  auto made = rights_of(tree.by_id(folder));
  rights_in_.emplace(folder, made);
  return made;
}

Result<Access> Store::access(const Actor& actor, const RightsThen& then) const {
  return parts_->reading<Access>([&](Database& database) {
    Rights rights(database, account_of(database, actor));
    Access access = Access::None;
    for (const auto& lines : then.lists) access = rights.at(access, lines);
    return rights.account().super ? Access::Full : access;
  });
}

namespace {

/// Whether somebody may read one of the places where a content is: as a head, as a checkpoint, as an update.
bool may_read_somewhere(Database& database, const Actor& actor, std::int64_t content) {
  constexpr int kMost = 10'000;  // places that are looked at: somebody with rights to none of so many has none
  Tree tree(database);
  Rights rights(database, account_of(database, actor));
  if (rights.account().super) return true;
  auto places = database.query(
      "SELECT id FROM nodes WHERE content = ?1 UNION ALL SELECT node FROM checkpoints WHERE content = ?1 "
      "UNION ALL SELECT node FROM updates WHERE content = ?1 LIMIT ?2");
  places.bind(content).bind(kMost);
  std::map<std::int64_t, Access> known;  // of folders
  while (places.step()) {
    std::vector<Node> chain = {tree.by_id(places.integer(0))};
    while (chain.back().id != kRoot && !known.contains(chain.back().parent)) {
      chain.push_back(tree.by_id(chain.back().parent));
    }
    Access access = chain.back().id == kRoot ? Access::None : known.at(chain.back().parent);
    for (auto node = chain.rbegin(); node != chain.rend(); ++node) {
      access = rights.at(access, *node);
      if (node->is_folder()) known.emplace(node->id, access);
    }
    if (allows(access, Access::Read)) return true;
  }
  return false;
}

}  // namespace

Result<Content> Store::find_content(const Actor& actor, std::string_view hash) const {
  auto content = find_content(hash);
  if (!content) return content;
  const auto readable = parts_->reading<bool>([&](Database& database) {
    auto row = database.query("SELECT id FROM contents WHERE hash = ?");
    row.bytes(ContentFolder::pin(*content).digest);
    return row.step() && may_read_somewhere(database, actor, row.integer(0));
  });
  if (!readable) return readable.error();
  if (*readable) return content;
  return Error{Code::InvalidContentId, "no content has this hash and size: " + std::string(hash)};
}

}  // namespace omnibroker::nucleus::store
