#pragma once

#include "types.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace omnibroker::nucleus::store {

class RightsThen;

/// What happened to a path. The protocol's names, and three more for what it does with deleted things.
enum class PathEvent : std::uint8_t {
  Create,
  Full,  ///< An asset or a live object has new content as a whole.
  Delete,
  Delta,  ///< A live object has one more update.
  ChangeAcl,
  Lock,
  Unlock,
  Rename,
  Copy,            ///< New or replaced by a copy.
  ReplaceVersion,  ///< A checkpoint became its own head again.
  CheckpointsChanged,
  Undelete,
  Obliterate,
};

/// The protocol's spelling: `checkpoints_changed`; `create` for Undelete, `delete` for Obliterate.
std::string_view wire_name(PathEvent event);

/// One change of one path, told after it is on the disk.
struct Change {
  PathEvent event = PathEvent::Create;
  /// What it is now; for Delete, Obliterate and Rename what it was (its `path` is the old one).
  Entry entry;
  /// Rename: the new path (a folder's with '/' at its end). A renamed folder is followed by a Rename of everything in
  /// it.
  std::string destination = {};
  std::uint64_t transaction_id = 0;  ///< Of the whole change: a recursive one tells many with the same.
  Actor by;
  /// The access lists that were in force at the path when this was done, and at the destination: who may be told is
  /// asked of these (`Store::access`), since by then something else may be there, or nothing. Null: nobody.
  std::shared_ptr<const RightsThen> rights = {};
  std::shared_ptr<const RightsThen> destination_rights = {};
  /// Create, Full and Delta of a live object: the update itself, shared by all who are told. Absent if it is so large
  /// that it is a file (Options::inline_below): then it is to be read.
  std::shared_ptr<const std::string> update = {};
};

/// Is told every change, in the order in which they were committed, on the writer thread. Must not block, must not
/// throw, and must not call `Store::apply`; `submit` and reads are allowed, and reads see the change.
using Listener = std::function<void(const Change&)>;

}  // namespace omnibroker::nucleus::store
