#pragma once

#include "types.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace omnibroker::nucleus::store {

/// What is locked, by node.
using LockTable = std::map<std::int64_t, Lock>;

/// Whether a lock still counts.
bool counts(const Lock& lock, Time now);
/// Whether a lock keeps this actor out.
bool keeps_out(const Lock& lock, const Actor& actor);

/// The locks of a store: the writer's table, and what of it is committed, for readers.
///
/// Threads: `working` is the writer's alone; `committed` and `publish` from any.
class Locks {
 public:
  LockTable working;

  std::shared_ptr<const LockTable> committed() const;
  void publish();
  /// Takes back what was not published.
  void undo() { working = *committed(); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const LockTable> committed_ = std::make_shared<const LockTable>();
};

}  // namespace omnibroker::nucleus::store
