#include "writing.hpp"

namespace omnibroker::nucleus::store {

namespace {

/// The update itself, for those who listen, if it is at hand.
std::shared_ptr<const std::string> shared(const Content& content) {
  const auto& bytes = ContentFolder::pin(content).bytes;
  return bytes ? std::make_shared<const std::string>(*bytes) : nullptr;
}

std::string raw_digest(const Content& content) { return ContentFolder::pin(content).digest; }

/// Gives an asset its new content, freezes it if that is asked for, and tells of it.
Written put(Writing& writing, Place& place, const Content& content, PathEvent event, Access access,
            const std::optional<std::string>& message) {
  Node& node = *place.node;
  writing.set_head(node, writing.content(content), content.size(), raw_digest(content));
  const auto checkpoint = message ? writing.freeze(node, *message) : 0;
  writing.tell(event, node, place.path());
  if (message) writing.tell(PathEvent::CheckpointsChanged, node, place.path());
  return writing.written(node, place.path(), access, checkpoint);
}

}  // namespace

Written perform(Writing& writing, const CreateAsset& command) {
  auto place = writing.find(command.path, command.branch);
  if (!place.node) {
    const auto access = writing.make(place, PathType::Asset, command.branch);
    return put(writing, place, command.content, PathEvent::Create, access, command.checkpoint_message);
  }
  const auto path = place.path();
  if (!command.overwrite) refuse(Code::AlreadyExists, "something is there already: " + path);
  if (place.node->type != PathType::Asset) refuse(Code::NotAsset, "this is no asset: " + path);
  const auto access = writing.access(place);
  need(access, Access::Write, path);
  writing.need_unlocked(*place.node, path);
  return put(writing, place, command.content, PathEvent::Full, access, command.checkpoint_message);
}

Written perform(Writing& writing, const UpdateAsset& command) {
  auto place = writing.find(command.path, command.branch);
  const auto& node = writing.there(place);
  const auto path = place.path();
  const auto access = writing.access(place);
  need(access, Access::Write, path);
  if (node.type != PathType::Asset) refuse(Code::NotAsset, "this is no asset: " + path);
  writing.need_unlocked(node, path);
  if (command.etag != 0 && command.etag != node.etag) {
    refuse(Code::InvalidEtag,
           path + " has the etag " + std::to_string(node.etag) + " and no longer " + std::to_string(command.etag));
  }
  return put(writing, place, command.content, PathEvent::Full, access, command.checkpoint_message);
}

Written perform(Writing& writing, const CreateFolder& command) {
  auto place = writing.find(command.path);
  if (place.node) refuse(Code::AlreadyExists, "something is there already: " + place.path());
  const auto access = writing.make(place, PathType::Folder);
  writing.tell(PathEvent::Create, *place.node, place.path());
  return writing.written(*place.node, place.path(), access);
}

Written perform(Writing& writing, const CreateChannel& command) {
  auto place = writing.find(command.path);
  if (place.node) {
    const auto path = place.path();
    if (place.node->type != PathType::Channel) refuse(Code::AlreadyExists, "something is there already: " + path);
    const auto access = writing.access(place);
    need(access, Access::Read, path);
    return writing.written(*place.node, path, access);
  }
  const auto access = writing.make(place, PathType::Channel);
  writing.tell(PathEvent::Create, *place.node, place.path());
  return writing.written(*place.node, place.path(), access);
}

Written perform(Writing& writing, const CreateObject& command) {
  auto place = writing.find(command.path);
  const bool is_new = !place.node;
  if (!is_new) {
    need(writing.access(place), Access::Write, place.path());
    if (place.node->type != PathType::Object) refuse(Code::NotObject, "this is no live object: " + place.path());
    writing.need_unlocked(*place.node, place.path());
  } else {
    writing.make(place, PathType::Object);
  }
  Node& node = *place.node;
  if (command.content.size() > writing.shop.options.object_bytes) {
    refuse(Code::QuotaReached, "a live object has at most " + std::to_string(writing.shop.options.object_bytes) +
                                   " bytes of history: " + place.path());
  }
  writing.begin_object(node);
  writing.append_update(node, writing.content(command.content), command.content.size());
  writing.tell(is_new ? PathEvent::Create : PathEvent::Full, node, place.path()).update = shared(command.content);
  return writing.written(node, place.path(), writing.access(place));
}

Written perform(Writing& writing, const UpdateObject& command) {
  auto place = writing.find(command.path);
  writing.there(place);
  Node& node = *place.node;
  const auto path = place.path();
  const auto access = writing.access(place);
  need(access, Access::Write, path);
  if (node.type != PathType::Object) refuse(Code::NotObject, "this is no live object: " + path);
  if (command.object_id != 0 && command.object_id != node.object) {
    refuse(Code::NotObject, path + " is the live object " + std::to_string(node.object) + " and no longer " +
                                std::to_string(command.object_id));
  }
  writing.need_unlocked(node, path);
  if (command.whole) {
    writing.database.query("DELETE FROM updates WHERE node = ?").bind(node.id).run();
    node.size = 0;
  }
  auto oldest = writing.database.query("SELECT min(sequence) FROM updates WHERE node = ?");
  oldest.bind(node.id);
  const auto kept = oldest.step() && !oldest.is_null(0) ? node.sequence - oldest.number(0) + 1 : 0;
  const auto& options = writing.shop.options;
  if (kept >= options.object_updates ||
      command.content.size() > options.object_bytes - std::min(node.size, options.object_bytes)) {
    refuse(Code::QuotaReached, path + " has a history of " + std::to_string(kept) + " updates and " +
                                   std::to_string(node.size) + " bytes, and may have " +
                                   std::to_string(options.object_updates) + " and " +
                                   std::to_string(options.object_bytes) + ": create it again or send a whole one");
  }
  writing.append_update(node, writing.content(command.content), command.content.size());
  writing.tell(command.whole ? PathEvent::Full : PathEvent::Delta, node, path).update = shared(command.content);
  return writing.written(node, path, access);
}

}  // namespace omnibroker::nucleus::store
