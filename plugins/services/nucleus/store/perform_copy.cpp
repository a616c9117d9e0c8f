#include "writing.hpp"

namespace omnibroker::nucleus::store {

namespace {

/// What is copied: a node, or what an asset was at a checkpoint.
struct Source {
  Node node;
  std::uint64_t checkpoint = 0;
};

class Copying {
 public:
  Copying(Writing& writing, const Copy& command) : writing_(writing), command_(command) {}

  Written onto(Place& target, const Source& source, const std::string& branch) {
    const bool is_new = !target.node;
    if (is_new) {
      access_ = writing_.make(target, source.node.type, branch);
    } else {
      check_existing(target, source);
    }
    Node& node = *target.node;
    const auto path = target.path();
    if (source.node.type == PathType::Asset) return asset(node, path, source, is_new);
    if (source.node.type == PathType::Object) writing_.copy_object(source.node, node);
    if (is_new || source.node.type == PathType::Object) writing_.tell(PathEvent::Copy, node, path);
    return writing_.written(node, path, access_);
  }

 private:
  void check_existing(const Place& target, const Source& source) {
    const auto& node = *target.node;
    const auto path = target.path();
    if (!command_.overwrite || node.type != source.node.type) {
      refuse(Code::AlreadyExists, "something is there already: " + path);
    }
    access_ = writing_.access(target);
    if (node.is_folder() || node.type == PathType::Channel) return;  // It stays as it is.
    need(access_, Access::Write, path);
    writing_.need_unlocked(node, path);
  }

  Written asset(Node& node, const std::string& path, const Source& source, bool is_new) {
    const bool restored = node.id == source.node.id;
    writing_.set_head(node, source.node.content, source.node.size, source.node.digest);
    const auto& message = command_.checkpoint_message;
    const auto checkpoint = message ? writing_.freeze(node, *message) : 0;
    writing_.tell(restored && !is_new ? PathEvent::ReplaceVersion : PathEvent::Copy, node, path);
    if (message) writing_.tell(PathEvent::CheckpointsChanged, node, path);
    return writing_.written(node, path, access_, checkpoint);
  }

  Writing& writing_;
  const Copy& command_;
  Access access_ = Access::None;
};

Source source_of(Writing& writing, const Place& place, std::uint64_t checkpoint) {
  Source source{writing.there(place), checkpoint};
  if (checkpoint == 0) return source;
  if (source.node.type != PathType::Asset) refuse(Code::NotAsset, "only assets have checkpoints: " + place.path());
  const auto frozen = writing.tree.checkpoint(source.node, checkpoint);
  source.node.content = frozen.content;
  source.node.size = frozen.checkpoint.size;
  source.node.digest = *digest_from_hex(frozen.checkpoint.hash);
  return source;
}

Written copy_folder(Writing& writing, Copying& copying, const Place& from, Place& to, Access access) {
  if (is_within(to.segments, from.segments)) {
    refuse(Code::InvalidParameters, from.path() + " cannot be copied into its own inside: " + to.path());
  }
  std::vector<Item> items;
  std::uint64_t left_out = 0;
  visit_below(writing, *from.node, from.path(), access, [&](Item item) {
    if (allows(item.access, Access::Read)) {
      items.push_back(std::move(item));
    } else {
      ++left_out;
    }
  });
  const auto old_path = from.path(), new_path = spell(to.segments, true);
  auto written = copying.onto(to, {*from.node}, {});
  // The other way round: a folder before what is in it.
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    auto place = writing.find(new_path + item->path.substr(old_path.size()), item->node.branch);
    // What is copied may have been copied onto by then: a live object's history is that of its row as it is now.
    if (item->node.type == PathType::Object) item->node = writing.tree.by_id(item->node.id);
    copying.onto(place, {item->node}, item->node.branch);
  }
  written.left_out = left_out;
  return written;
}

}  // namespace

Written perform(Writing& writing, const Copy& command) {
  const auto& version = command.from;
  // What was frozen can be had back even if its head is deleted.
  const auto which = version.checkpoint > 0 ? Deleted::Include : Deleted::Exclude;
  const auto from = writing.find(version.path, version.branch, which);
  const auto source = source_of(writing, from, version.checkpoint);
  const auto access = writing.access(from);
  need(access, Access::Read, from.path());
  auto to = writing.find(command.to, command.to_branch);
  if (version.checkpoint == 0 && to.segments == from.segments && command.to_branch == version.branch) {
    refuse(Code::InvalidParameters, "nothing can be copied onto itself: " + from.path());
  }
  if (!command.to_branch.empty() && source.node.type != PathType::Asset) {
    refuse(Code::InvalidParameters, "only assets have branches: " + from.path());
  }
  Copying copying(writing, command);
  if (source.node.is_folder()) return copy_folder(writing, copying, from, to, access);
  return copying.onto(to, source, command.to_branch);
}

}  // namespace omnibroker::nucleus::store
