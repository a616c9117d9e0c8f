#include "clock.hpp"
#include "writing.hpp"

namespace omnibroker::nucleus::store {

namespace {

/// What a lock of the table is on. Nothing if it is gone, which its lock does not outlive.
std::optional<Node> locked_node(Writing& writing, std::int64_t id) {
  if (!writing.database.query("SELECT 1 FROM nodes WHERE id = ? AND deleted = 0").bind(id).step()) return {};
  return writing.tree.by_id(id);
}

template <class Which>
void release_all(Writing& writing, Which which) {
  for (const auto& [id, lock] : writing.shop.locks.working()) {
    if (!which(lock)) continue;
    writing.lock_changes[id] = std::nullopt;
    if (const auto node = locked_node(writing, id)) writing.tell(PathEvent::Unlock, *node, writing.tree.path_of(*node));
  }
}

}  // namespace

Checkpoint perform(Writing& writing, const CreateCheckpoint& command) {
  auto place = writing.find(command.path, command.branch);
  writing.there(place);
  Node& node = *place.node;
  const auto path = place.path();
  need(writing.access(place), Access::Write, path);
  if (node.type != PathType::Asset) refuse(Code::NotAsset, "only assets have checkpoints: " + path);
  if (!command.force && node.checkpoints > 0 && node.checkpoint_etag == node.etag) {
    refuse(Code::AlreadyExists, path + " has not changed since its checkpoint " + std::to_string(node.checkpoints));
  }
  const auto number = writing.freeze(node, command.message);
  writing.tell(PathEvent::CheckpointsChanged, node, path);
  return writing.tree.checkpoint(node, number).checkpoint;
}

Lock perform(Writing& writing, const LockPath& command) {
  auto place = writing.find(command.path, command.branch);
  const auto& node = writing.there(place);
  const auto path = place.path();
  need(writing.access(place), Access::Write, path);
  if (node.type != PathType::Asset && node.type != PathType::Object) {
    refuse(Code::NotAsset, "only assets and live objects can be locked: " + path);
  }
  writing.need_unlocked(node, path);
  if (command.etag != 0 && command.etag != node.etag) {
    refuse(Code::InvalidEtag,
           path + " has the etag " + std::to_string(node.etag) + " and not " + std::to_string(command.etag));
  }
  if (command.duration && *command.duration <= std::chrono::nanoseconds::zero()) {
    refuse(Code::InvalidParameters, "a lock lasts longer than no time: " + path);
  }
  const auto most = writing.shop.options.locks;
  if (!writing.lock_of(node) && writing.shop.locks.of(writing.actor.connection) >= most) {
    refuse(Code::QuotaReached, "a connection has at most " + std::to_string(most) + " locks: " + path);
  }
  const Lock lock{writing.actor.user, writing.actor.connection, writing.now, command.duration, node.etag};
  writing.set_lock(node, lock);
  writing.tell(PathEvent::Lock, node, path);
  return lock;
}

Done perform(Writing& writing, const UnlockPath& command) {
  auto place = writing.find(command.path, command.branch);
  const auto& node = writing.there(place);
  const auto path = place.path();
  const auto lock = writing.lock_of(node);
  if (!lock) return {};
  if (keeps_out(*lock, writing.actor)) {
    if (!command.force) refuse(Code::Denied, path + " is locked by somebody else: " + lock->user);
    need(writing.access(place), Access::Admin, path);
  }
  writing.set_lock(node, {});
  writing.tell(PathEvent::Unlock, node, path);
  return {};
}

Done perform(Writing& writing, const ReleaseConnection& command) {
  release_all(writing, [&](const Lock& lock) { return lock.connection == command.connection; });
  return {};
}

Done perform(Writing& writing, const ReleaseExpiredLocks&) {
  release_all(writing, [&](const Lock& lock) { return !counts(lock, writing.now); });
  return {};
}

}  // namespace omnibroker::nucleus::store
