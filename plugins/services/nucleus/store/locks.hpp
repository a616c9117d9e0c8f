#pragma once

#include "types.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace omnibroker::nucleus::store {

/// What is locked, by node.
using LockTable = std::map<std::int64_t, Lock>;

/// Whether a lock still counts.
bool counts(const Lock& lock, Time now);
/// Whether a lock keeps this actor out.
bool keeps_out(const Lock& lock, const Actor& actor);

/// The locks of a store: the writer's table, and what of it is committed, for readers.
///
/// Threads: `committed` from any; all else is the writer's alone.
class Locks {
 public:
  const LockTable& working() const { return working_; }
  /// Nothing: it is released.
  void set(std::int64_t node, std::optional<Lock> lock);
  /// How many locks a connection has.
  std::size_t of(const std::string& connection) const;

  std::shared_ptr<const LockTable> committed() const;
  /// Copies what has been set, if anything has been.
  void publish();
  /// Takes back what was not published.
  void undo();

 private:
  LockTable working_;
  std::unordered_map<std::string, std::size_t> of_connection_;
  bool changed_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const LockTable> committed_ = std::make_shared<const LockTable>();
};

}  // namespace omnibroker::nucleus::store
